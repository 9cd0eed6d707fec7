"""History files as live events (`headrace replay`), and what a backtest reads of them.

`plan` finds the column mapping of each file, `files` reads CSV, NDJSON and Parquet a stretch at a time, `cells` turns
columns into numbers, texts and times, `readings` does so with the mapped columns of a file, `rows` makes each mapped
row an event, `lines` takes NDJSON that holds events already, `refusals` keeps the account of rows that cannot become
any, and `run` sends them at the pace asked for.
"""
