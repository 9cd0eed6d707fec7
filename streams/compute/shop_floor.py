"""What the engines of production, quality, logistics and traceability have in common: for a partition of their topics
each is what `streams.compute.engine` is for a partition of readings.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any, Final, Generic, Literal, NamedTuple, Never, TypeVar

from schemas.errors import EventError
from schemas.events import Reason
from schemas.results import Anomaly
from schemas.rows import Row
from schemas.times import parse_time
from streams.compute.counts import Counts
from streams.compute.events import LONG_AGO
from streams.compute.series import SeriesTable

E = TypeVar("E")
Outcome = Literal["accepted", "late", "duplicate"]


class Origin(NamedTuple):
    """Whose log this is."""

    topology: str
    topic: str
    partition: int


class Believed(NamedTuple):
    """What is believed of events; times in epoch milliseconds and milliseconds."""

    earliest: int
    max_future: int
    """How far ahead of the broker's time of its record an event may be."""
    assets: Collection[tuple[str, str]] | None = None
    """Site and asset of those that may appear, and only what is declared of them; None if any may."""


class Found(NamedTuple):
    """What has come out, in order."""

    rows: list[Row]
    anomalies: list[Anomaly]


class ShopFloorEngine(ABC, Generic[E]):
    """Events in, one by one; rows and anomaly flags out. A function of the log alone."""

    series: Final = SeriesTable()
    windows: Final[Mapping[str, Never]] = {}

    def __init__(self, origin: Origin, believed: Believed) -> None:
        self.origin = origin
        self.counts = Counts()
        self.rows: dict[str, int] = {}
        """Rows given out so far, by table."""
        self.stream_time = LONG_AGO
        """The largest event time so far, each counting at most as the broker's time of its record; epoch ms."""
        self._believed = believed
        self._found = Found([], [])

    def feed(self, offset: int, broker_ts: int, event: E | EventError) -> EventError | None:
        """Take the next record of the log: its event, or why it has none. Gives why it was refused, if it was."""
        counts = self.counts
        counts.records += 1
        counts.events += 1
        try:
            if isinstance(event, EventError):
                raise event
            outcome = self._take(offset, broker_ts, event)
        except EventError as error:
            counts.dead_letter += 1
            counts.dead_letters += 1
            return error
        counts.accepted += outcome == "accepted"
        counts.late += outcome == "late"
        counts.duplicate += outcome == "duplicate"
        return None

    def drain(self) -> Found:
        """Rows and flags since the last call."""
        found, self._found = self._found, Found([], [])
        for row in found.rows:
            self.rows[row.table] = self.rows.get(row.table, 0) + 1
        self.counts.anomalies += len(found.anomalies)
        return found

    def next_due(self) -> int | None:
        """Broker's time, ms, from which any record brings something about; None if time alone never does."""
        return None

    def snapshot(self) -> dict[str, Any]:
        """The whole state."""
        return {
            "counts": asdict(self.counts),
            "rows": dict(self.rows),
            "stream_time": self.stream_time,
            **self._state(),
        }

    def restore(self, state: Mapping[str, Any]) -> list[str]:
        """Take over the state of a snapshot; names what begins anew because it is declared otherwise."""
        self.counts = Counts(**state["counts"])
        self.rows = dict(state["rows"])
        self.stream_time = state["stream_time"]
        return self._restore(state)

    def _time(self, ts: int | str, broker_ts: int) -> int:
        """Event time, epoch ms, by which stream time goes on. EventError for one that is not believed."""
        time = parse_time(ts)
        if time < self._believed.earliest:
            raise EventError(Reason.BAD_TIME, f"{time} is before the earliest time that is believed")
        if time > broker_ts + self._believed.max_future:
            raise EventError(Reason.FUTURE, f"{time} is {time - broker_ts} ms ahead of the broker's {broker_ts}")
        self.stream_time = max(self.stream_time, min(time, broker_ts))
        return time

    @abstractmethod
    def _take(self, offset: int, broker_ts: int, event: E) -> Outcome:
        """Do what an event says. Where it raises EventError, nothing has changed."""

    @abstractmethod
    def _state(self) -> dict[str, Any]:
        """The state beside counts and time: plain values and arrays of numbers."""

    @abstractmethod
    def _restore(self, state: Mapping[str, Any]) -> list[str]:
        """Take over what `_state` gave."""
