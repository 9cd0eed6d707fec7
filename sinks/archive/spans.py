"""Stretches of time between events. Events have one order: by time, and by hash where times are equal."""

from collections.abc import Iterator
from typing import Final

Key = tuple[int, str]
"""Time (epoch ms) and hash of an event: its place in the order."""
Span = tuple[Key, Key]
"""[since, until)."""

FIRST: Final[Key] = (-(1 << 62), "")
LAST: Final[Key] = (1 << 62, "")
ALWAYS: Final[Span] = (FIRST, LAST)


def at(key: Key) -> Span:
    """The moment of one event."""
    return key, (key[0], key[1] + "\0")


class Spans:
    """A set of moments, as spans in order that do not touch."""

    __slots__ = ("_spans",)

    def __init__(self) -> None:
        self._spans: tuple[Span, ...] = ()

    def add(self, span: Span) -> bool:
        """Add a span; whether there is any moment in it that was not there before."""
        if not self._spans:  # as of most items
            self._spans = (span,)
            return True
        since, until = span
        if any(one[0] <= since and until <= one[1] for one in self._spans):
            return False
        apart = []
        for one in self._spans:
            if one[1] < since or until < one[0]:
                apart.append(one)
            else:
                since, until = min(since, one[0]), max(until, one[1])
        self._spans = tuple(sorted([*apart, (since, until)]))
        return True

    def __contains__(self, key: Key) -> bool:
        return any(since <= key < until for since, until in self._spans)

    def __iter__(self) -> Iterator[Span]:
        return iter(self._spans)

    def common(self, span: Span) -> Iterator[Span]:
        """The moments that are in `span`, too."""
        for since, until in self._spans:
            if max(since, span[0]) < min(until, span[1]):
                yield max(since, span[0]), min(until, span[1])

    @property
    def reach_now(self) -> bool:
        """Whether the last of them has not ended."""
        return bool(self._spans) and self._spans[-1][1] == LAST
