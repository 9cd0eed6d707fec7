"""A sink that keeps its rows in memory: for dry runs of a topology and for tests."""

import math
from collections.abc import Sequence

from schemas.errors import SinkRejected, SinkUnavailable
from sinks.base import Batch, Coded, Column, Rows, length

Row = dict[str, object]


class MemorySink:
    """Holds every row once: rows that are bit for bit the same are one row, as in a table keyed by origin.

    It is stricter than such a table: two rows of one key that differ in anything are both seen. While `away` is true,
    writes fail as they do when a server is down.
    """

    def __init__(self) -> None:
        self.away = False
        self._tables: dict[str, dict[str, Row]] = {}

    def write(self, batch: Batch) -> int:
        """Keep the rows of `batch` and return their number; see `sinks.base.Sink`."""
        if self.away:
            raise SinkUnavailable("the memory sink is told to be away", retry_after=0.0)
        written = {table: [row for piece in pieces for row in _rows(table, piece)] for table, pieces in batch.items()}
        for table, rows in written.items():
            self._tables.setdefault(table, {}).update((repr(sorted(row.items())), row) for row in rows)
        return sum(map(len, written.values()))

    def written_to(self, topology: str, topic: str, partition: int, changes: int) -> tuple[int, int]:
        """Up to where rows of a partition were written; see `sinks.base.Sink`."""
        place = {"topology": topology, "topic": topic, "partition": partition, "changes": changes}
        rows = [row for row in self.rows("ledger") if place.items() <= row.items()]
        return max(((int(str(row["next_offset"])), int(str(row["settled"]))) for row in rows), default=(-1, 0))

    def rows(self, table: str) -> list[Row]:
        """The rows of a table, in the order in which they first came; NaN reads as None."""
        return list(self._tables.get(table, {}).values())

    def close(self) -> None:
        """Nothing to release; the rows can still be read."""


def _rows(table: str, piece: Rows) -> list[Row]:
    lengths = {length(column) for column in piece.values()}
    if len(lengths) > 1:
        raise SinkRejected(f"{table}: columns of different lengths {sorted(lengths)}")
    try:
        columns = [_values(column) for column in piece.values()]
    except ValueError as error:
        raise SinkRejected(f"{table}: {error}") from error
    return [dict(zip(piece, values, strict=True)) for values in zip(*columns, strict=True)]


def _values(column: Column) -> Sequence[object]:
    if isinstance(column, Coded):
        codes = column.codes.tolist()
        if codes and not 0 <= min(codes) <= max(codes) < len(column.words):
            raise ValueError(f"codes from {min(codes)} to {max(codes)} where there are {len(column.words)} words")
        return [column.words[code] for code in codes]
    values: list[object] = list(column) if isinstance(column, Sequence) else column.tolist()
    return [None if isinstance(value, float) and math.isnan(value) else value for value in values]
