"""Alarm floods: times at which alarms come faster than an operator can respond."""

from collections import deque
from collections.abc import Mapping
from typing import Any

from streams.compute.alarms.rule import AlarmSystem


class Floods:
    """Whether each site is in flood: from more than `flood_above` alarms within `flood_span` until there are fewer than
    `flood_below`. All times are those of the log, epoch milliseconds, and never fall.

    Source: ANSI/ISA-18.2-2016, clause 16 (more than 10 in 10 minutes, until fewer than 5 in 10 minutes).
    """

    def __init__(self, system: AlarmSystem) -> None:
        self._system = system
        self._raised: dict[str, deque[int]] = {}
        """By site: when the last alarms were raised; one more than begins a flood tells all there is to know."""
        self._on: dict[str, bool] = {}

    def add(self, site: str, now: int) -> None:
        """An alarm is raised."""
        self.is_on(site, now)  # a flood that has ended meanwhile has ended, even if this alarm makes up the number
        raised = self._raised.get(site)
        if raised is None:
            raised = self._raised[site] = deque(maxlen=self._system.flood_above + 1)
        raised.append(now)

    def is_on(self, site: str, now: int) -> bool:
        """Whether the site is in flood."""
        raised = self._raised.get(site)
        if raised is None:
            return False
        while raised and raised[0] <= now - self._system.flood_span:
            raised.popleft()
        least = self._system.flood_below if self._on.get(site, False) else self._system.flood_above + 1
        self._on[site] = len(raised) >= least
        return self._on[site]

    def snapshot(self) -> dict[str, Any]:
        """The state."""
        return {site: [self._on.get(site, False), list(raised)] for site, raised in self._raised.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the state of a snapshot."""
        for site, (on, raised) in state.items():
            self._on[site] = on
            self._raised[site] = deque(raised, maxlen=self._system.flood_above + 1)
