"""Results in ClickHouse: `headrace_store` holds the tables, `headrace` the views that BI reads, correct without FINAL.

An address is read and dialled in `connection`. The tables are declared in `migrations/*.sql`, applied by `migrations`,
and `views` puts a view over each. `writer` is the sink: it turns columns into what clickhouse-driver sends (`columns`)
and its errors into those of the error tree (`errors`). `schema` reads the columns back for `docs/TABLES.md`:
`python -m sinks.clickhouse clickhouse://user:password@host:9000/headrace > docs/TABLES.md`.
"""
