"""Emissions: what comes out of the stacks, how the running hour will end, and the trends with their limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sinks.bigscreen import charts, figures, palette
from sinks.bigscreen.palette import Sign
from sinks.bigscreen.plant import Emission, Plant
from sinks.bigscreen.rows import Headroom, Reading
from sinks.bigscreen.snapshot import Snapshot
from sinks.bigscreen.words import Words

STACKS: Final = 2
"""Stacks of a rule that there is room for: the two that are nearest to the limit."""
FULL: Final = 1.25
"""Where the bar ends, as a multiple of the limit."""
_MEASURED: Final = ("N", "T")
"""Flags of readings that say something of the process."""


@dataclass(frozen=True)
class Stack:
    """A pollutant of a stack."""

    asset: str
    value: str
    sign: Sign
    word: str
    mean: float
    """Mean of the period so far, as a share of the bar; 0 to 1."""
    projected: float | None
    """Likewise, of the whole period as it will be; None where that cannot be told yet."""
    period: str
    """The two in words."""
    allowed: str
    """What the rest of the period may be."""


@dataclass(frozen=True)
class Pollutant:
    """A rule."""

    rule: str
    name: str
    limit: str
    stacks: tuple[Stack, ...]
    chart: dict[str, Any]


def emissions(snapshot: Snapshot, plant: Plant, words: Words) -> tuple[Pollutant, ...]:
    """The panel's content, a rule each."""
    return tuple(_pollutant(emission, snapshot, plant, words) for emission in plant.emissions)


def _pollutant(emission: Emission, snapshot: Snapshot, plant: Plant, words: Words) -> Pollutant:
    rooms = {room.asset: room for room in snapshot.headroom if room.rule == emission.rule}
    readings = {reading.asset: reading for reading in snapshot.readings if reading.metric == emission.metric}
    nearest = sorted(emission.assets, key=lambda asset: -_share(rooms.get(asset), readings.get(asset), emission.limit))
    shown = [asset for asset in emission.assets if asset in nearest[:STACKS]]
    unit = figures.unit(plant.units.get(emission.metric, ""))
    lines = {
        asset: [(p.start, p.mean) for p in snapshot.trends if (p.asset, p.metric) == (asset, emission.metric)]
        for asset in shown
    }
    return Pollutant(
        rule=emission.rule,
        name=words.name("metric", emission.metric),
        limit=f"{figures.limit(emission.limit)} {unit}",
        stacks=tuple(_stack(asset, readings.get(asset), rooms.get(asset), emission.limit, words) for asset in shown),
        chart=charts.trend(lines, (emission.limit,), snapshot.newest, plant.utc_offset_ms),
    )


def _share(room: Headroom | None, reading: Reading | None, limit: float) -> float:
    return max(room.projected / room.limit if room else 0.0, reading.value / limit if reading else 0.0)


def _stack(asset: str, reading: Reading | None, room: Headroom | None, limit: float, words: Words) -> Stack:
    sign, word = _judge(reading, room, limit, words)
    value = reading.value if reading is not None else None
    if room is None:
        return Stack(asset, figures.number(value), sign, word, 0.0, None, words("too_early"), "")
    period = f"{words('hour_mean', mean=figures.number(room.mean))} · {_projected(room, words)}"
    allowed = words("allowed", allowed=figures.number(room.allowed)) if room.allowed >= 0 else words("lost")
    mean, end = _of_bar(room.mean, room), _of_bar(room.projected, room)
    return Stack(asset, figures.number(value), sign, word, mean, end, period, allowed)


def _projected(room: Headroom, words: Words) -> str:
    return words("projected", projected=figures.number(room.projected))


def _of_bar(value: float, room: Headroom) -> float:
    return min(max(value / room.limit / FULL, 0.0), 1.0)


def _judge(reading: Reading | None, room: Headroom | None, limit: float, words: Words) -> tuple[Sign, str]:
    """How a pollutant of a stack stands: the running period counts before the reading."""
    if room is not None and (room.mean > room.limit or room.allowed < 0):
        return palette.PRIORITIES["critical"], words("lost")
    if room is not None and room.projected > room.limit:
        return palette.PRIORITIES["high"], words("will_exceed")
    if reading is None:
        return palette.NO_DATA, words("no_data")
    if reading.flag not in _MEASURED:
        return palette.NOT_MEASURED, words.name("flag", reading.flag)
    if reading.value > limit:
        return palette.PRIORITIES["medium"], words("exceeds")
    return palette.FINE, words("compliant") if room is not None else words("below")


def worst(pollutants: Sequence[Pollutant]) -> Sign:
    """The most urgent sign of all."""
    signs = [stack.sign for pollutant in pollutants for stack in pollutant.stacks]
    return palette.most_urgent(palette.FINE, *signs)
