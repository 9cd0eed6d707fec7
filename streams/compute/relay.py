"""The engine of a partition whose records are only sent on, to where they are judged: it counts."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final, Never

from streams.compute.counts import Counts
from streams.compute.series import SeriesTable


class RelayEngine:
    """The counts of what went in. No series, no windows."""

    series: Final = SeriesTable()
    windows: Final[Mapping[str, Never]] = {}
    rows: Final[Mapping[str, int]] = {}

    def __init__(self) -> None:
        self.counts = Counts()
        self.stream_time = 0
        """The broker's time of the newest record, epoch milliseconds."""

    def feed(self, broker_ts: int, refused: bool) -> None:
        """Count the next record of the log."""
        counts = self.counts
        counts.records += 1
        counts.events += 1
        counts.accepted += not refused
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
