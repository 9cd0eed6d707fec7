"""Anomaly flags, with their reasons."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.results import Anomaly
from sinks.bigscreen import figures, palette
from sinks.bigscreen.palette import Sign
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.words import Words


@dataclass(frozen=True)
class Flag:
    """A flag."""

    time: str
    asset: str
    sign: Sign
    title: str
    reason: str


def flags(anomalies: Sequence[Anomaly], plant: Plant, words: Words, most: int) -> tuple[Flag, ...]:
    """The first of them."""
    return tuple(
        Flag(
            time=figures.clock(anomaly.ts, plant.utc_offset_ms),
            asset=anomaly.asset,
            sign=palette.SEVERITIES[anomaly.severity],
            title=f"{anomaly.asset} {words.name('metric', anomaly.metric)}",
            reason=anomaly.reason,
        )
        for anomaly in anomalies[:most]
    )
