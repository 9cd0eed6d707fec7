"""What an alarm is in Alertmanager: labels, annotations, and when it fires.

API: https://github.com/prometheus/alertmanager/blob/v0.25.0/api/v2/openapi.yaml, postableAlert.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from schemas.results import Alarm, AlarmState

FIRING: Final[dict[AlarmState, bool]] = {
    "unacknowledged": True,
    "acknowledged": True,
    "returned_unacknowledged": True,  # somebody has still to look
    "normal": False,
    "shelved": False,  # the last three must not notify, whatever the condition
    "suppressed": False,
    "out_of_service": False,
}
"""Whether an alarm in this state fires; in all other states it is resolved."""

FORGOTTEN_MS: Final = 300_000
"""What has not been sent again for so long resolves by itself: its `endsAt`. As Alertmanager's own resolve_timeout, but
not left to its configuration."""


class Alert(NamedTuple):
    """One alert. Labels are its identity."""

    labels: dict[str, str]
    annotations: dict[str, str]
    begin: int
    """Epoch milliseconds."""
    end: int | None = None
    """Epoch milliseconds; none while it fires."""


def alert_of(alarm: Alarm, before: Alert | None) -> Alert:
    """The alert of an alarm that fires. What a transition has no value for stays as it was `before`."""
    kept = before.annotations if before is not None else {}
    annotations = {"summary": alarm.reason, "state": alarm.state}
    for name, number in (("value", alarm.value), ("limit", alarm.limit)):
        if number is not None:
            annotations[name] = f"{number:g}"
        elif name in kept:
            annotations[name] = kept[name]
    begin = alarm.ts if alarm.raised_at is None else alarm.raised_at
    annotations["since"] = _time(begin)
    labels = {
        "alertname": alarm.name,
        "site": alarm.site,
        "asset": alarm.asset,
        "metric": alarm.metric,
        "topology": alarm.topology,
        "severity": alarm.priority,
        "alarm": alarm.alarm,
    }
    return Alert(labels, annotations, begin)


def request(alerts: Iterable[Alert], now: int) -> bytes:
    """The body of a POST at `now`, epoch milliseconds."""
    return msgspec.json.encode([_postable(alert, now) for alert in alerts])


def _postable(alert: Alert, now: int) -> dict[str, Any]:
    # Event time may be ahead of the clock. Alertmanager refuses what ends before it begins; what ends later fires.
    begin = min(alert.begin, now)
    end = now + FORGOTTEN_MS if alert.end is None else min(max(alert.end, begin), now)
    return {
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": _time(begin),
        "endsAt": _time(end),
    }


def _time(ms: int) -> str:
    """RFC 3339, UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
