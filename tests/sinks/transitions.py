"""Transitions of alarms, as the topic `alarms` has them; and events of outlets, written down."""

import itertools
from dataclasses import dataclass, field
from typing import Any

import msgspec

from schemas.results import Alarm, AlarmState, Transition

NOW = 1_760_000_000.0
"""A moment of event time, seconds since the epoch."""

_numbers = itertools.count()
_LEADING_TO: dict[AlarmState, Transition] = {
    "normal": "returned",
    "unacknowledged": "raised",
    "acknowledged": "acknowledged",
    "returned_unacknowledged": "returned",
    "shelved": "shelved",
    "suppressed": "suppressed",
    "out_of_service": "out_of_service",
}


def transition(state: AlarmState = "unacknowledged", asset: str = "stack-1", **changes: Any) -> Alarm:
    """One transition of the alarm nox-high of an asset, with an id of its own."""
    alarm = Alarm(
        id=f"{asset}-{next(_numbers):x}",
        alarm=f"nox-high of {asset}",
        ts=int(NOW * 1000),
        site="hongyang",
        asset=asset,
        metric="nox",
        name="nox-high",
        priority="critical",
        transition=_LEADING_TO[state],
        previous="normal",
        state=state,
        active=state not in ("normal", "returned_unacknowledged"),
        raised_at=int(NOW * 1000),
        value=212.5,
        limit=200.0,
        by="headrace",
        reason="212.5 mg/m³ is above the high limit of 200 mg/m³",
        until=None,
        flood=False,
        topology="tower_plant",
        topic="alarm.actions",
        partition=1,
        offset=44,
    )
    return msgspec.structs.replace(alarm, **changes)


@dataclass
class Written:
    """Writes down what outlets tell of themselves; see `sinks.outlet.Events`."""

    taken: int = 0
    failures: list[tuple[str, str, str, float]] = field(default_factory=list)
    refusals: list[tuple[str, str, str, str]] = field(default_factory=list)
    alarms: int = 0

    def posted(self, outlet: str, endpoint: str, seconds: float) -> None:
        self.taken += 1

    def post_failed(self, outlet: str, endpoint: str, reason: str, retry_after: float) -> None:
        self.failures.append((outlet, endpoint, reason, retry_after))

    def refused(self, outlet: str, endpoint: str, what: str, reason: str) -> None:
        self.refusals.append((outlet, endpoint, what, reason))

    def standing(self, alarms: int) -> None:
        self.alarms = alarms
