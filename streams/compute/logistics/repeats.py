"""Events that come twice: a robot that got no answer sends again, and must not take from stock twice."""

from collections.abc import Iterable
from hashlib import blake2b
from heapq import heappush, heappushpop
from typing import Any, Final

import msgspec
import numpy as np

from schemas.logistics import LogisticsEvent

MEMORY: Final = 1024
"""Events of a store that a repeat is looked for among: the newest by event time, so that a log that is sent once more
from its beginning does not push them out before their turn comes."""
_encode: Final = msgspec.json.Encoder().encode


def digest(event: LogisticsEvent) -> int:
    """64 bits that stand for everything an event says; the same in every process."""
    return int.from_bytes(blake2b(_encode(event), digest_size=8).digest(), "little")


class Repeats:
    """Event times and digests of the newest events of a store."""

    def __init__(self, times: Iterable[Any] = (), digests: Iterable[Any] = ()) -> None:
        self._oldest_first = sorted((int(time), int(one)) for time, one in zip(times, digests, strict=True))
        """A heap, as what is sorted is."""
        self._known = {one for _, one in self._oldest_first}

    def __contains__(self, digest_: int) -> bool:
        return digest_ in self._known

    def add(self, time: int, digest_: int) -> None:
        """Remember an event that is not known yet."""
        self._known.add(digest_)
        if len(self._oldest_first) < MEMORY:
            heappush(self._oldest_first, (time, digest_))
        else:
            self._known.discard(heappushpop(self._oldest_first, (time, digest_))[1])

    def snapshot(self) -> dict[str, Any]:
        """What to build it from again."""
        order = sorted(self._oldest_first)
        return {
            "times": np.array([time for time, _ in order], np.int64),
            "digests": np.array([one for _, one in order], np.uint64),
        }
