"""What a demo shows of production, quality, logistics and money: a few figures of each, read back from ClickHouse."""

from collections.abc import Sequence
from typing import Any, Final

from clickhouse_driver import Client
from rich.table import Table

from streams.topology.model import Topology

_OF: Final = "WHERE topology = %(topology)s"
_PRODUCTION: Final = {
    "items made, good / rejected": f"SELECT sum(good), sum(rejected) FROM headrace.oee {_OF}",
    "availability × performance × quality, %": "SELECT round(100 * sum(production_ms) / sum(planned_ms), 1), "
    "round(100 * sum(ideal_ms) / sum(production_ms), 1), round(100 * sum(good) / sum(good + rejected), 1) "
    f"FROM headrace.oee {_OF} HAVING sum(good) > 0",
    "stops that are over, minutes lost": "SELECT count(), round(sum(lost_ms) / 60000, 1) FROM headrace.stops "
    f"{_OF} AND category != 'planned'",
}  # fmt: skip
_QUALITY: Final = {
    "samples / points on charts / signals": f"SELECT (SELECT count() FROM headrace.samples {_OF}), count(), "
    f"countIf(rules != '') FROM headrace.spc {_OF}",
    "items inspected, first-pass yield, %": "SELECT sum(inspected), round(100 * sum(passed) / sum(inspected), 1) "
    f"FROM headrace.inspections {_OF} HAVING sum(inspected) > 0",
}  # fmt: skip
_LOGISTICS: Final = {
    "picks / wrong ones": f"SELECT count(), countIf(verdict != 'right') FROM headrace.picks {_OF}",
    "moves, mean seconds": f"SELECT count(), round(avg(duration_ms) / 1000, 1) FROM headrace.moves {_OF} "
    "HAVING count() > 0",
}  # fmt: skip
_ECONOMICS: Final = {
    "costs / currency": "SELECT round(sum(money), 2), any(currency) FROM headrace.costs_per_hour "
    f"{_OF} HAVING count() > 0",
    "of them energy, reagent, scrap, downtime, labour": "SELECT round(sumIf(money, kind = 'energy'), 2), "
    "round(sumIf(money, kind = 'reagent'), 2), round(sumIf(money, kind = 'scrap'), 2), "
    "round(sumIf(money, kind = 'downtime'), 2), round(sumIf(money, kind = 'labour'), 2) "
    f"FROM headrace.costs_per_hour {_OF} HAVING count() > 0",
}  # fmt: skip


def figures(client: Client, topology: Topology) -> Table | None:
    """A table of what the topology declares of them; None if that is nothing."""
    parts = (
        (topology.production, _PRODUCTION), (topology.quality, _QUALITY), (topology.logistics, _LOGISTICS),
        (topology.economics, _ECONOMICS),
    )  # fmt: skip
    queries = {what: query for part, of_part in parts if part is not None for what, query in of_part.items()}
    if not queries:
        return None
    table = Table("production, quality, logistics, money", "", title="read back from ClickHouse")
    for what, query in queries.items():
        rows = client.execute(query, {"topology": topology.topology})
        table.add_row(what, _text(rows[0]) if rows else "-")
    return table


def _text(row: Sequence[Any]) -> str:
    return " / ".join(value if isinstance(value, str) else f"{value:,}" for value in row)
