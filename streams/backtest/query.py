"""The result of a query as history: one value a row."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any, Final

import numpy as np

from schemas.errors import UserError
from schemas.events import LARGEST_VALUE
from schemas.times import FIRST_DATED, LAST_DATED
from streams.backtest.history import Points, as_text
from streams.compute.series import SeriesKey
from streams.replay.files import STRETCH_ROWS
from streams.replay.refusals import Refusals

COLUMNS: Final = ("ts", "asset", "metric", "value")
_PATH: Final = Path("the query")


class QueryHistory:
    """Rows in the order in which the query gave them.

    `ts` is a DateTime or DateTime64 with a time zone, or epoch milliseconds; a `value` of NULL is none. Other columns
    are passed on.
    """

    name = PurePath("query.csv")

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Raises UserError for a column that is missing."""
        if missing := [column for column in COLUMNS if column not in columns]:
            raise UserError(f"the query gives no column {', '.join(missing)}; it gives {', '.join(columns)}")
        self._columns, self._rows = list(columns), rows
        self._places = [self._columns.index(column) for column in COLUMNS]

    def points(self, refusals: Refusals) -> Iterator[Points]:
        for begin in range(0, len(self._rows), STRETCH_ROWS):
            taken = list(self._take(begin, refusals))
            if taken:
                row, keys, ts, x = zip(*taken, strict=True)
                yield Points(np.array(row, np.int64), list(keys), np.array(ts, np.int64), np.array(x, np.float64))

    def _take(self, begin: int, refusals: Refusals) -> Iterator[tuple[int, SeriesKey, int, float]]:
        for number, row in enumerate(self._rows[begin : begin + STRETCH_ROWS], begin):
            ts, asset, metric, value = (row[place] for place in self._places)
            if value is None:
                continue
            try:
                key = SeriesKey("", _text("asset", asset), _text("metric", metric))
                yield number, key, _ms(ts), _number(value)
            except ValueError as error:
                refusals(_PATH, number, str(error))

    def table(self) -> Iterator[list[str]]:
        yield self._columns
        for row in self._rows:
            yield [as_text(cell) for cell in row]


def _ms(ts: object) -> int:
    if isinstance(ts, datetime):
        if ts.tzinfo is None:
            raise ValueError(f"ts {ts} has no time zone: select toTimeZone(ts, 'UTC') AS ts")
        return round(ts.timestamp() * 1000)
    if isinstance(ts, int):
        if not FIRST_DATED <= ts <= LAST_DATED:
            raise ValueError(f"ts {ts} is not within the years 1 to 9999")
        return ts
    raise ValueError(f"ts {ts!r} is neither a DateTime nor epoch milliseconds")


def _number(value: Any) -> float:
    try:
        x = float(value)
    except (TypeError, ValueError):
        x = math.nan
    if not abs(x) <= LARGEST_VALUE:
        raise ValueError(f"value {value!r} is no finite number of at most {LARGEST_VALUE:g}")
    return x


def _text(column: str, cell: object) -> str:
    if not isinstance(cell, str) or not cell:
        raise ValueError(f"{column} {cell!r} is no name")
    return cell
