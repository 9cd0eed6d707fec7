"""Shapes: what records look like without their numbers.

A machine sends the same text again and again with other numbers in it. So the numbers of a whole chunk are found and
read as arrays (`streams.numbers`), and what remains of each record, with a 0 for every number, is its shape. What a
shape means is learned once, by the strict decoder; after that a record costs one look-up, however many events and
values it holds.

A record is read this way only if that is certain to give what the strict decoder gives: its shape must have decoded,
every number must be JSON and stand where the strict decoder saw a number. All others are left to the careful way. So
which shapes are known at a moment, and hence how the log is cut, changes no result.
"""

import re
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.events import LARGEST_RECORD, Event
from streams.compute.events import Bools, Index, Ints
from streams.event_columns import NO_STATES, Columns, from_events, odd_times
from streams.layouts import Layouts, spread
from streams.numbers import PADDING, Numbers, find
from streams.second_look import EventRules

_MOST_BYTES = 64 << 20
"""Of shapes that are known, and of a chunk's text; more is not worth its memory."""
_MOST_LEARNED = 2_000
"""Shapes learned in one chunk: to learn one takes as long as to decode ten records."""
_MOST_REST = 32
_NEW: Final = -1
_SEEN: Final = -2
_REFUSED: Final = -3
_NUMBER: Final = re.compile(rb"(?<=:)0|(?<=: )0")
_OVERHEAD_BYTES: Final = 200
"""Of an entry in a dictionary, about."""

_ANY_TIME = EventRules(earliest=-(1 << 62), max_future=1 << 62)
"""For a moment's sake: the times of a shape are stand-ins."""


class Shapes:
    """The shapes that the records of one partition have had. A cache: emptied when it grows large."""

    def __init__(self, rules: EventRules, layouts: Layouts, decode: Callable[[bytes], Event | list[Event]]) -> None:
        self._rules = rules
        self._layouts = layouts
        self._decode = decode
        self._rest = self._pause = 0
        """Chunks left to the careful way altogether, because most records had a shape that is new or of no use."""
        self.forget()

    def forget(self) -> None:
        """Forget all shapes. Has to be called when the layouts' numbers become void."""
        self._numbers = _Known()
        self._of_events = _Ragged("layout", "time", "state")
        self._of_values = _Ragged("number", "event", "flag")
        self._states = dict.fromkeys(NO_STATES, 0)
        self._words = list(NO_STATES)

    def read(self, values: Sequence[bytes], broker_ts: Ints) -> Columns | None:
        """The events of those records (given with the broker's timestamps, ms) that can be read by their shape."""
        if self._pause:
            self._pause -= 1
            return None
        lengths = np.fromiter(map(len, values), np.intp, len(values))
        if not len(values) or lengths.max() > LARGEST_RECORD or lengths.sum() > _MOST_BYTES:
            return None
        if self._numbers.bytes > _MOST_BYTES:
            self.forget()
        text = b"\n".join(values) + PADDING
        numbers = find(text)
        skeletons = _skeletons(text, numbers)
        if len(skeletons) != len(values):
            return None  # a record has a line feed of its own
        shape = self._look_up(skeletons)
        promising = np.count_nonzero((shape >= 0) | (shape == _SEEN))
        begin = np.cumsum(lengths + 1) - (lengths + 1)
        first = np.searchsorted(numbers.start, begin)
        shape[np.searchsorted(first, np.flatnonzero(~numbers.is_good), "right") - 1] = _REFUSED
        known = np.flatnonzero(shape >= 0)
        columns, odd = self._columns(known, shape, first, numbers)
        odd |= odd_times(columns.ts, broker_ts[columns.record], self._rules)
        if odd.any():
            shape[columns.record[odd]] = _REFUSED
            known = np.flatnonzero(shape >= 0)
            columns, _ = self._columns(known, shape, first, numbers)
        self._rest = min(2 * self._rest + 1, _MOST_REST) if 2 * promising < len(values) else 0
        self._pause = self._rest
        return columns

    def _look_up(self, skeletons: list[bytes]) -> Index:
        """The number of each record's shape, or below 0."""
        known = self._numbers
        shape = np.fromiter(map(known.__getitem__, skeletons), np.intp, len(skeletons))
        seen = np.flatnonzero(shape == _SEEN).tolist()
        if seen:
            again = dict.fromkeys(skeletons[record] for record in seen)
            self._learn([skeleton for skeleton in again if known[skeleton] == _SEEN][:_MOST_LEARNED])
            shape[seen] = [known[skeletons[record]] for record in seen]
        return shape

    def _learn(self, skeletons: list[bytes]) -> None:
        """Give these shapes their numbers, or `_REFUSED` to those whose records have to be read the careful way."""
        meant = {skeleton: self._meaning(skeleton) for skeleton in skeletons}
        found: Columns | Bools = np.zeros(0, bool)
        while not isinstance(found, Columns):
            self._numbers.update(dict.fromkeys((skeleton for skeleton in meant if not meant[skeleton]), _REFUSED))
            meant = {skeleton: events for skeleton, events in meant.items() if events}
            events = [event for of_shape in meant.values() for event in of_shape]
            count = np.array([len(of_shape) for of_shape in meant.values()], np.intp)
            owner, index = np.repeat(np.arange(len(count)), count), np.arange(len(events))
            now = np.zeros(len(events), np.int64)
            found = from_events(events, owner, index, now, _ANY_TIME, self._layouts)
            if not isinstance(found, Columns):  # the odd ones are refused, and the others looked at once more
                odd = set(owner[found].tolist())
                meant = {skeleton: [] if n in odd else meant[skeleton] for n, skeleton in enumerate(meant)}
        first = len(self._of_events)
        self._numbers.update(zip(meant, range(first, first + len(meant)), strict=True))
        states = np.array([self._state(word) for word in found.states], np.intp)
        self._of_events.extend(count, found.layout, found.ts, states[found.state])
        begin = np.cumsum(count) - count
        of_shape = owner[found.event]
        values = np.bincount(of_shape, minlength=len(count))
        self._of_values.extend(values, found.x.astype(np.intp), found.event - begin[of_shape], found.flag)

    def _meaning(self, skeleton: bytes) -> list[Event]:
        """The events of a shape, each number in them being its position among the numbers; none if that is not sure."""
        parts = _NUMBER.split(skeleton)
        numbers = len(parts) - 1
        try:
            skeleton.decode()
            marked = zip(parts, [b"%d" % number for number in range(numbers)], strict=False)
            probe = b"".join(chain.from_iterable(marked)) + parts[-1]
            leaves = _leaves(msgspec.json.decode(probe))
            if set(map(type, leaves)) != {int} or sorted(leaves) != list(range(numbers)):
                return []  # some are in a string, have an exponent, were not found, or have a name twice
            document = self._decode(probe)
        except (ValueError, RecursionError):
            return []
        events = document if isinstance(document, list) else [document]
        return events if {type(event.ts) for event in events} == {int} else []

    def _state(self, word: str) -> int:
        code = self._states.setdefault(word, len(self._words))
        if code == len(self._words):
            self._words.append(word)
        return code

    def _columns(self, record: Index, shape: Index, first: Index, numbers: Numbers) -> tuple[Columns, Bools]:
        """The events of these records, and which of them have a time that is none; `first` is their first number."""
        of_events, of_values = self._of_events, self._of_values
        shape, first = shape[record], first[record]
        owner, at = of_events.spread(shape)
        time = first[owner] + of_events["time"][at]
        events = of_events.length[shape]
        begin = np.cumsum(events) - events
        value_owner, value_at = of_values.spread(shape)
        columns = Columns(
            record=record[owner],
            index=np.arange(len(owner)) - begin[owner],
            ts=numbers.integer[time],
            layout=of_events["layout"][at],
            state=of_events["state"][at].astype(np.int32),
            event=begin[value_owner] + of_values["event"][value_at],
            x=numbers.value[first[value_owner] + of_values["number"][value_at]],
            flag=of_values["flag"][value_at].astype(np.int8),
            states=self._words,
        )
        return columns, ~numbers.is_time[time]


class _Known(dict[bytes, int]):
    """Shapes and their numbers. One that is new is `_NEW` the first time, and learned if it is seen again."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __missing__(self, skeleton: bytes) -> int:
        self[skeleton] = _SEEN
        self.bytes += len(skeleton) + _OVERHEAD_BYTES
        return _NEW


class _Ragged:
    """Rows of different lengths in several columns, to be looked up many at once."""

    def __init__(self, *names: str) -> None:
        self._columns: dict[str, Index] = {name: np.zeros(0, np.intp) for name in names}
        self.length: Index = np.zeros(0, np.intp)
        self._start: Index = np.zeros(0, np.intp)

    def __len__(self) -> int:
        return len(self.length)

    def __getitem__(self, name: str) -> Index:
        return self._columns[name]

    def extend(self, length: Index, *columns: NDArray[Any]) -> None:
        """Add rows of these lengths."""
        self._start = np.append(self._start, int(self.length.sum()) + np.cumsum(length) - length)
        self.length = np.append(self.length, length)
        for (name, column), added in zip(self._columns.items(), columns, strict=True):
            self._columns[name] = np.append(column, added.astype(np.intp))

    def spread(self, rows: Index) -> tuple[Index, Index]:
        """Of every entry of these rows: the position of its row among them, and its place in the columns."""
        return spread(self._start[rows], self.length[rows])


def _skeletons(text: bytes, numbers: Numbers) -> list[bytes]:
    """The lines of a text, with a 0 in place of each number."""
    byte = np.frombuffer(bytearray(text), np.uint8)
    byte[numbers.start] = ord("0")
    keep = np.ones(len(byte), bool)
    _, left_out = spread(numbers.start + 1, numbers.end - numbers.start - 1)
    keep[left_out] = False
    keep[-len(PADDING) :] = False
    return byte[keep].tobytes().split(b"\n")


def _leaves(document: Any) -> list[float]:
    """All numbers in a JSON document."""
    found: list[float] = []
    waiting = [document]
    for part in waiting:
        if type(part) in (int, float):  # a bool is none
            found.append(part)
        elif isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return found
