"""The alarms and flags that the screen knows of, whichever way they came.

They come by Kafka at once, and from ClickHouse at the start and now and then, should Kafka have been away. Either may
be ahead of the other, so the newest wins, and nothing is counted twice.
"""

from collections.abc import Iterable
from typing import Final

from schemas.results import Alarm, Anomaly

_MOST_FLAGS: Final = 200
_URGENCY: Final = {"critical": 0, "high": 1, "medium": 2, "low": 3}
_ANNUNCIATED: Final = ("unacknowledged", "acknowledged", "returned_unacknowledged")


class Alarms:
    """The newest transition of each alarm."""

    def __init__(self) -> None:
        self._newest: dict[tuple[str, int], Alarm] = {}
        """By alarm and partition of alarm.actions."""

    def take(self, transitions: Iterable[Alarm]) -> bool:
        """Note transitions, in any order; whether one of them was news."""
        news = False
        for alarm in transitions:
            key = alarm.alarm, alarm.partition
            known = self._newest.get(key)
            if known is None or _place(alarm) > _place(known):
                self._newest[key] = alarm
                news = True
        return news

    def find(self, alarm: str) -> Alarm | None:
        """The newest transition of an alarm."""
        found = [one for (name, _), one in self._newest.items() if name == alarm]
        return max(found, key=lambda one: one.ts, default=None)

    def standing(self) -> list[Alarm]:
        """Those that people are to see: the most urgent first, unacknowledged before acknowledged, then the newest."""
        found = [alarm for alarm in self._newest.values() if alarm.state in _ANNUNCIATED]
        return sorted(found, key=lambda alarm: (alarm.state == "acknowledged", _URGENCY[alarm.priority], -alarm.ts))

    def put_aside(self) -> list[Alarm]:
        """Those that are shelved, suppressed or out of service."""
        hidden = ("normal", *_ANNUNCIATED)
        return sorted((a for a in self._newest.values() if a.state not in hidden), key=lambda alarm: -alarm.ts)


class Flags:
    """The newest anomaly flags; bounded."""

    def __init__(self) -> None:
        self._by_id: dict[str, Anomaly] = {}

    def take(self, flags: Iterable[Anomaly]) -> bool:
        """Note flags, in any order; whether one of them was news."""
        news = {flag.id: flag for flag in flags if flag.id not in self._by_id}
        self._by_id.update(news)
        if len(self._by_id) > _MOST_FLAGS:
            self._by_id = {flag.id: flag for flag in self.newest()[:_MOST_FLAGS]}
        return bool(news)

    def newest(self) -> list[Anomaly]:
        """The newest first."""
        return sorted(self._by_id.values(), key=lambda flag: (-flag.ts, flag.id))


def _place(alarm: Alarm) -> tuple[int, int, str]:
    """Where in the log: transitions of one record have ids that end in their position within it, in hexadecimal."""
    return alarm.offset, len(alarm.id), alarm.id
