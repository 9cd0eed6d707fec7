"""Decoded events as columns, before their series are known: where the fast and the careful way of decoding meet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import attrgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.errors import EventError
from schemas.events import FLAGS, LARGEST_VALUE, LONGEST_NAME, Event
from schemas.times import LARGEST_TIME, parse_time
from streams.compute.events import Bools, Codes, Floats, Index, Ints
from streams.layouts import NOT_ACCEPTED, Layouts
from streams.second_look import EventRules

NO_STATES: Final = ("",)

_FLAG_CODE = {flag: code for code, flag in enumerate(FLAGS)}
_UNREADABLE = -1
_values_of = attrgetter("values")
_feedback_of = attrgetter("feedback")


@dataclass(frozen=True, slots=True)
class Columns:
    """Events in log order: up to `state` an entry for each event, then one for each value."""

    record: Index
    """Position of the record in the chunk."""
    index: Index
    """Position of the event in its record."""
    ts: Ints
    layout: Index
    state: Codes
    """Position in `states`."""
    event: Index
    """Position of the value's event."""
    x: Floats
    flag: NDArray[np.int8]
    states: Sequence[str] = NO_STATES

    def without(self, events: Bools) -> "Columns":
        """All but these events."""
        kept = ~events
        of_value = kept[self.event]
        return replace(
            self,
            **{name: getattr(self, name)[kept] for name in ("record", "index", "ts", "layout", "state")},
            **{name: getattr(self, name)[of_value] for name in ("x", "flag")},
            event=(np.cumsum(kept) - 1)[self.event[of_value]],
        )

    def merged(self, other: "Columns") -> "Columns":
        """The events of both, which come from different records, in log order."""
        of_event = np.argsort(np.concatenate((self.record, other.record)), kind="stable")
        place = np.empty_like(of_event)
        place[of_event] = np.arange(len(of_event))
        event = place[np.concatenate((self.event, other.event + len(self.record)))]
        of_value = np.argsort(event, kind="stable")
        both = {
            name: np.concatenate((getattr(self, name), getattr(other, name)))[order]
            for order, names in ((of_event, ("record", "index", "ts", "layout")), (of_value, ("x", "flag")))
            for name in names
        }
        others = np.where(other.state > 0, other.state + len(self.states) - 1, 0).astype(np.int32)
        state = np.concatenate((self.state, others))[of_event]
        return Columns(**both, event=event[of_value], state=state, states=(*self.states, *other.states[1:]))


def odd_times(ts: Ints, broker_ts: Ints, rules: EventRules) -> Bools:
    """Which event times lie too early, or too far ahead of the broker's timestamps."""
    odd: Bools = (ts < rules.earliest) | (ts - rules.max_future > broker_ts)
    return odd


def from_events(
    events: list[Event], record: Index, index: Index, broker_ts: Ints, rules: EventRules, layouts: Layouts
) -> Columns | Bools:
    """The events as columns; or, where some of them stand out, which: they need a second look first.

    `broker_ts` (ms) has an entry for each event.
    """
    ts, odd = _times(events)
    if any(map(_feedback_of, events)):
        odd |= np.array([event.feedback is not None for event in events])
    odd |= odd_times(ts, broker_ts, rules)
    if odd.any():
        return odd
    layout = layouts.look_up(events)
    strange: Bools = layout == NOT_ACCEPTED
    if strange.any():
        return strange
    event = layouts.spread(layout)
    x = np.fromiter(chain.from_iterable(map(dict.values, map(_values_of, events))), np.float64, len(event))
    flag = _flags(events, len(x))
    state, states, odd = _states(events, np.bincount(event, minlength=len(events)) > 0)
    odd[event[(np.abs(x) > LARGEST_VALUE) | (flag == _UNREADABLE)]] = True
    if odd.any():
        return odd
    return Columns(record, index, ts, layout, state, event, x, flag, states)


def _times(events: list[Event]) -> tuple[Ints, Bools]:
    """Event times in ms, and which of them cannot be read."""
    given = [event.ts for event in events]
    odd = np.zeros(len(given), bool)
    if set(map(type, given)) <= {int}:
        try:
            ts = np.array(given, np.int64)
            odd |= (ts > LARGEST_TIME) | (ts < -LARGEST_TIME)
            return ts, odd
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


def _states(events: list[Event], has_values: Bools) -> tuple[Codes, Sequence[str], Bools]:
    """Machine states as codes and words, and which events have a bad one, or neither state nor values."""
    given = [event.state for event in events]
    distinct = set(given)
    codes, odd = np.zeros(len(given), np.int32), np.zeros(len(given), bool)
    if distinct <= {None} and has_values.all():
        return codes, NO_STATES, odd
    states = ["", *(state for state in dict.fromkeys(given) if state is not None)]
    code_of: dict[str | None, int] = {None: 0} | {state: code for code, state in enumerate(states) if code}
    codes[:] = [code_of[state] for state in given]
    bad = np.array([False, *(not 0 < len(state) <= LONGEST_NAME for state in states[1:])])
    return codes, states, bad[codes] | ((codes == 0) & ~has_values)
