"""Where items lie, as far as moves tell."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple

FORGET_MS: Final = 14 * 86_400_000
"""An item that has not moved for so long, by the newest move of the store, does not wait any more; the view `queues`
has the same."""
MOST_ITEMS: Final = 10_000
"""Of a store; beyond, the item that has not moved for longest is forgotten, one that has left before any that waits."""


class _Lies(NamedTuple):
    place: str
    since: int


class Places:
    """The newest place of each item, by the times of arrival, and how many items each place has."""

    def __init__(self, exits: Collection[str], newest: int = 0, items: Iterable[Any] = ()) -> None:
        self._exits = exits
        self._newest = newest
        """When the newest move arrived, epoch ms."""
        self._items = {item: _Lies(place, since) for item, place, since in items}
        self._counts = Counter(lies.place for lies in self._items.values())
        self._waiting: list[tuple[int, str]] = []
        """Since when, and which item: the longest first. Moves come late, so the order of the log is not this one."""
        self._left: list[tuple[int, str]] = []
        """Likewise of the items at exits."""
        for item, lies in self._items.items():
            self._order(lies.place).append((lies.since, item))
        self._waiting.sort()
        self._left.sort()

    def put(self, item: str, place: str, time: int) -> bool:
        """An item has arrived; False if it is known to have arrived elsewhere later, or long been forgotten."""
        self._newest = max(self._newest, time)
        self._forget()
        known = self._items.get(item)
        if time < self._newest - FORGET_MS or (known is not None and time < known.since):
            return False
        if known is not None:
            self._remove(item)
        self._items[item] = _Lies(place, time)
        self._counts[place] += 1
        insort(self._order(place), (time, item))
        if len(self._items) > MOST_ITEMS:
            self._remove((self._left or self._waiting)[0][1])
        return True

    def items_at(self, place: str) -> int:
        """How many items lie at a place; none at an exit."""
        return 0 if place in self._exits else self._counts[place]

    def snapshot(self) -> dict[str, Any]:
        """Plain values, to build it from again."""
        return {"newest": self._newest, "items": [(item, *lies) for item, lies in self._items.items()]}

    def _order(self, place: str) -> list[tuple[int, str]]:
        return self._left if place in self._exits else self._waiting

    def _forget(self) -> None:
        for order in (self._waiting, self._left):
            while order and order[0][0] < self._newest - FORGET_MS:
                self._remove(order[0][1])

    def _remove(self, item: str) -> None:
        place, since = self._items.pop(item)
        order = self._order(place)
        del order[bisect_left(order, (since, item))]
        self._counts[place] -= 1
        if not self._counts[place]:
            del self._counts[place]
