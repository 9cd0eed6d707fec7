"""A value as it was a moment ago."""

from collections import deque
from typing import Final, Generic, TypeVar

_Value = TypeVar("_Value")
_KEPT_MS: Final = 10_000
"""Longer than a crane takes to carry a pack: what was done to it is told when it arrives."""


class Recent(Generic[_Value]):
    """The values of the last seconds, and the one before them."""

    def __init__(self) -> None:
        self._values: deque[tuple[int, _Value]] = deque()

    def add(self, ts: int, value: _Value) -> None:
        """Times, in milliseconds, must not go back."""
        self._values.append((ts, value))
        while len(self._values) > 1 and self._values[1][0] <= ts - _KEPT_MS:
            self._values.popleft()

    def at(self, ts: int) -> _Value | None:
        """The value that held at a time; None if there was none yet."""
        return next((value for since, value in reversed(self._values) if since <= ts), None)
