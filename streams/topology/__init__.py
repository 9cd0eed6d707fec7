"""Topology as code: what a plant's pipeline consists of, read from one YAML file, checked, compared and deployed.

`model` and `mapping` say what a file can hold. `load` reads one: `document` keeps the lines of the YAML, `explain`
finds every part that does not decode, `validate` what does not fit together, and `problems` is how both tell it. `plan`
is the difference to the live Kafka and ClickHouse as data, `plan_text` the same for people, `apply` carries it out, and
`graph` draws the topology.
"""
