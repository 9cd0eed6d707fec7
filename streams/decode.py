"""From the log's bytes to columns; whatever cannot be accepted is refused with a reason.

Messages are decoded one by one: joined into one array, two broken ones could splice into a valid one. The fast path
takes events of the strict shape and looks at all of them at once; one that stands out gets a second look, field by
field. The outcome is a function of the record and its broker timestamp, never of the chunk.
"""

from collections.abc import Callable, Sequence
from itertools import chain, groupby
from operator import attrgetter

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.errors import EventError
from schemas.events import FLAGS, LARGEST_RECORD, LARGEST_VALUE, LONGEST_NAME, Event, Reason, Scope
from streams.compute.events import Bools, Events, Index, Ints, Refusal
from streams.compute.series import SeriesTable
from streams.layouts import NOT_ACCEPTED, Layouts
from streams.second_look import EventRules, parse_time, second_look, split

_FLAG_CODE = {flag: code for code, flag in enumerate(FLAGS)}
_UNREADABLE = -1
_LOOKS = 4
"""Times, layouts and values are looked at one after the other; each may send events to the second look once."""
_MOST_REFUSALS = 100
_values_of = attrgetter("values")

_decode: Callable[[bytes], Event | list[Event]] = msgspec.json.Decoder(Event | list[Event]).decode
_REFUSES = (ValueError, RecursionError)
"""What the decoder raises for bytes that are no strict event: malformed, of other types, nested too deep."""


class Decoder:
    """Decodes the records of one partition. Its only state is `series`, which is the partition's."""

    def __init__(self, series: SeriesTable, rules: EventRules) -> None:
        self._rules = rules
        self._layouts = Layouts(series, rules)

    def decode(self, values: Sequence[bytes], offsets: Ints, broker_ts: Ints) -> tuple[Events, list[Refusal]]:
        """Decode records given by their values, offsets and broker timestamps (ms), three sequences of one length.

        A record without a value is given as `b""`.
        Refusals come in log order.
        """
        batch = _Batch(values, broker_ts, self._rules)
        self._layouts.trim()
        columns = self._columns(batch, offsets)
        for _ in range(_LOOKS):
            if isinstance(columns, Events):
                break
            batch.look_again(columns)
            columns = self._columns(batch, offsets)
        else:
            raise AssertionError("an event stands out and passes the second look")
        batch.refusals.sort(key=lambda refusal: (refusal.record, refusal.index, refusal.field))
        return columns, _capped(batch.refusals)

    def _columns(self, batch: "_Batch", offsets: Ints) -> Events | Bools:
        """The events as columns; or, where some of them stand out, which: they need a second look first."""
        events = batch.events
        ts, odd = _times(events)
        broker_ts = batch.broker_ts[batch.record]
        odd |= (ts < self._rules.earliest) | (ts - self._rules.max_future > broker_ts)
        if odd.any():
            return odd
        layout = self._layouts.look_up(events)
        strange: Bools = layout == NOT_ACCEPTED
        if strange.any():
            return strange
        event = self._layouts.spread(layout)
        x = np.fromiter(chain.from_iterable(map(dict.values, map(_values_of, events))), np.float64, len(event))
        flag = _flags(events, len(x))
        state, odd = _states(events, np.bincount(event, minlength=len(events)) > 0)
        odd[event[(np.abs(x) > LARGEST_VALUE) | (flag == _UNREADABLE)]] = True
        if odd.any():
            return odd
        return Events(
            offset=offsets[batch.record],
            index=batch.index.astype(np.uint32),
            ts=ts,
            clock=np.minimum(ts, broker_ts),
            state=state,
            event=event,
            series=self._layouts.series(layout, event),
            x=x,
            flag=flag,
        )


class _Batch:
    """The events of a chunk while they are being decoded, and what had to be refused of it."""

    def __init__(self, values: Sequence[bytes], broker_ts: Ints, rules: EventRules) -> None:
        self.broker_ts = broker_ts
        self.refusals: list[Refusal] = []
        self._values = values
        self._rules = rules
        documents = _documents(values)
        if set(map(type, documents)) == {Event}:
            self.events: list[Event] = documents  # type: ignore[assignment]
            self.record: Index = np.arange(len(documents))
            self.index: Index = np.zeros(len(documents), np.intp)
        else:
            self._unpack(documents)

    def look_again(self, odd: Bools) -> None:
        """Replace the events at `odd` by what is good of them."""
        looked_at: list[Event | None] = list(self.events)
        elements: list[bytes] = []
        of_record = -1
        for position in np.flatnonzero(odd).tolist():
            record, index = int(self.record[position]), int(self.index[position])
            if record != of_record:  # a frame is split once, however many of its events stand out
                elements, of_record = split(self._values[record]), record
            looked_at[position] = self._second_look(elements[index], record, index)
        kept = np.array([event is not None for event in looked_at], bool)
        self.events = [event for event in looked_at if event is not None]
        self.record, self.index = self.record[kept], self.index[kept]

    def _unpack(self, documents: list[Event | list[Event] | None]) -> None:
        """Take frames apart, and records that are no strict event."""
        self.events = []
        record: list[int] = []
        index: list[int] = []
        for position, document in enumerate(documents):
            if isinstance(document, Event):
                frame, at = [document], [0]
            elif document:
                frame, at = document, list(range(len(document)))
            else:
                frame, at = self._rescue(position)
            self.events += frame
            record += [position] * len(frame)
            index += at
        self.record, self.index = np.array(record, np.intp), np.array(index, np.intp)

    def _rescue(self, record: int) -> tuple[list[Event], list[int]]:
        """The good events of a record that failed the strict decoding, and their indices."""
        try:
            elements = split(self._values[record])
        except EventError as error:
            self.refusals.append(Refusal(record, 0, Scope.RECORD, error.reason, error.detail))
            return [], []
        looked_at = [self._second_look(element, record, index) for index, element in enumerate(elements)]
        kept = [(event, index) for index, event in enumerate(looked_at) if event is not None]
        return [event for event, _ in kept], [index for _, index in kept]

    def _second_look(self, element: bytes, record: int, index: int) -> Event | None:
        return second_look(element, (record, index), int(self.broker_ts[record]), self._rules, self.refusals)


def _capped(refusals: list[Refusal]) -> list[Refusal]:
    """At most `_MOST_REFUSALS` of a record: a frame of a hundred thousand wrong elements must not become as many dead
    letters. What is left out is counted in one more for events and one for fields."""
    if len(refusals) <= _MOST_REFUSALS:
        return refusals
    kept: list[Refusal] = []
    for _, group in groupby(refusals, key=attrgetter("record")):
        of_record = list(group)
        kept += of_record[:_MOST_REFUSALS]
        for scope in (Scope.EVENT, Scope.FIELD):
            more = [refusal for refusal in of_record[_MOST_REFUSALS:] if refusal.scope == scope]
            if more:
                detail = f"{len(more)} more were refused, the first one: {more[0].detail}"
                first = more[0]
                kept.append(Refusal(first.record, first.index, scope, Reason.MORE, detail, "", len(more)))
    return kept


def _documents(values: Sequence[bytes]) -> list[Event | list[Event] | None]:
    """The decoded records, None where one is no strict event or frame.

    Record by record, the decoder is called no deeper in the stack than for all at once, and so takes all that it takes
    there: how deep a record may nest does not depend on its neighbours.
    """
    if max(map(len, values), default=0) <= LARGEST_RECORD:
        try:
            _check_utf8(values)
            return list(map(_decode, values))
        except _REFUSES:
            pass
    documents: list[Event | list[Event] | None] = []
    for value in values:
        document = None
        try:
            if len(value) <= LARGEST_RECORD:
                _check_utf8((value,))
                document = _decode(value)
        except _REFUSES:
            pass
        documents.append(document)
    return documents


def _check_utf8(values: Sequence[bytes]) -> None:
    """UnicodeDecodeError where a value is not UTF-8; msgspec does not look at fields that it skips."""
    if not all(map(bytes.isascii, values)):
        for value in values:
            value.decode()


def _times(events: list[Event]) -> tuple[Ints, Bools]:
    """Event times in ms, and which of them cannot be read."""
    given = [event.ts for event in events]
    odd = np.zeros(len(given), bool)
    if set(map(type, given)) <= {int}:
        try:
            return np.array(given, np.int64), odd
        except OverflowError:
            pass  # some are larger than 64 bits: found one by one below
    ts = np.zeros(len(given), np.int64)
    for position, value in enumerate(given):
        try:
            ts[position] = parse_time(value)
        except EventError:
            odd[position] = True
    return ts, odd


def _flags(events: list[Event], points: int) -> NDArray[np.int8]:
    """Flag codes of all values; `_UNREADABLE` where a flag is unknown."""
    codes = np.zeros(points, np.int8)
    at = 0
    if any([event.flags for event in events]):  # noqa: C419 - a list is faster than a generator here
        for event in events:
            flags = event.flags
            if flags:
                codes[at : at + len(event.values)] = [
                    _FLAG_CODE.get(flags.get(metric, "N"), _UNREADABLE) for metric in event.values
                ]
            at += len(event.values)
    return codes


def _states(events: list[Event], has_values: Bools) -> tuple[list[str | None] | None, Bools]:
    """Machine states (None if there are none at all), and which events have a bad one, or neither state nor values."""
    states = [event.state for event in events]
    distinct = set(states)
    bad = {state for state in distinct if state is not None and not 0 < len(state) <= LONGEST_NAME}
    if bad or not has_values.all():
        odd = [
            state in bad or (state is None and not valued)
            for state, valued in zip(states, has_values.tolist(), strict=True)
        ]
        return states, np.array(odd, bool)
    return (None if distinct <= {None} else states), np.zeros(len(states), bool)
