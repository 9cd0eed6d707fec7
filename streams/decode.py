"""From the log's bytes to columns; whatever cannot be accepted is refused with a reason.

Three ways, each for what the one before does not take: records of a known shape are read all at once
(`streams.shapes`); others are decoded one by one (joined into one array, two broken ones could splice into a valid one)
and their events looked at all at once; an event that stands out gets a second look, field by field. The outcome is a
function of the record and its broker timestamp, never of the way or the chunk.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter

import msgspec
import numpy as np

from schemas.errors import EventError
from schemas.events import LARGEST_RECORD, Event, Reason, Scope
from streams.compute.events import Bools, Events, Index, Ints, Refusal, Said
from streams.compute.series import SeriesKey, SeriesTable
from streams.event_columns import Columns, from_events
from streams.layouts import Layouts
from streams.second_look import EventRules, second_look, split
from streams.shapes import Shapes

_LOOKS = 4
"""Times, layouts and values are looked at one after the other; each may send events to the second look once."""
_MOST_REFUSALS = 100

_decode: Callable[[bytes], Event | list[Event]] = msgspec.json.Decoder(Event | list[Event]).decode
_REFUSES = (ValueError, RecursionError)
"""What the decoder raises for bytes that are no strict event: malformed, of other types, nested too deep."""


class Decoder:
    """Decodes the records of one partition. Its only state is `series`, which is the partition's."""

    def __init__(self, series: SeriesTable, rules: EventRules) -> None:
        self._rules = rules
        self._layouts = Layouts(series, rules)
        self._shapes = Shapes(rules, self._layouts, _decode)

    def decode(self, values: Sequence[bytes], offsets: Ints, broker_ts: Ints) -> tuple[Events, list[Refusal]]:
        """Decode records given by their values, offsets and broker timestamps (ms), three sequences of one length.

        A record without a value is given as `b""`.
        Refusals come in log order.
        """
        if self._layouts.trim():
            self._shapes.forget()
        columns = self._shapes.read(values, broker_ts)
        refusals: list[Refusal] = []
        feedback: list[Said] = []
        if columns is None:
            columns, refusals, feedback = self._decode_singly(values, np.arange(len(values)), broker_ts)
        else:
            left = np.ones(len(values), bool)
            left[columns.record] = False
            if left.any():
                singly, refusals, feedback = self._decode_singly(values, np.flatnonzero(left), broker_ts)
                columns = columns.merged(singly) if len(columns.record) else singly
        too_many = self._layouts.admit(columns.layout, broker_ts[columns.record])
        if too_many.any():
            refusals = _with_too_many(refusals, columns, too_many)
            columns = columns.without(too_many)
        return self._events(columns, offsets, broker_ts, feedback), refusals

    def _decode_singly(
        self, values: Sequence[bytes], records: Index, broker_ts: Ints
    ) -> tuple[Columns, list[Refusal], list[Said]]:
        """The events of these records, the careful way."""
        batch = _Batch(values, records, broker_ts, self._rules)
        for _ in range(_LOOKS):
            columns = from_events(
                batch.events, batch.record, batch.index, broker_ts[batch.record], self._rules, self._layouts
            )
            if isinstance(columns, Columns):
                break
            batch.look_again(columns)
        else:
            raise AssertionError("an event stands out and passes the second look")
        batch.refusals.sort(key=in_log_order)
        batch.feedback.sort()
        return columns, batch.refusals, batch.feedback

    def _events(self, columns: Columns, offsets: Ints, broker_ts: Ints, feedback: Sequence[Said]) -> Events:
        return Events(
            offset=offsets[columns.record],
            index=columns.index.astype(np.uint32),
            ts=columns.ts,
            clock=np.minimum(columns.ts, broker_ts[columns.record]),
            state=columns.state,
            states=columns.states,
            event=columns.event,
            series=self._layouts.series(columns.layout),
            x=columns.x,
            flag=columns.flag,
            feedback=[said._replace(before=int(np.searchsorted(columns.record, said.record))) for said in feedback],
        )


class _Batch:
    """The events of a chunk while they are being decoded, and what had to be refused of it."""

    def __init__(self, values: Sequence[bytes], records: Index, broker_ts: Ints, rules: EventRules) -> None:
        self.refusals: list[Refusal] = []
        self.feedback: list[Said] = []
        """Taken out of the events; before which of them it comes is not yet known."""
        self._broker_ts = broker_ts
        self._values = values
        self._rules = rules
        documents = _documents([values[record] for record in records.tolist()])
        if set(map(type, documents)) == {Event}:
            self.events: list[Event] = documents  # type: ignore[assignment]
            self.record: Index = records
            self.index: Index = np.zeros(len(documents), np.intp)
        else:
            self._unpack(documents, records)

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

    def _unpack(self, documents: list[Event | list[Event] | None], records: Index) -> None:
        """Take frames apart, and records that are no strict event."""
        self.events = []
        record: list[int] = []
        index: list[int] = []
        for position, document in zip(records.tolist(), documents, strict=True):
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
        event = second_look(element, (record, index), int(self._broker_ts[record]), self._rules, self.refusals)
        if event is None or event.feedback is None:
            return event
        said = event.feedback
        key = SeriesKey(event.site, event.asset, said.metric)
        self.feedback.append(Said(record, index, 0, said.topology, key, said.detector, said.verdict))
        return None


def in_log_order(refusal: Refusal) -> tuple[int, int, str]:
    return refusal.record, refusal.index, refusal.field


def _with_too_many(refusals: list[Refusal], columns: Columns, events: Bools) -> list[Refusal]:
    """All refusals, in log order. That of an event with too many series stands for those of its fields, too."""
    detail = "it brings a series that is new, and the topology allows no more of them now"
    places = dict.fromkeys(zip(columns.record[events].tolist(), columns.index[events].tolist(), strict=True))
    whole = [Refusal(record, index, Scope.EVENT, Reason.TOO_MANY_SERIES, detail) for record, index in places]
    return sorted([one for one in refusals if (one.record, one.index) not in places] + whole, key=in_log_order)


def capped(refusals: list[Refusal]) -> list[Refusal]:
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
