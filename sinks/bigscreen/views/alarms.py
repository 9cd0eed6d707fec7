"""Alarms that stand, and those that were put aside."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.results import Alarm
from sinks.bigscreen import figures, palette
from sinks.bigscreen.palette import Sign
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.words import Words


@dataclass(frozen=True)
class Card:
    """An alarm."""

    id: str
    sign: Sign
    priority: str
    title: str
    limit: str
    since: str
    state: str
    to_acknowledge: bool
    may_shelve: bool
    shelved: bool
    reason: str


@dataclass(frozen=True)
class AlarmList:
    """The banner and the list behind it."""

    standing: tuple[Card, ...]
    aside: tuple[Card, ...]


def alarm_list(standing: Sequence[Alarm], aside: Sequence[Alarm], plant: Plant, words: Words) -> AlarmList:
    """The content of both."""
    return AlarmList(
        tuple(_card(alarm, plant, words) for alarm in standing), tuple(_card(alarm, plant, words) for alarm in aside)
    )


def sign(alarm: Alarm) -> Sign:
    """The shape of its priority, without colour where its condition is over or it is shelved."""
    of_priority = palette.PRIORITIES[alarm.priority]
    return of_priority if alarm.active and alarm.state != "shelved" else Sign(of_priority.icon, "quiet")


def _card(alarm: Alarm, plant: Plant, words: Words) -> Card:
    began = alarm.raised_at if alarm.raised_at is not None else alarm.ts
    return Card(
        id=alarm.alarm,
        sign=sign(alarm),
        priority=words.name("priority", alarm.priority),
        title=f"{alarm.asset} {words.name('metric', alarm.metric)}",
        limit=_limit(alarm, plant, words),
        since=words("since", time=figures.clock(began, plant.utc_offset_ms)),
        state=words.name("alarm_state", alarm.state),
        to_acknowledge=alarm.state in ("unacknowledged", "returned_unacknowledged"),
        may_shelve=alarm.state not in ("suppressed", "out_of_service"),
        shelved=alarm.state == "shelved",
        reason=alarm.reason,
    )


def _limit(alarm: Alarm, plant: Plant, words: Words) -> str:
    if alarm.limit is None:
        return alarm.name
    limit = f"{figures.limit(alarm.limit)} {figures.unit(plant.units.get(alarm.metric, ''))}".strip()
    return words("limit", limit=limit)
