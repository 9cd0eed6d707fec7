"""Events that come twice: a robot that got no answer sends again, and must not take from stock twice."""

from collections import deque
from hashlib import blake2b
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.logistics import LogisticsEvent

MEMORY: Final = 512
"""Newest events of a store that a repeat is looked for among."""
_encode: Final = msgspec.json.Encoder().encode


def digest(event: LogisticsEvent) -> int:
    """64 bits that stand for everything an event says; the same in every process."""
    return int.from_bytes(blake2b(_encode(event), digest_size=8).digest(), "little")


class Repeats:
    """The digests of the newest events of a store."""

    def __init__(self, digests: NDArray[np.uint64] | None = None) -> None:
        self._newest = deque([] if digests is None else digests.tolist(), maxlen=MEMORY)
        self._known = set(self._newest)

    def __contains__(self, digest_: int) -> bool:
        return digest_ in self._known

    def add(self, digest_: int) -> None:
        """Remember an event that is not known yet."""
        if len(self._newest) == MEMORY:
            self._known.discard(self._newest[0])
        self._newest.append(digest_)
        self._known.add(digest_)

    def snapshot(self) -> NDArray[np.uint64]:
        """The digests, oldest first."""
        return np.array(self._newest, np.uint64)
