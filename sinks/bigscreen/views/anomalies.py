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
    """A flag, or several of one incident."""

    time: str
    asset: str
    sign: Sign
    title: str
    reason: str


def flags(anomalies: Sequence[Anomaly], plant: Plant, words: Words) -> tuple[Flag, ...]:
    """Each flag."""
    return tuple(_flag(anomaly, 0, plant, words) for anomaly in anomalies)


def incidents(anomalies: Sequence[Anomaly], plant: Plant, words: Words, most: int) -> tuple[Flag, ...]:
    """The incidents with the newest flags, each by its newest and most severe flag and the number of others.

    `anomalies` are the newest first.
    """
    together: dict[str, list[Anomaly]] = {}
    for anomaly in anomalies:
        together.setdefault(anomaly.incident or anomaly.id, []).append(anomaly)
    return tuple(
        _flag(min(found, key=lambda one: list(palette.SEVERITIES).index(one.severity)), len(found) - 1, plant, words)
        for found in list(together.values())[:most]
    )


def _flag(anomaly: Anomaly, others: int, plant: Plant, words: Words) -> Flag:
    title = f"{anomaly.asset} {words.name('metric', anomaly.metric)}"
    return Flag(
        time=figures.clock(anomaly.ts, plant.utc_offset_ms),
        asset=anomaly.asset,
        sign=palette.SEVERITIES[anomaly.severity],
        title=f"{title} +{others}" if others else title,
        reason=anomaly.reason,
    )
