"""The engine of one partition of acknowledgements: it only counts, for they are judged in the alarm actions."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from schemas.errors import EventError
from schemas.process_acks import ProcessAck
from streams.compute.engine import Counts
from streams.compute.series import SeriesTable
from streams.compute.windows import Windows


class AckEngine:
    """The counts of what went in and was sent on. No series, no windows."""

    series: Final = SeriesTable()
    windows: Final[Mapping[str, Windows]] = {}

    def __init__(self) -> None:
        self.counts = Counts()
        self.stream_time = 0
        """The broker's time of the newest record, epoch milliseconds."""

    def feed(self, broker_ts: int, ack: ProcessAck | EventError) -> None:
        """Count the next record of the log."""
        counts, refused = self.counts, isinstance(ack, EventError)
        counts.records += 1
        counts.events += 1
        counts.accepted += not refused
        counts.acks += not refused
        counts.dead_letter += refused
        counts.dead_letters += refused
        self.stream_time = max(self.stream_time, broker_ts)

    def snapshot(self) -> dict[str, Any]:
        """The whole state."""
        return {"counts": asdict(self.counts), "stream_time": self.stream_time}

    def restore(self, state: Mapping[str, Any]) -> list[str]:
        """Take over the state of a snapshot. There is nothing that could start anew."""
        self.counts = Counts(**state["counts"])
        self.stream_time = state["stream_time"]
        return []
