"""The ClickHouse engine of the `chdb` wheel behind ClickHouse's own protocols, for one machine.

`python -m infra.local.clickhouse` opens a data directory and serves it over the native TCP protocol and over HTTP, so
that clickhouse-driver, clickhouse-connect, BI tools and curl connect to it as to any ClickHouse. It is meant for
development, demonstrations and tests: one process, one machine, a handful of accounts from a file. It is not a
database server for production: no TLS, no replication, no access management in SQL. Production runs clickhouse-server
or a cluster, and the same writer talks to it; nothing in the product knows the difference. Not supported, and refused
with an error rather than answered wrongly: query parameters bound by the native protocol (they need a newer revision
of it) and WITH TOTALS over it, both of which HTTP has; native inserts into JSON, Variant and Dynamic columns; CREATE
DICTIONARY (the engine would let its sources run commands); and whatever reads or writes files of the host or opens
connections from it. A query's id is kept as its `log_comment`, since the engine numbers queries by itself.
"""
