"""Rows of a query as history."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from schemas.errors import UserError
from streams.backtest.query import QueryHistory
from streams.replay.refusals import Refusals

COLUMNS = ["ts", "asset", "metric", "value"]


def test_rows_are_points_and_stand_as_they_came() -> None:
    rows: list[tuple[Any, ...]] = [
        (datetime(2024, 1, 1, tzinfo=UTC), "m-1", "p", 1.5),
        (1704067201000, "m-1", "p", None),
        (1704067202000, "m-2", "q", Decimal("2.5")),
    ]
    history = QueryHistory(COLUMNS, rows)
    [points] = history.points(Refusals())
    assert points.row.tolist() == [0, 2]
    assert points.ts.tolist() == [1704067200000, 1704067202000]
    assert points.x.tolist() == [1.5, 2.5]
    assert [(key.asset, key.metric) for key in points.keys] == [("m-1", "p"), ("m-2", "q")]
    assert list(history.table()) == [
        COLUMNS,
        ["2024-01-01T00:00:00+00:00", "m-1", "p", "1.5"],
        ["1704067201000", "m-1", "p", ""],
        ["1704067202000", "m-2", "q", "2.5"],
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((datetime(2024, 1, 1), "m", "p", 1.0), "ts 2024-01-01 00:00:00 has no time zone: select toTimeZone"),
        (("yesterday", "m", "p", 1.0), "ts 'yesterday' is neither a DateTime nor epoch milliseconds"),
        ((253402300800000, "m", "p", 1.0), "ts 253402300800000 is not within the years 1 to 9999"),
        ((0, None, "p", 1.0), "asset None is no name"),
        ((0, "m", "", 1.0), "metric '' is no name"),
        ((0, "m", "p", float("nan")), "value nan is no finite number"),
        ((0, "m", "p", "high"), "value 'high' is no finite number"),
        ((0, "m", "p", 1e101), "value 1e\\+101 is no finite number"),
    ],
)
def test_a_bad_row_is_refused_or_counted(row: tuple[Any, ...], reason: str) -> None:
    history = QueryHistory(COLUMNS, [row, (0, "m", "p", 1.0)])
    with pytest.raises(UserError, match=rf"the query: row 1: {reason}"):
        list(history.points(Refusals()))
    refusals = Refusals(skip=True)
    [points] = history.points(refusals)
    assert points.row.tolist() == [1]
    assert refusals.count == 1


def test_a_query_without_one_of_the_columns_is_refused() -> None:
    with pytest.raises(UserError, match="the query gives no column asset, metric; it gives ts, value"):
        QueryHistory(["ts", "value"], [])
