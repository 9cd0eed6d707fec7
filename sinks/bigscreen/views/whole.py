"""Everything that a screen shows at one moment, in one language. It is made once, however many screens there are."""

from dataclasses import dataclass
from typing import Final

from sinks.bigscreen import figures
from sinks.bigscreen.board import Alarms, Flags
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.snapshot import Snapshot
from sinks.bigscreen.views.alarms import AlarmList, alarm_list
from sinks.bigscreen.views.anomalies import Flag, incidents
from sinks.bigscreen.views.emissions import Pollutant, emissions
from sinks.bigscreen.views.equipment import Equipment, equipment
from sinks.bigscreen.views.logistics import Logistics, logistics
from sinks.bigscreen.views.production import Production, production
from sinks.bigscreen.views.quality import Quality, quality
from sinks.bigscreen.views.trace import Traceability, traceability
from sinks.bigscreen.words import Words

INCIDENTS: Final = 5
"""Incidents that there is room for."""


@dataclass(frozen=True)
class Whole:
    """What all panels show."""

    clock: str
    age_ms: int | None
    """How old the newest reading is; None where there is none yet."""
    alarms: AlarmList
    equipment: Equipment
    emissions: tuple[Pollutant, ...]
    flags: tuple[Flag, ...]
    production: Production | None
    quality: Quality | None
    logistics: Logistics | None
    traceability: Traceability | None


def whole(
    snapshot: Snapshot, alarms: Alarms, anomalies: Flags, of_codes: Flags, plant: Plant, words: Words, now: int
) -> Whole:
    """All views. `of_codes` are flags as `anomalies`; `now` is epoch milliseconds."""
    standing = alarms.standing()
    return Whole(
        clock=figures.minute(now, plant.utc_offset_ms),
        age_ms=None if snapshot.newest is None else max(now - snapshot.newest, 0),
        alarms=alarm_list(standing, alarms.put_aside(), plant, words),
        equipment=equipment(snapshot, standing, plant, words),
        emissions=emissions(snapshot, plant, words),
        flags=incidents(anomalies.newest(), plant, words, INCIDENTS),
        production=production(snapshot, plant, words),
        quality=quality(snapshot, plant, words),
        logistics=logistics(snapshot, plant, words),
        traceability=traceability(snapshot, of_codes, plant, words),
    )
