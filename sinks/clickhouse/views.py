"""The views of `headrace`: one over every table of `headrace_store`, with the same columns and comments, and those that
answer a question of their own (`views*.sql`).

They read with FINAL: of rows written twice, one is seen, merged or not. A repeat has the same event time, hence lies in
the same partition, so predicates on time and on the sorting key prune as they do on the table.
"""

import re
from importlib.resources import files
from typing import Final

from clickhouse_driver import Client

_STATEMENT_END: Final = re.compile(r";[ \t]*$", re.MULTILINE)

_FILES: Final = {
    "views.sql": "feedback",
    "views_oee.sql": "stops",
    "views_production.sql": "stops",
    "views_quality.sql": "defects",
    "views_logistics.sql": "moves",
    "views_economics.sql": "baselines",
    "views_trace.sql": "trace_links",
}
"""Files of views, in order, and the newest table that each reads: a schema of long ago has none of them."""


def renew(client: Client) -> None:
    """Create the views, or bring them up to date with their tables."""
    tables = client.execute(
        "SELECT name, comment FROM system.tables WHERE database = 'headrace_store' AND name != 'migrations'"
    )
    for table, about in tables:
        columns = client.execute(
            "SELECT name, type, comment FROM system.columns WHERE database = 'headrace_store' AND table = %(table)s "
            "AND default_kind NOT IN ('MATERIALIZED', 'ALIAS', 'EPHEMERAL') ORDER BY position",
            {"table": table},
        )
        declared = ", ".join(f"`{name}` {type_} COMMENT %(about_{name})s" for name, type_, _ in columns)
        names = ", ".join(f"`{name}`" for name, _, _ in columns)
        view = f"CREATE OR REPLACE VIEW headrace.`{table}` ({declared}) AS"
        select = f"SELECT {names} FROM headrace_store.`{table}` FINAL"  # noqa: S608 - names come from the schema
        comments = {f"about_{name}": comment for name, _, comment in columns}
        client.execute(f"{view} {select} COMMENT %(about)s", {"about": about} | comments)
    there = {table for table, _ in tables}
    for name, newest in _FILES.items():
        if newest in there:
            for statement in statements(files("sinks.clickhouse").joinpath(name).read_text(encoding="utf-8")):
                client.execute(statement)


def statements(sql: str) -> list[str]:
    """The statements of a file, one by one: the native protocol takes no more than one at a time."""
    return [text.strip() for text in _STATEMENT_END.split(sql) if text.strip()]
