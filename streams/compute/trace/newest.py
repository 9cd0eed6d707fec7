"""What is remembered of codes: of the newest so many, a few numbers each."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import numpy as np

_KEY_BYTES: Final = 8


def key_of(*names: str) -> int:
    """64 bits that stand for names: among 500,000, the odds that two have the same are 1 in 10^8."""
    return int.from_bytes(blake2b("\n".join(names).encode(), digest_size=_KEY_BYTES).digest(), "little")


class Newest:
    """Keys to numbers. Where there is one too many, that is forgotten which was put longest ago in the log."""

    def __init__(self, most: int, columns: Sequence[type[np.generic]]) -> None:
        """`columns` are the types of the numbers of a key."""
        self._most = most
        self._columns = columns
        self._numbers: OrderedDict[int, tuple[Any, ...]] = OrderedDict()
        """In a plain dict the oldest is found behind all that were forgotten before it."""

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, key: int) -> bool:
        return key in self._numbers

    def get(self, key: int) -> tuple[Any, ...] | None:
        """The numbers of a key; None where it is not known, or not any more."""
        return self._numbers.get(key)

    def put(self, key: int, *numbers: Any) -> None:
        """Remember a key, from now on the newest."""
        self._numbers[key] = numbers
        self._numbers.move_to_end(key)
        if len(self._numbers) > self._most:
            self._numbers.popitem(last=False)

    def discard(self, key: int) -> None:
        """Forget a key."""
        self._numbers.pop(key, None)

    def snapshot(self) -> dict[str, Any]:
        """The keys, the oldest first, and an array for each of their numbers."""
        kind = np.dtype([(str(place), column) for place, column in enumerate(self._columns)])
        rows = np.fromiter(self._numbers.values(), kind, len(self._numbers))
        return {
            "keys": np.fromiter(self._numbers, np.uint64, len(self._numbers)),
            "columns": [np.ascontiguousarray(rows[name]) for name in kind.names or ()],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a snapshot; of one that holds more than there is room for now, the newest."""
        columns = [np.asarray(column).tolist() for column in state["columns"]]
        numbers = zip(*columns, strict=True)
        self._numbers = OrderedDict(list(zip(np.asarray(state["keys"]).tolist(), numbers, strict=True))[-self._most :])
