"""Shapes: what events look like without their numbers.

A machine sends the same text again and again with other numbers in it. So a chunk is scanned for its events and the
numbers in them (`streams.scan`), and what remains of an event, with a 0 for every number, is its skeleton. What a
skeleton means is learned once, by the strict decoder; after that an event costs one look-up (`streams.skeletons`),
however many values it holds, alone in a record or in a frame.

A record is read this way only if that is certain to give what the strict decoder gives: it must be events and nothing
else, their skeletons must have decoded, every number must be JSON and stand where the strict decoder saw a number. All
others are left to the careful way. So which shapes are known at a moment, and hence how the log is cut, changes no
result.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.events import LARGEST_RECORD, Event
from streams.compute.compiled import compiled
from streams.compute.events import Bools, Floats, Index, Ints
from streams.event_columns import NO_STATES, Columns, from_events
from streams.layouts import Layouts
from streams.scan import Scan, scan
from streams.second_look import EventRules
from streams.skeletons import AGAIN, REFUSED, Skeletons
from streams.slices import Slices

_MOST_BYTES = 64 << 20
"""Of skeletons that are known, and of a chunk's text; more is not worth its memory."""
_MOST_LEARNED = 2_000
"""Shapes learned in one chunk: to learn one takes as long as to decode five records."""
_MOST_REST = 32
_STAND_INS = 7_310_000_000_000_000
"""While a shape is learned, its numbers are these: whole as floats, and with a head that hardly any text has."""
_HEAD = b"7310000000"

Table = NDArray[np.int64]

_ANY_TIME = EventRules(earliest=-(1 << 62), max_future=1 << 62)
"""For a moment's sake: the times of a shape are stand-ins."""


class Shapes:
    """The shapes that the events of one partition have had. A cache: emptied when it grows large."""

    def __init__(self, rules: EventRules, layouts: Layouts, decode: Callable[[bytes], Event | list[Event]]) -> None:
        self._rules = rules
        self._layouts = layouts
        self._decode = decode
        self._rest = self._pause = 0
        """Chunks left to the careful way altogether, because most events had a shape that is new or of no use."""
        self.forget()

    def forget(self) -> None:
        """Forget all shapes. Has to be called when the layouts' numbers become void."""
        self._skeletons = Skeletons()
        self._of_shape: Table = np.zeros((0, 5), np.int64)
        """Layout, state, the event time's number, and where its rows begin and end in `_of_value`."""
        self._of_value: Table = np.zeros((0, 2), np.int64)
        """Number and flag of the value."""
        self._states = dict.fromkeys(NO_STATES, 0)
        self._words = list(NO_STATES)

    def read(self, values: Sequence[bytes], broker_ts: Ints) -> Columns | None:
        """The events of those records (given with the broker's timestamps, ms) that can be read by their shape."""
        if self._pause:
            self._pause -= 1
            return None
        records = Slices.of(values)
        if not len(records) or records.lengths().max() > LARGEST_RECORD or len(records.text) > _MOST_BYTES:
            return None
        if self._skeletons.size > _MOST_BYTES:
            self.forget()
        seen = scan(records)
        shape = self._look_up(seen)
        promising = np.count_nonzero((shape >= 0) | (shape == AGAIN))
        self._rest = min(2 * self._rest + 1, _MOST_REST) if 2 * promising < len(shape) else 0
        self._pause = self._rest
        return self._columns(seen, shape, broker_ts)

    def _look_up(self, seen: Scan) -> Index:
        """The number of each event's shape, or below 0."""
        skeletons = self._skeletons
        number = skeletons.look_up(seen)
        shape: Index = skeletons.meaning[number]
        again = np.flatnonzero(shape == AGAIN)
        if len(again):
            wanted = dict(zip(number[again].tolist(), seen.numbers[again].tolist(), strict=True))
            self._learn(dict(islice(wanted.items(), _MOST_LEARNED)))
            shape = skeletons.meaning[number]
        return shape

    def _learn(self, wanted: dict[int, int]) -> None:
        """Give skeletons a shape, or `REFUSED` to those whose events have to be read the careful way.

        `wanted` has how many numbers there are in each.
        """
        skeletons = self._skeletons
        skeletons.meaning[list(wanted)] = REFUSED
        meant = {
            number: event
            for (number, numbers), skeleton in zip(wanted.items(), skeletons.texts(list(wanted)), strict=True)
            if (event := self._meaning(skeleton, numbers)) is not None
        }
        found: Columns | Bools = np.zeros(0, bool)
        while not isinstance(found, Columns):
            position = np.arange(len(meant))
            now = np.zeros(len(meant), np.int64)
            found = from_events(list(meant.values()), position, position, now, _ANY_TIME, self._layouts)
            if not isinstance(found, Columns):  # the odd ones are refused, and the others looked at once more
                odd = found.tolist()
                meant = {number: meant[number] for number, is_odd in zip(meant, odd, strict=True) if not is_odd}
        skeletons.meaning[list(meant)] = len(self._of_shape) + np.arange(len(meant))
        states = np.array([self._state(word) for word in found.states], np.intp)
        values = np.bincount(found.event, minlength=len(meant))
        end = len(self._of_value) + np.cumsum(values)
        time, number = found.ts - _STAND_INS, found.x.astype(np.int64) - _STAND_INS
        shapes = np.column_stack((found.layout, states[found.state], time, end - values, end))
        self._of_shape = np.append(self._of_shape, shapes, axis=0)
        self._of_value = np.append(self._of_value, np.column_stack((number, found.flag)), axis=0)

    def _meaning(self, skeleton: bytes, numbers: int) -> Event | None:
        """The event of a skeleton, each number in it being a stand-in, in order; None if that is not sure."""
        marked = skeleton.replace(b"%", b"%%").replace(b": 0", b":0").replace(b":0", b":%d")
        if marked.count(b":%d") != numbers:
            return None  # there is one in a string, too
        if _HEAD in skeleton:
            return None  # a number that the scan has left where it was could pass for a stand-in
        stand_ins = range(_STAND_INS, _STAND_INS + numbers)
        try:
            skeleton.decode()
            probe = marked % tuple(stand_ins)
            leaves = _leaves(msgspec.json.decode(probe))
            if set(map(type, leaves)) != {int} or sorted(leaves) != list(stand_ins):
                return None  # some have an exponent, or stand in a list, or have a name twice
            event = self._decode(probe)
        except (ValueError, RecursionError):
            return None
        return event if isinstance(event, Event) and type(event.ts) is int else None

    def _state(self, word: str) -> int:
        code = self._states.setdefault(word, len(self._words))
        if code == len(self._words):
            self._words.append(word)
        return code

    def _columns(self, seen: Scan, shape: Index, broker_ts: Ints) -> Columns:
        """The events of the records of which all is known."""
        of_event, of_value = np.empty((5, len(shape)), np.int64), np.empty((2, len(seen.value)), np.int64)
        x = np.empty(len(seen.value))
        events, values = _gather(
            seen.record, seen.first, seen.numbers, seen.value, seen.integer, seen.is_time, seen.is_good, seen.is_whole,
            shape, self._of_shape, self._of_value, broker_ts, self._rules.earliest, self._rules.max_future,
            of_event, of_value, x,
        )  # fmt: skip
        record, index, ts, layout, state = of_event[:, :events]
        event, flag = of_value[:, :values]
        return Columns(
            record, index, ts, layout, state.astype(np.int32), event, x[:values], flag.astype(np.int8), self._words
        )


@compiled
def _gather(
    record: Index, first: Index, numbers: Index, value: Floats, integer: Ints, is_time: Bools, is_good: Bools,
    is_whole: Bools, shape: Index, shapes: Table, of_shapes: Table, broker_ts: Ints, earliest: int, max_future: int,
    of_event: Table, of_value: Table, x: Floats,
) -> tuple[int, int]:  # fmt: skip
    """Fills the columns; how many events and values there are. `is_whole` becomes false where not all is known."""
    for event in range(len(record)):
        is_known = shape[event] >= 0
        if is_known:
            time = first[event] + shapes[shape[event], 2]
            ts = integer[time]
            # As in `odd_times`.
            is_known = is_time[time] and ts >= earliest and ts - max_future <= broker_ts[record[event]]
            for number in range(first[event], first[event] + numbers[event]):
                is_known &= is_good[number]
        if not is_known:
            is_whole[record[event]] = False
    events = values = 0
    index = 0
    for event in range(len(record)):
        index = index + 1 if event and record[event] == record[event - 1] else 0
        if not is_whole[record[event]]:
            continue
        layout, state, time, begin, end = shapes[shape[event]]
        of_event[0, events] = record[event]
        of_event[1, events] = index
        of_event[2, events] = integer[first[event] + time]
        of_event[3, events] = layout
        of_event[4, events] = state
        for row in range(begin, end):
            x[values] = value[first[event] + of_shapes[row, 0]]
            of_value[0, values] = events
            of_value[1, values] = of_shapes[row, 1]
            values += 1
        events += 1
    return events, values


def _leaves(document: Any) -> list[float]:
    """All numbers in a JSON document."""
    found: list[float] = []
    waiting = [document]
    for part in waiting:
        kind = type(part)
        if kind is dict:
            waiting += part.values()
        elif kind is list:
            waiting += part
        elif kind is int or kind is float:  # a bool is none
            found.append(part)
    return found
