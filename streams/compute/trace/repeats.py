"""Events that were captured already, told by 8 bytes of their hash within a bounded memory."""

import heapq
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from streams.compute.events import LONG_AGO


class Repeats:
    """Remembers the newest events by event time, up to a number and a time behind stream time.

    Whether an event older than all that is remembered is a repeat cannot be told: it is late.
    """

    def __init__(self, horizon: int, most: int) -> None:
        self._horizon = horizon
        self._most = most
        self._keys: set[bytes] = set()
        self._oldest_first: list[tuple[int, bytes]] = []
        self._forgotten = LONG_AGO
        """Event time of the newest event that had to be forgotten."""

    def __len__(self) -> int:
        return len(self._keys)

    def judge(self, key: bytes, time: int, stream_time: int) -> Literal["accepted", "duplicate", "late"]:
        """What an event is: a new one, which is remembered from now on, a repeat, or one too old to tell."""
        since = max(self._forgotten, stream_time - self._horizon)
        if time <= since:
            return "late"
        if key in self._keys:
            return "duplicate"
        self._keys.add(key)
        heapq.heappush(self._oldest_first, (time, key))
        while len(self._keys) > self._most or self._oldest_first[0][0] <= since:
            self._forgotten, oldest = heapq.heappop(self._oldest_first)
            self._keys.discard(oldest)
        return "accepted"

    def snapshot(self) -> dict[str, Any]:
        """What is remembered."""
        order = sorted(self._oldest_first)
        return {
            "times": np.array([time for time, _ in order], np.int64),
            "keys": np.frombuffer(b"".join(key for _, key in order), np.uint64),
            "forgotten": self._forgotten,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a snapshot."""
        keys = [key.tobytes() for key in np.asarray(state["keys"], np.uint64)]
        self._oldest_first = list(zip(state["times"].tolist(), keys, strict=True))
        self._keys = set(keys)
        self._forgotten = state["forgotten"]
