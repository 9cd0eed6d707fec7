"""The local stack: Kafka and ClickHouse on one machine, without containers and without administrator rights.

`stack` starts, finds and stops both (`python -m infra.local up|down|status` is its command line); `kafka/` runs a real
broker from its Maven jars, `clickhouse/` puts the ClickHouse engine behind its own network protocols, and
`clickhouse_server` is how the stack runs the latter. `processes`, `ports` and `record` are what all of it needs from
the operating system: detached processes, TCP ports of the loopback interface, and one file that says what runs.
"""
