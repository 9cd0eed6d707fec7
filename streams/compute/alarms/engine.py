"""The engine of one partition of alarm actions: what `streams.compute.engine` is for a partition of readings."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from schemas.alarm_actions import AlarmAction
from schemas.errors import EventError
from schemas.results import Alarm
from streams.compute.alarms.lifecycle import Lifecycle
from streams.compute.engine import Counts
from streams.compute.series import SeriesTable
from streams.compute.windows import Windows


class AlarmEngine:
    """A lifecycle, and the counts of what went into it and came out. It has no series and no windows."""

    series: Final = SeriesTable()
    windows: Final[Mapping[str, Windows]] = {}

    def __init__(self, lifecycle: Lifecycle) -> None:
        self.lifecycle = lifecycle
        self.counts = Counts()

    @property
    def stream_time(self) -> int:
        """The broker's time that the alarms have come to, epoch milliseconds."""
        return self.lifecycle.now

    def feed(self, offset: int, broker_ts: int, action: AlarmAction | EventError) -> EventError | None:
        """Take the next record of the log: its action, or why it has none. Gives why it was refused, if it was."""
        counts = self.counts
        counts.records += 1
        counts.events += 1
        self.lifecycle.advance(offset, broker_ts)
        try:
            if isinstance(action, EventError):
                raise action
            repeated = not self.lifecycle.take(action)
        except EventError as error:
            counts.dead_letter += 1
            counts.dead_letters += 1
            return error
        counts.duplicate += repeated
        counts.accepted += not repeated
        return None

    def drain(self) -> list[Alarm]:
        """The transitions since the last call, in order."""
        transitions = self.lifecycle.drain()
        self.counts.alarms += len(transitions)
        return transitions

    def snapshot(self) -> dict[str, Any]:
        """The whole state."""
        return {"counts": asdict(self.counts), "lifecycle": self.lifecycle.snapshot()}

    def restore(self, state: Mapping[str, Any]) -> list[str]:
        """Take over the state of a snapshot. Names nothing: alarms that are declared otherwise keep their state."""
        self.counts = Counts(**state["counts"])
        self.lifecycle.restore(state["lifecycle"])
        return []
