"""The board: the newest state of each alarm, and the Alertmanagers that are told of it."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from schemas.results import Alarm
from sinks import http
from sinks.alertmanager.alerts import FIRING, FORGOTTEN_MS, Alert, alert_of
from sinks.alertmanager.peer import Peer
from sinks.outlet import Events

RESEND_SECONDS: Final = 60.0


class Alertmanager:
    """Shows standing alarms in every Alertmanager of a cluster; see `sinks.outlet.Board`."""

    def __init__(
        self,
        urls: Iterable[str],
        events: Events,
        *,
        authorization: str | None = None,
        resend_seconds: float = RESEND_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`authorization` is the value of the HTTP header, a secret."""
        self._peers = [Peer(url, authorization, events, clock) for url in urls]
        self._events = events
        self._resend_seconds = resend_seconds
        self._clock = clock
        self._firing: dict[str, Alert] = {}
        """By alarm."""
        self._resolved: dict[str, Alert] = {}
        """By alarm: those of which an Alertmanager may hold that they fire. Collected until `caught_up`."""
        self._shown = False

    def update(self, alarm: Alarm, written_at: float) -> None:
        """Note a transition; see `sinks.outlet.Board`."""
        before = self._firing.pop(alarm.alarm, None)
        if FIRING[alarm.state]:
            self._firing[alarm.alarm] = changed = alert_of(alarm, before)
        elif before is not None:
            # With the labels it was told with, in case the topology has changed since.
            changed = before._replace(end=alarm.ts)
            if not self._shown and (self._clock() - written_at) * 1000 < FORGOTTEN_MS:
                # The process that showed it may have ended before it told the end.
                self._resolved[alarm.alarm] = changed
        else:
            return
        if self._shown:
            self._offer({alarm.alarm: changed})

    def caught_up(self) -> None:
        """Show what was noted so far, and from now on everything at once."""
        self._shown = True
        self._offer({**self._resolved, **self._firing})
        self._resolved.clear()

    def clear(self) -> None:
        """Forget everything, and tell no more of it. What fires is told again by its next owner, or forgotten."""
        self._shown = False
        self._firing.clear()
        self._resolved.clear()
        self._events.standing(0)
        for peer in self._peers:
            peer.clear()

    async def run(self) -> None:
        """Keep every Alertmanager informed, each at its own pace, until cancelled."""
        async with http.client() as client, asyncio.TaskGroup() as group:
            for peer in self._peers:
                group.create_task(peer.run(client, self._to_resend, self._resend_seconds))

    def _to_resend(self) -> Mapping[str, Alert]:
        return self._firing if self._shown else {}

    def _offer(self, changes: Mapping[str, Alert]) -> None:
        self._events.standing(len(self._firing))
        for peer in self._peers:
            peer.offer(changes)
