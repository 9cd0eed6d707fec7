"""A dictionary of skeletons, that is, of what events are without their numbers; looked up a chunk at a time.

A hash table with open addressing over arrays. A skeleton is found by its hash and compared with what is kept, so none
is ever taken for another one. The hash is multilinear, with secret keys (Lemire, Kaser 2014, "Strongly universal string
hashing is fast"), or else a sender could choose which skeletons share a place.
"""

import os
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.events import LARGEST_RECORD
from streams.compute.compiled import Words, compiled
from streams.compute.events import Index
from streams.scan import Scan

NEW: Final = -1
"""Seen for the first time in this chunk, or in one before and then not again."""
AGAIN: Final = -2
"""Seen for the second time."""
REFUSED: Final = -3
"""Of no use."""

_EMPTY: Final = -1
_LEAST_PLACES = 4
_LOW: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)
_KEYS: Final = np.frombuffer(os.urandom(8 * (LARGEST_RECORD // 4 + 3)), np.uint64)
"""Two for each word of a skeleton."""


class Skeletons:
    """Every skeleton that was looked up has a number, and `meaning[number]` is what the owner has made of it.

    A meaning of 0 and more is the owner's; a new skeleton has `NEW`.
    """

    def __init__(self) -> None:
        self._places: Index = np.full(_LEAST_PLACES, _EMPTY)
        self._used = np.zeros(2, np.intp)
        """How many skeletons there are, and how many words of `_words` they take."""
        room = _LEAST_PLACES // 2
        self.meaning: Index = np.zeros(room, np.intp)
        self._hash: Words = np.zeros(room, np.uint64)
        self._at: NDArray[np.intp] = np.zeros((2, room), np.intp)
        """Where each skeleton begins in `_words`, and its length in bytes."""
        self._words: Words = np.zeros(16 * room, np.uint64)

    def __len__(self) -> int:
        return int(self._used[0])

    @property
    def size(self) -> int:
        """Bytes of memory in use, about."""
        return int(self._used[1]) * 8 + len(self) * 48

    def texts(self, numbers: Sequence[int]) -> list[bytes]:
        """Skeletons by their numbers."""
        kept = self._words.data.cast("B")
        begins, lengths = self._at[:, numbers].tolist()
        return [bytes(kept[8 * begin : 8 * begin + length]) for begin, length in zip(begins, lengths, strict=True)]

    def look_up(self, scan: Scan) -> Index:
        """The number of each event's skeleton. A meaning `NEW` turns to `AGAIN` where the skeleton is met again."""
        number = np.empty(len(scan.start), np.intp)
        done = 0
        while True:
            done = _look_up(
                scan.skeletons, scan.start, scan.length, _KEYS, done,
                self._places, self._hash, self._at, self._words, self._used, self.meaning, number,
            )  # fmt: skip
            if done == len(number):
                return number
            self._grow(int(scan.length[done]) // 8 + 1)

    def _grow(self, words: int) -> None:
        """Make room for one skeleton at least, of so many words."""
        there = len(self.meaning)
        if len(self) == there:
            self.meaning = np.append(self.meaning, np.zeros(there, np.intp))
            self._hash = np.append(self._hash, np.zeros(there, np.uint64))
            self._at = np.append(self._at, np.zeros((2, there), np.intp), axis=1)
            self._places = np.full(4 * there, _EMPTY)
            _place(self._hash, len(self), self._places)
        else:
            self._words = np.append(self._words, np.zeros(max(words, len(self._words)), np.uint64))


@compiled
def _look_up(
    skeletons: Words, starts: Index, lengths: Index, keys: Words, done: int,
    places: Index, hashes: Words, at: Index, kept: Words, used: Index, meaning: Index, number: Index,
) -> int:  # fmt: skip
    """Gives the skeletons from position `done` on their numbers; how far that went before there was no more room."""
    last = len(places) - 1
    for one in range(done, len(starts)):
        start = starts[one]
        size = (lengths[one] + 7) >> 3
        mixed = np.uint64(lengths[one]) * keys[0]
        for word in range(size):
            text = skeletons[start + word]
            mixed += (text & _LOW) * keys[2 * word + 1] + (text >> _HALF) * keys[2 * word + 2]
        place = np.intp(mixed >> _HALF) & last
        while True:
            found = places[place]
            if found == _EMPTY:
                break
            if hashes[found] == mixed and at[1, found] == lengths[one]:
                word = 0
                begin = at[0, found]
                while word < size and kept[begin + word] == skeletons[start + word]:
                    word += 1
                if word == size:
                    break
            place = (place + 1) & last
        if found == _EMPTY:
            found, begin = used
            if found == len(hashes) or begin + size > len(kept):
                return one
            places[place] = found
            hashes[found] = mixed
            at[0, found], at[1, found] = begin, lengths[one]
            kept[begin : begin + size] = skeletons[start : start + size]
            used[0] += 1
            used[1] += size
            meaning[found] = NEW
        elif meaning[found] == NEW:
            meaning[found] = AGAIN
        number[one] = found
    return len(starts)


@compiled
def _place(hashes: Words, count: int, places: Index) -> None:
    """Fill an empty table."""
    last = len(places) - 1
    for one in range(count):
        place = np.intp(hashes[one] >> _HALF) & last
        while places[place] != _EMPTY:
            place = (place + 1) & last
        places[place] = one
