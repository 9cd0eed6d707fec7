"""The engine of one partition of alarm actions: what `streams.compute.engine` is for a partition of readings."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final, Never

from schemas.alarm_actions import AlarmAction
from schemas.errors import EventError
from schemas.results import Adjustment, Alarm
from streams.compute.alarms.lifecycle import Lifecycle
from streams.compute.control_loop.loop import ControlLoop
from streams.compute.counts import Counts
from streams.compute.series import SeriesTable

_TIME_ALONE: Final = AlarmAction("tick")
"""What a record that is refused means to the control loop."""


class AlarmEngine:
    """A lifecycle, the control loop beside it, and the counts of what went in and came out. No series, no windows."""

    series: Final = SeriesTable()
    windows: Final[Mapping[str, Never]] = {}
    rows: Final[Mapping[str, int]] = {}

    def __init__(self, lifecycle: Lifecycle, loop: ControlLoop) -> None:
        self.lifecycle = lifecycle
        self.loop = loop
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
            new = self.lifecycle.take(action)
        except EventError as error:
            self.loop.feed(offset, self.lifecycle.now, _TIME_ALONE, self.lifecycle.is_on)
            counts.dead_letter += 1
            counts.dead_letters += 1
            return error
        new &= self.loop.feed(offset, self.lifecycle.now, action, self.lifecycle.is_on)
        counts.duplicate += not new
        counts.accepted += new
        return None

    def next_due(self) -> int | None:
        """When time alone will next bring something about; None if it does not."""
        times = [time for time in (self.lifecycle.next_due(), self.loop.next_due()) if time is not None]
        return min(times, default=None)

    def drain(self) -> tuple[list[Alarm], list[Adjustment]]:
        """Transitions of alarms and what became of adjustments since the last call, in order."""
        transitions, adjustments = self.lifecycle.drain(), self.loop.drain()
        self.counts.alarms += len(transitions)
        self.counts.adjustments += len(adjustments)
        return transitions, adjustments

    def snapshot(self) -> dict[str, Any]:
        """The whole state."""
        state = {"lifecycle": self.lifecycle.snapshot(), "loop": self.loop.snapshot()}
        return {"counts": asdict(self.counts), **state}

    def restore(self, state: Mapping[str, Any]) -> list[str]:
        """Take over the state of a snapshot. Names playbooks that start anew; alarms keep their state in any case."""
        self.counts = Counts(**state["counts"])
        self.lifecycle.restore(state["lifecycle"])
        return self.loop.restore(state["loop"])
