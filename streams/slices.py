"""Byte strings that lie in one text: the values of a chunk without a Python object for each."""

from collections.abc import Iterator, Sequence
from typing import Final, overload

import numpy as np

from streams.compute.events import Index

PADDING: Final = b" " * 16
"""Follows every text: words of eight bytes are read beyond its end."""


class Slices(Sequence[bytes]):
    """The byte strings `text[begin:end]`; `text` ends with `PADDING`, which is in none of them."""

    __slots__ = ("begin", "end", "text")

    def __init__(self, text: bytes, begin: Index, end: Index) -> None:
        self.text = text
        self.begin = begin
        self.end = end

    @classmethod
    def of(cls, values: Sequence[bytes]) -> "Slices":
        """The same byte strings."""
        if isinstance(values, Slices):
            return values
        length = np.fromiter(map(len, values), np.intp, len(values))
        end = np.cumsum(length)
        return cls(b"".join(values) + PADDING, end - length, end)

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> "Slices": ...
    def __getitem__(self, at: int | slice) -> "bytes | Slices":
        if isinstance(at, slice):
            return Slices(self.text, self.begin[at], self.end[at])
        return self.text[self.begin[at] : self.end[at]]

    def __len__(self) -> int:
        return len(self.begin)

    def __iter__(self) -> Iterator[bytes]:
        text = self.text
        return (text[begin:end] for begin, end in zip(self.begin.tolist(), self.end.tolist(), strict=True))

    def lengths(self) -> Index:
        """Bytes of each."""
        length: Index = self.end - self.begin
        return length
