"""Row policies: what accounts of an enterprise see.

The engine has one user, so policies cannot name one. They look at a setting of the session instead, which is of no use
otherwise and which a session with `readonly=1` cannot change. Policies of a table are joined by OR, and those of
`name=""` are of every table of the database: a table that is not named here shows an enterprise nothing.

They cost something, and keep `mergeTreeIndex` from everybody, so they are only there if there are such accounts.
"""

from typing import Final
from xml.sax.saxutils import escape

SETTING: Final = "promql_table"
"""Holds the enterprise's prefix; empty for sessions that see everything."""

OF_ENTERPRISES: Final = (
    "code_ranges", "code_scans", "code_voids", "trace_events", "trace_items", "trace_links",
)  # fmt: skip
"""Tables of `headrace_store` whose rows belong to the enterprise in the column of that name."""

_ABOUT_NOBODY: Final = (
    "collations", "data_type_families", "formats", "functions", "keywords", "licenses", "numbers", "numbers_mt", "one",
    "settings", "table_engines", "table_functions", "time_zones", "zeros", "zeros_mt",
)  # fmt: skip
"""Tables of `system` that tell of the engine and of one's own session alone."""

_EVERYTHING: Final = f"getSetting('{SETTING}') = ''"
_VIEWS_ALONE: Final = "database = 'headrace'"
"""Of the tables beneath, `system.tables` and `system.columns` tell how large they are."""

FILTERS: Final[dict[str, dict[str, str]]] = {
    "headrace_store": {
        "": _EVERYTHING,
        **dict.fromkeys(OF_ENTERPRISES, f"{_EVERYTHING} OR enterprise = getSetting('{SETTING}')"),
    },
    "system": {
        "": _EVERYTHING,
        **dict.fromkeys(_ABOUT_NOBODY, "1"),
        "databases": f"{_EVERYTHING} OR name = 'headrace'",
        "tables": f"{_EVERYTHING} OR {_VIEWS_ALONE}",
        "columns": f"{_EVERYTHING} OR {_VIEWS_ALONE}",
    },
}
"""By database and table; the table "" stands for all."""


def with_policies(config: str) -> str:
    """The engine's configuration, as in `engine.xml`, with the policies for its user."""
    databases = "".join(
        f'<database name="{database}">'
        + "".join(f'<table name="{table}"><filter>{escape(one)}</filter></table>' for table, one in filters.items())
        + "</database>"
        for database, filters in FILTERS.items()
    )
    return config.replace("<grants>", f"<databases>{databases}</databases><grants>", 1)
