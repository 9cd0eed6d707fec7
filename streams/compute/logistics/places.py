"""Where items lie, as far as moves tell."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple

FORGET_MS: Final = 14 * 86_400_000
"""An item that has not moved for so long, by the newest move of the store, does not wait any more; the view `queues`
has the same."""
MOST_ITEMS: Final = 10_000
"""Of a store; beyond, the item that left first is forgotten, or, where all are there, the one that was moved first."""


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
        """In the order of their newest moves in the log."""
        self._left = {item: None for item, lies in self._items.items() if lies.place in exits}
        self._counts = Counter(lies.place for lies in self._items.values())

    def put(self, item: str, place: str, time: int) -> bool:
        """An item has arrived; False if it is known to have arrived elsewhere later, or long been forgotten."""
        self._newest = max(self._newest, time)
        self._forget()
        known = self._items.get(item)
        if time < self._newest - FORGET_MS or (known is not None and time < known.since):
            return False
        if known is not None:
            self._remove(item)
        elif len(self._items) >= MOST_ITEMS:
            self._remove(next(iter(self._left or self._items)))
        self._items[item] = _Lies(place, time)
        if place in self._exits:
            self._left[item] = None
        self._counts[place] += 1
        return True

    def items_at(self, place: str) -> int:
        """How many items lie at a place; none at an exit."""
        return 0 if place in self._exits else self._counts[place]

    def snapshot(self) -> dict[str, Any]:
        """Plain values, to build it from again."""
        return {"newest": self._newest, "items": [(item, *lies) for item, lies in self._items.items()]}

    def _forget(self) -> None:
        while self._items:
            first = next(iter(self._items))
            if self._items[first].since >= self._newest - FORGET_MS:
                return
            self._remove(first)

    def _remove(self, item: str) -> None:
        place = self._items.pop(item).place
        self._left.pop(item, None)
        self._counts[place] -= 1
        if not self._counts[place]:
            del self._counts[place]
