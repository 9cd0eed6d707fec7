"""The oracle: what the pipeline has to find in a log, in plain Python, one record after the other, nothing vectorised.

It is written from the definition (Kafka Streams' windows with grace, stream time clamped to the broker's clock) and
shares no code with the product.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

NOT_MEASURED = set("FMDCB")
EARLIEST = 946_684_800_000


@dataclass
class Window:
    """One declared window, all in ms."""

    name: str
    size: int
    advance: int
    lateness: int


@dataclass
class Cell:
    """All points of one series in one window, in log order."""

    points: list[tuple[int, float]] = field(default_factory=list)
    offset: int = -1

    def row(self) -> dict[str, float]:
        values = [x for _, x in self.points]
        mean = math.fsum(values) / len(values)
        first = min(range(len(values)), key=lambda i: (self.points[i][0], i))
        last = max(range(len(values)), key=lambda i: (self.points[i][0], i))
        return {
            "count": len(values),
            "sum": math.fsum(values),
            "min": min(values),
            "max": max(values),
            "mean": mean,
            "stddev": math.sqrt(math.fsum((x - mean) ** 2 for x in values) / len(values)),
            "first": values[first],
            "last": values[last],
            "offset": self.offset,
        }


@dataclass
class Oracle:
    """Reads the records of one partition."""

    windows: list[Window]
    max_future: int = 300_000
    duplicates: int = 5_000
    stream_time: int = -(1 << 62)
    events: int = 0
    accepted: int = 0
    late: int = 0
    duplicate: int = 0
    points: int = 0
    dead: int = 0
    seen: set[tuple[str, str, str, int]] = field(default_factory=set)
    cells: dict[tuple[str, int, str, str, str], Cell] = field(default_factory=lambda: defaultdict(Cell))

    def read(self, records: Iterable[tuple[int, int, bytes]]) -> "Oracle":
        """Records as (offset, broker timestamp in ms, value)."""
        for offset, broker_ts, value in records:
            try:
                document = json.loads(value, parse_constant=_refuse)
            except ValueError:
                self._dead()
                continue
            for event in document if isinstance(document, list) else [document]:
                self._event(offset, broker_ts, event)
        return self

    def rows(self, closed_only: bool = True) -> dict[tuple[str, int, str, str, str], dict[str, float]]:
        """By window name, start, site, asset and metric."""
        lateness = {window.name: window.size + window.lateness for window in self.windows}
        return {
            key: cell.row()
            for key, cell in self.cells.items()
            if not closed_only or key[1] + lateness[key[0]] <= self.stream_time
        }

    def _dead(self) -> None:
        self.events += 1
        self.dead += 1

    def _event(self, offset: int, broker_ts: int, event: object) -> None:
        ok = isinstance(event, dict) and isinstance(event.get("site"), str) and isinstance(event.get("asset"), str)
        ts = _time(event["ts"]) if ok and "ts" in event else None
        if not ok or ts is None or not EARLIEST <= ts <= broker_ts + self.max_future:
            self._dead()
            return
        values = {k: v for k, v in event.get("values", {}).items() if type(v) in (int, float) and abs(v) <= 1e100}
        if not values and not event.get("state"):
            self._dead()
            return
        self.events += 1
        self.stream_time = max(self.stream_time, min(ts, broker_ts))
        on_time = [window for window in self.windows if not self._late(window, ts - ts % window.advance)]
        if self.windows and not on_time:
            self.late += 1
            self.points += len(values)
            return
        if ts > self.stream_time - self.duplicates:
            readings = {metric: (event["site"], event["asset"], metric, ts) for metric in values}
            new = {metric: x for metric, x in values.items() if readings[metric] not in self.seen}
            self.seen |= set(readings.values())
            if values and not new:
                self.duplicate += 1
                return
            values = new
        self.accepted += 1
        self.points += len(values)
        for metric, x in values.items():
            if event.get("flags", {}).get(metric, "N") in NOT_MEASURED:
                continue
            for window in on_time:
                start = ts - ts % window.advance
                while start > ts - window.size:
                    if not self._late(window, start):
                        cell = self.cells[window.name, start, event["site"], event["asset"], metric]
                        cell.points.append((ts, float(x)))
                        cell.offset = offset
                    start -= window.advance

    def _late(self, window: Window, start: int) -> bool:
        return start + window.size + window.lateness <= self.stream_time


def _time(ts: object) -> int | None:
    if type(ts) is int:
        return ts
    if isinstance(ts, str):
        try:
            moment = datetime.fromisoformat(ts)
        except ValueError:
            return None
        return None if moment.tzinfo is None else round(moment.timestamp() * 1000)
    return None


def _refuse(constant: str) -> float:
    raise ValueError(constant)
