"""What a demo shows of production, quality, logistics and money: a few figures of each, read back from ClickHouse."""

from collections.abc import Sequence
from math import isnan
from typing import Any, Final, NamedTuple

from clickhouse_driver import Client
from rich.table import Table

from streams.topology.model import Topology


class _Figure(NamedTuple):
    what: str
    table: str
    columns: str


_PRODUCTION: Final = (
    _Figure("items made, good / rejected", "oee", "sum(good), sum(rejected)"),
    _Figure(
        "availability / performance / quality, %", "oee",
        "100 * sum(production_ms) / sum(planned_ms), 100 * sum(ideal_ms) / sum(production_ms), "
        "100 * sum(good) / sum(good + rejected)",
    ),
    _Figure("stops that are over / minutes lost", "stops", "count(), sum(lost_ms) / 60000"),
)  # fmt: skip
_QUALITY: Final = (
    _Figure("samples / values outside specification", "samples", "count(), sum(outside)"),
    _Figure("points on control charts / that violate a rule", "spc", "count(), countIf(rules != '')"),
    _Figure("items inspected / passed at once, %", "inspections", "sum(inspected), 100 * sum(passed) / sum(inspected)"),
)
_LOGISTICS: Final = (
    _Figure("picks / wrong ones", "picks", "count(), countIf(verdict != 'right')"),
    _Figure("moves / mean seconds", "moves", "count(), avg(duration_ms) / 1000"),
)
_ECONOMICS: Final = (
    _Figure("costs so far", "costs_per_hour", "sum(money), any(currency)"),
    _Figure(
        "of them energy / reagent / scrap / downtime / labour", "costs_per_hour",
        "sumIf(money, kind = 'energy'), sumIf(money, kind = 'reagent'), sumIf(money, kind = 'scrap'), "
        "sumIf(money, kind = 'downtime'), sumIf(money, kind = 'labour')",
    ),
)  # fmt: skip


def figures(client: Client, topology: Topology) -> Table | None:
    """A table of what the topology declares of them; None if that is nothing."""
    parts = (
        (topology.production, _PRODUCTION), (topology.quality, _QUALITY), (topology.logistics, _LOGISTICS),
        (topology.economics, _ECONOMICS),
    )  # fmt: skip
    wanted = [figure for part, of_part in parts if part is not None for figure in of_part]
    if not wanted:
        return None
    table = Table("production, quality, logistics, money", "", title="read back from ClickHouse")
    for figure in wanted:
        query = f"SELECT {figure.columns} FROM headrace.{figure.table} WHERE topology = %(topology)s"  # noqa: S608
        [row] = client.execute(query, {"topology": topology.topology})
        table.add_row(figure.what, _text(row))
    return table


def _text(row: Sequence[Any]) -> str:
    return " / ".join(
        value if isinstance(value, str) else f"{value:,}" if isinstance(value, int)
        else "-" if isnan(value) else f"{value:,.1f}"
        for value in row
    )  # fmt: skip
