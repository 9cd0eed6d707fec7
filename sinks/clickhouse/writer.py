"""The ClickHouse sink.

Writing a batch again changes nothing: rows are keyed by their origin in the log and bit for bit the same, so the tables
replace them and the views show them once. That is the only guard relied on; ClickHouse's own deduplication of blocks
forgets what lies further back than its window.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from clickhouse_driver import Client

from schemas.errors import SinkRejected
from sinks.base import Batch, Rows, length
from sinks.clickhouse import columns
from sinks.clickhouse.connection import Address, connect
from sinks.clickhouse.errors import translated

BLOCK_ROWS: Final = 100_000
"""Rows of one INSERT at most, which bounds what the driver and the server hold in memory."""

_SETTINGS: Final = {
    "async_insert": 0,  # durable when the call returns
    "max_partitions_per_insert_block": 0,  # a replay of years goes into as many months at once
}


class Table:
    """What the server says of one table."""

    def __init__(self) -> None:
        self.types: dict[str, str] = {}
        self.optional: set[str] = set()
        """Columns with a default, which rows may leave out: later migrations add such, and older workers go on."""


class ClickHouseSink:
    """Writes batches into the tables of `headrace_store`. Dials on the first write and again after every error.

    An INSERT takes a dozen milliseconds however few rows it has, so tables are written at the same time, each over a
    connection of its own.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._clients: dict[str, Client] = {}
        self._tables: Mapping[str, Table] = {}

    def write(self, batch: Batch) -> int:
        """Make `batch` durable and return the number of rows; see `sinks.base.Sink`."""
        try:
            with translated():
                if not self._tables:
                    self._tables = self._read_tables()
                with ThreadPoolExecutor(max(len(batch), 1), "insert") as threads:
                    return sum(threads.map(self._insert, batch, batch.values()))
        except BaseException:
            self.close()  # the state of the connections is unknown, and the tables may be about to change
            raise

    def written_to(self, topology: str, topic: str, partition: int, changes: int) -> tuple[int, int]:
        """Up to where rows of a partition were written; see `sinks.base.Sink`."""
        try:
            with translated():
                rows = self._client("").execute(
                    "SELECT next_offset, settled FROM headrace_store.ledger WHERE topology = %(topology)s "
                    "AND topic = %(topic)s AND partition = %(partition)s AND changes = %(changes)s "
                    "ORDER BY next_offset DESC, settled DESC LIMIT 1",
                    {"topology": topology, "topic": topic, "partition": partition, "changes": changes},
                )
        except BaseException:
            self.close()
            raise
        return rows[0] if rows else (-1, 0)

    def close(self) -> None:
        """Hang up."""
        for client in self._clients.values():
            client.disconnect()
        self._clients = {}
        self._tables = {}

    def _insert(self, name: str, pieces: Sequence[Rows]) -> int:
        """One table's pieces, put together; blocks that went in before an error go in again with the next try."""
        if name not in self._tables:
            raise SinkRejected(f"headrace_store has no table {name!r}; does `headrace topology apply` have to run?")
        pieces = [piece for piece in pieces if _rows(name, self._tables[name], piece)]
        if not pieces:
            return 0
        types = {column: self._tables[name].types[column] for column in pieces[0]}
        joined = _join(name, types, pieces)
        rows = length(next(iter(joined.values())))
        for begin in range(0, rows, BLOCK_ROWS):
            end = min(begin + BLOCK_ROWS, rows)
            self._send(name, types, [columns.block(types[column], joined[column], begin, end) for column in types])
        return rows

    def _send(self, name: str, types: Mapping[str, str], block: list[columns.DriverColumn]) -> None:
        use_numpy = not any(columns.is_map(type_) or columns.is_optional_time(type_) for type_ in types.values())
        if not use_numpy:  # the ledger and the alarms: few rows
            block = [column.tolist() for column in block]
        names = ", ".join(f"`{column}`" for column in types)
        self._client(name).execute(
            f"INSERT INTO headrace_store.`{name}` ({names}) VALUES",
            block,
            columnar=True,
            settings={**_SETTINGS, "use_numpy": use_numpy},
        )

    def _client(self, table: str) -> Client:
        """The connection for a table, or for questions."""
        if table not in self._clients:
            self._clients[table] = connect(self._address)
        return self._clients[table]

    def _read_tables(self) -> dict[str, Table]:
        tables: dict[str, Table] = {}
        for name, column, type_, default in self._client("").execute(
            "SELECT table, name, type, default_kind FROM system.columns WHERE database = 'headrace_store' "
            "AND table != 'migrations' AND default_kind IN ('', 'DEFAULT')"
        ):
            table = tables.setdefault(name, Table())
            table.types[column] = type_
            if default:
                table.optional.add(column)
        return tables


def _rows(name: str, table: Table, piece: Rows) -> int:
    """Number of rows of a piece; SinkRejected unless its columns are those of the table and of one length."""
    unknown = piece.keys() - table.types.keys()
    missing = table.types.keys() - table.optional - piece.keys()
    if unknown or missing:
        raise SinkRejected(f"{name}: unknown columns {sorted(unknown)}, missing columns {sorted(missing)}")
    lengths = {length(column) for column in piece.values()}
    if len(lengths) > 1:
        raise SinkRejected(f"{name}: columns of different lengths {sorted(lengths)}")
    return lengths.pop()


def _join(name: str, types: Mapping[str, str], pieces: Sequence[Rows]) -> dict[str, columns.Joined]:
    if any(piece.keys() != types.keys() for piece in pieces):
        raise SinkRejected(f"{name}: pieces with different columns")
    try:
        return {column: columns.join(type_, [piece[column] for piece in pieces]) for column, type_ in types.items()}
    except ValueError as error:
        raise SinkRejected(f"{name}: {error}") from error
