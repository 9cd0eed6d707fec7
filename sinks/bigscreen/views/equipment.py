"""Equipment: the state of every machine, and how many run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.results import Alarm
from sinks.bigscreen import figures, palette
from sinks.bigscreen.palette import Sign, Tone
from sinks.bigscreen.plant import Asset, Plant
from sinks.bigscreen.rows import Reading
from sinks.bigscreen.snapshot import Snapshot
from sinks.bigscreen.views import alarms
from sinks.bigscreen.words import Words


@dataclass(frozen=True)
class Tile:
    """An asset on the map."""

    tone: Tone
    """The more urgent one of state and alarm."""
    state: Sign
    word: str
    value: str
    unit: str
    alarm: str
    """Symbol of the most urgent alarm that stands; empty if none does."""


@dataclass(frozen=True)
class Equipment:
    """The panel."""

    running: str
    total: str
    tiles: Mapping[str, Tile]
    """By name of the asset."""


def equipment(snapshot: Snapshot, standing: Sequence[Alarm], plant: Plant, words: Words) -> Equipment:
    """The panel's content."""
    found = {(reading.asset, reading.metric): reading for reading in snapshot.readings}
    signs: dict[str, Sign] = {}
    for alarm in standing:
        sign = alarms.sign(alarm)
        signs[alarm.asset] = palette.most_urgent(signs.get(alarm.asset, sign), sign)
    tiles = {
        asset.name: _tile(asset, _first(asset, found), signs.get(asset.name), plant, words) for asset in plant.assets
    }
    running = sum(reading.state == "running" for asset in plant.assets if (reading := _first(asset, found)))
    return Equipment(figures.count(running), words("of", total=len(plant.assets)), tiles)


def _first(asset: Asset, found: Mapping[tuple[str, str], Reading]) -> Reading | None:
    """The newest reading of the asset's first metric, the one that is shown."""
    return found.get((asset.name, asset.metrics[0])) if asset.metrics else None


def _tile(asset: Asset, reading: Reading | None, alarm: Sign | None, plant: Plant, words: Words) -> Tile:
    if reading is None:
        sign, word, value, unit = palette.NO_DATA, words("no_data"), figures.MISSING, ""
    else:
        sign = palette.STATES.get(reading.state, palette.OTHER_STATE)
        word = words.name("state", reading.state) if reading.state else words.name("metric", reading.metric)
        value, unit = figures.number(reading.value), figures.unit(plant.units.get(reading.metric, ""))
    tone = palette.most_urgent(sign, alarm).tone if alarm is not None else sign.tone
    return Tile(tone, sign, word, value, unit, alarm.icon if alarm is not None else "")
