"""How many events an enterprise may have captured in a minute, looked at before they are sent.

Workers count by the broker's clock, over all services, and have the last word: what is beyond is a dead letter `quota`.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final

from sinks.epcis.problems import Problem

_MINUTE_S: Final = 60


class Quota:
    """Events of the running minute, by enterprise."""

    def __init__(self, per_minute: Mapping[str, int], clock: Callable[[], float] = time.time) -> None:
        """`per_minute` by prefix: the enterprises that the topology declares; `clock` gives epoch seconds."""
        self._per_minute = per_minute
        self._clock = clock
        self._used: dict[str, tuple[int, int]] = {}
        """The minute and the events in it."""

    def take(self, enterprise: str, events: int) -> None:
        """Count events that are about to be sent. Problem where they are too many, or nobody knows the enterprise."""
        allowed = self._per_minute.get(enterprise)
        if allowed is None:
            raise Problem(403, "SecurityException", f"the topology declares no enterprise with the prefix {enterprise}")
        if events > allowed:
            raise Problem(413, "CaptureLimitExceededException", f"{events} events, {allowed} are allowed in a minute")
        now = self._clock()
        minute = int(now // _MINUTE_S)
        last, used = self._used.get(enterprise, (minute, 0))
        used = used if last == minute else 0
        if used + events > allowed:
            wait = str(int((minute + 1) * _MINUTE_S - now) + 1)
            detail = f"{used} events were captured in this minute, {allowed} are allowed: again in {wait} s"
            raise Problem(429, "CaptureLimitExceededException", detail, Retry_After=wait)
        self._used[enterprise] = minute, used + events
