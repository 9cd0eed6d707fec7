"""The tables `tariffs` and `baselines`: read and written by `headrace topology plan` and `apply`."""

from collections.abc import Iterable
from typing import Any, Final, TypeVar

import msgspec
from clickhouse_driver import Client

from schemas.economics import BaselineRow, TariffRow
from sinks.clickhouse.errors import translated

R = TypeVar("R", TariffRow, BaselineRow)
_TABLES: Final[dict[type[Any], str]] = {TariffRow: "tariffs", BaselineRow: "baselines"}
_TIMES: Final = ("valid_from", "valid_to")


def read(client: Client, kind: type[R], topology: str) -> tuple[R, ...]:
    """All rows of a topology, those that are not valid any more among them; none where there is no table yet.

    SinkUnavailable or SinkRejected if the server cannot be asked.
    """
    table, names = _TABLES[kind], kind.__struct_fields__
    columns = ", ".join(f"toUnixTimestamp64Milli(`{name}`)" if name in _TIMES else f"`{name}`" for name in names)
    with translated():
        [(exists,)] = client.execute(
            "SELECT count() FROM system.tables WHERE database = 'headrace_store' AND name = %(table)s", {"table": table}
        )
        if not exists:
            return ()
        rows = client.execute(
            f"SELECT {columns} FROM headrace_store.{table} FINAL WHERE topology = %(topology)s",  # noqa: S608
            {"topology": topology},
        )
    return tuple(msgspec.convert(dict(zip(names, row, strict=True)), kind) for row in rows)


def write(client: Client, rows: Iterable[TariffRow | BaselineRow]) -> None:
    """Write rows; one with the key of an earlier one takes its place. Errors are those of `read`."""
    for kind, table in _TABLES.items():
        values = [msgspec.structs.astuple(row) for row in rows if isinstance(row, kind)]
        if values:
            names = ", ".join(f"`{name}`" for name in kind.__struct_fields__)
            with translated():
                client.execute(f"INSERT INTO headrace_store.{table} ({names}) VALUES", values)
