"""Print the tables of the server at HEADRACE_CLICKHOUSE: as the page `docs/TABLES.md`, or with `--ddl` as SQL."""

import argparse
import os
import sys

from schemas.errors import HeadraceError
from sinks.clickhouse import schema
from sinks.clickhouse.connection import FORM, connect, parse


def main() -> str | None:
    """Print, or return the one line that says what went wrong."""
    arguments = argparse.ArgumentParser(prog="python -m sinks.clickhouse", description=__doc__)
    arguments.add_argument("--ddl", action="store_true", help="print CREATE statements")
    ddl = arguments.parse_args().ddl
    url = os.environ.get("HEADRACE_CLICKHOUSE")
    if not url:
        return f"set HEADRACE_CLICKHOUSE to {FORM}"
    try:
        client = connect(parse(url))
        sys.stdout.write(schema.ddl(client) if ddl else schema.markdown(schema.describe(client)))
        client.disconnect()
    except HeadraceError as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
