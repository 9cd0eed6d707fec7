"""How many different ones there were within an hour."""

from collections import OrderedDict
from collections.abc import Mapping
from itertools import chain, islice
from typing import Any, Final

import numpy as np

HOUR_MS: Final = 3_600_000


class LastHour:
    """Of each key, who was there within the hour before its newest event time, and when last.

    Of a key as many are remembered as are allowed, and one more; of all keys together `most`: where there are too many,
    keys are forgotten whole, the one that the log has not had for longest first, but never the one at hand.
    """

    def __init__(self, allowed: int, most: int) -> None:
        self._allowed = allowed
        self._most = most
        self._seen: OrderedDict[int, dict[int, int]] = OrderedDict()
        self._size = 0

    def add(self, key: int, who: int, ts: int) -> int:
        """How many different ones there were within the hour before the key's newest event time; 0 if `ts` is earlier
        than that. At most one more than is allowed: nobody asks how many more.
        """
        seen = self._seen.pop(key, {})
        self._size -= len(seen)
        seen[who] = max(ts, seen.get(who, ts))
        since = max(seen.values()) - HOUR_MS
        if min(seen.values()) <= since:
            seen = {one: time for one, time in seen.items() if time > since}
        while len(seen) > self._allowed + 1:
            del seen[min(seen, key=lambda one: (seen[one], one))]
        self._seen[key] = seen
        self._size += len(seen)
        while self._size > self._most and len(self._seen) > 1:
            self._size -= len(self._seen.popitem(last=False)[1])
        return len(seen) if ts > since else 0

    def snapshot(self) -> dict[str, Any]:
        """The keys, the one that the log has not had for longest first, with how many were there; and of each in turn
        who, and when."""
        each = self._seen.values()
        return {
            "keys": np.fromiter(self._seen, np.uint64, len(self._seen)),
            "counts": np.fromiter(map(len, each), np.int64, len(self._seen)),
            "who": np.fromiter(chain.from_iterable(each), np.uint64, self._size),
            "times": np.fromiter(chain.from_iterable(seen.values() for seen in each), np.int64, self._size),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a snapshot."""
        keys, counts, who, times = (np.asarray(state[name]).tolist() for name in ("keys", "counts", "who", "times"))
        there = zip(who, times, strict=True)
        self._seen = OrderedDict((key, dict(islice(there, count))) for key, count in zip(keys, counts, strict=True))
        self._size = len(who)
