"""What the archive of codes takes on disk, as the engine counts it, and how it comes to rest."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from clickhouse_driver import Client

from infra.bench.arena import Progress
from schemas.errors import UserError

TABLES: Final = ("code_ranges", "trace_items")
"""Where codes are; a code is in the second one as soon as anything has happened to it."""

_QUIET_SECONDS: Final = 5.0
_TELL_SECONDS: Final = 60.0
_DEADLINE_SECONDS: Final = 2 * 3600.0

_PARTS: Final = """\
SELECT table, sum(rows), sum(bytes_on_disk), count() FROM system.parts
WHERE active AND database = 'headrace_store' AND table IN %(tables)s GROUP BY table ORDER BY table
"""
_COLUMNS: Final = """\
SELECT column, sum(column_data_compressed_bytes), sum(column_marks_bytes) FROM system.parts_columns
WHERE active AND database = 'headrace_store' AND table = %(table)s GROUP BY column ORDER BY 2 DESC
"""
_AT_WORK: Final = """\
SELECT (SELECT count() FROM system.merges WHERE database = 'headrace_store'),
    (SELECT groupBitXor(cityHash64(name)) FROM system.parts WHERE active AND database = 'headrace_store')
"""


@dataclass(frozen=True)
class Table:
    """What a table takes, indices and marks included."""

    name: str
    rows: int
    octets: int
    parts: int


@dataclass(frozen=True)
class Column:
    """What a column of a table takes."""

    name: str
    octets: int
    marks: int
    """Bytes of the places where its granules begin."""


def tables(client: Client, names: Sequence[str] = TABLES) -> list[Table]:
    """The tables that have rows."""
    return [Table(*row) for row in client.execute(_PARTS, {"tables": tuple(names)})]


def columns(client: Client, table: str) -> list[Column]:
    """The columns of a table, the largest first."""
    return [Column(*row) for row in client.execute(_COLUMNS, {"table": table})]


def settle(client: Client, progress: Progress) -> float:
    """Wait until the engine merges nothing more; the seconds until then."""
    begin = since = told = time.monotonic()
    last = None
    while time.monotonic() - since < _QUIET_SECONDS:
        merges, parts = client.execute(_AT_WORK)[0]
        if merges or parts != last:
            since, last = time.monotonic(), parts
        if time.monotonic() - told > _TELL_SECONDS:
            told = time.monotonic()
            progress(f"  merging for {(told - begin) / 60:.0f} min")
        if time.monotonic() - begin > _DEADLINE_SECONDS:
            raise UserError(f"the engine still merges after {_DEADLINE_SECONDS / 3600:g} h")
        time.sleep(0.5)
    return since - begin
