"""A small plant, and things to know about it."""

from typing import Any

from schemas.results import Alarm, Anomaly
from sinks.bigscreen.plant import Asset, Emission, Limit, Plant

NOW = 1_760_000_000_000
PLANT = Plant(
    topology="t",
    site="s",
    utc_offset_ms=8 * 3_600_000,
    assets=(
        Asset(name="saw-1", kind="saw", metrics=("motor_current",)),
        Asset(name="punch-1", kind="punch", metrics=("spindle_current", "vibration")),
        Asset(name="stack-1", kind="stack", metrics=("nox", "o2")),
        Asset(name="stack-2", kind="stack", metrics=("nox", "o2")),
        Asset(name="stack-3", kind="stack", metrics=("nox", "o2")),
    ),
    units={"nox": "mg/m3", "motor_current": "A", "spindle_current": "A", "vibration": "mm/s", "o2": "%"},
    emissions=(Emission(rule="nox", metric="nox", assets=("stack-1", "stack-2", "stack-3"), limit=200.0),),
    limits=(Limit(asset="punch-1", metric="vibration", low=None, high=7.1),),
    window="10s",
    longest_shelf_ms=3_600_000,
    production=True,
    quality=True,
    logistics=True,
)


def alarm(name: str, offset: int, **fields: Any) -> Alarm:
    """A transition; a fresh critical alarm of stack-1 where nothing else is said."""
    values: dict[str, Any] = {
        "id": f"{name}{offset:04}", "alarm": name, "ts": NOW + offset, "site": "s", "asset": "stack-1", "metric": "nox",
        "name": "nox-high", "priority": "critical", "transition": "raised", "previous": "normal",
        "state": "unacknowledged", "active": True, "raised_at": NOW, "value": 210.0, "limit": 200.0, "by": "headrace",
        "reason": "nox is above 200", "until": None, "flood": False, "topology": "t", "topic": "alarm.actions",
        "partition": 0, "offset": offset,
    }  # fmt: skip
    return Alarm(**{**values, **fields})


def flag(name: str, ts: int = NOW, **fields: Any) -> Anomaly:
    """A flag of punch-1."""
    values: dict[str, Any] = {
        "id": name, "ts": ts, "site": "s", "asset": "punch-1", "metric": "vibration", "detector": "d",
        "severity": "warning", "score": 0.9, "value": 8.0, "expected": None, "lower": None, "upper": 7.1,
        "reason": "vibration is above 7.1", "topology": "t", "topic": "machine.events", "partition": 0, "offset": 0,
    }  # fmt: skip
    return Anomaly(**{**values, **fields})
