"""The second look at an event that failed the strict decoding: field by field, so that a bad one costs only itself."""

from collections.abc import Collection

import msgspec

from schemas import identifiers
from schemas.errors import EventError
from schemas.events import (
    FLAGS,
    LARGEST_RECORD,
    LARGEST_VALUE,
    LONGEST_NAME,
    Event,
    Judgement,
    LooseEvent,
    Reason,
    Scope,
)
from schemas.times import parse_time
from streams.compute.events import Refusal

_SHOWN = 80
"""Characters of a refused value that its dead letter quotes."""
_LISTED = 5
"""Fields of an event without any good one that its dead letter tells of."""


class EventRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a topology believes of an event. Times are epoch milliseconds."""

    earliest: int
    max_future: int
    assets: Collection[tuple[str, str]] | None = None
    """The (site, asset) pairs that are accepted; None accepts any."""
    metrics: Collection[str] | None = None

    def accepts(self, site: str, asset: str, metrics: Collection[str]) -> bool:
        """Whether events of this site and asset with exactly these metrics can be taken as they stand."""
        lengths = list(map(len, (site, asset, *metrics)))
        return (
            min(lengths) > 0
            and max(lengths) <= LONGEST_NAME
            and (self.assets is None or (site, asset) in self.assets)
            and (self.metrics is None or all(metric in self.metrics for metric in metrics))
        )


def split(value: bytes) -> list[bytes]:
    """The events of a record, undecoded. EventError where the record as a whole is unusable."""
    if len(value) > LARGEST_RECORD:
        raise EventError(Reason.TOO_LARGE, f"the message has {len(value)} bytes; allowed are {LARGEST_RECORD}")
    if not value:
        raise EventError(Reason.EMPTY, "the message has no bytes")
    try:
        value.decode()
        document = msgspec.json.decode(value, type=msgspec.Raw)
        if bytes(document).lstrip()[:1] != b"[":
            return [value]
        elements = [bytes(element) for element in msgspec.json.decode(value, type=list[msgspec.Raw])]
    except (ValueError, RecursionError) as error:
        raise EventError(Reason.MALFORMED, str(error)) from None
    if not elements:
        raise EventError(Reason.EMPTY, "the frame has no events")
    return elements


def second_look(
    raw: bytes, place: tuple[int, int], broker_ts: int, rules: EventRules, refusals: list[Refusal]
) -> Event | None:
    """What is good of the event `raw` at `place` (record, index); what is not is added to `refusals`.

    None if nothing is left: then there is exactly one refusal, of the whole event.
    """
    fields: dict[str, EventError] = {}
    try:
        event = _mend(raw, broker_ts, rules, fields)
    except EventError as error:
        refusals.append(Refusal(*place, Scope.EVENT, error.reason, error.detail))
        return None
    refusals += (Refusal(*place, Scope.FIELD, error.reason, error.detail, field) for field, error in fields.items())
    return event


def _mend(raw: bytes, broker_ts: int, rules: EventRules, refused: dict[str, EventError]) -> Event:
    try:
        loose = msgspec.json.decode(raw, type=LooseEvent)
        values = msgspec.json.decode(loose.values, type=dict[str, msgspec.Raw])
        flags = msgspec.json.decode(loose.flags, type=dict[str, msgspec.Raw] | None) or {}
    except (ValueError, RecursionError) as error:
        raise EventError(Reason.WRONG_TYPE, str(error)) from None
    site, asset = _name("site", loose.site), _name("asset", loose.asset)
    if rules.assets is not None and (site, asset) not in rules.assets:
        raise EventError(Reason.UNKNOWN_ASSET, f"{site}/{asset} is not in the topology")
    ts = _time(loose.ts, broker_ts, rules)
    has_state, has_feedback = bytes(loose.state) != b"null", bytes(loose.feedback) != b"null"
    if has_feedback and not values and not has_state:
        return Event(ts, site, asset, feedback=_judgement(loose.feedback))
    good: dict[str, float] = {}
    good_flags: dict[str, str] = {}
    for metric, value in values.items():
        try:
            good[metric] = _value(metric, value, rules)
            if metric in flags:
                good_flags[metric] = _flag(metric, flags[metric])
        except EventError as error:
            good.pop(metric, None)
            refused[_shortened(metric)] = error
    state: str | None = None
    try:
        state = _name("state", loose.state) if has_state else None
    except EventError as error:
        refused.setdefault("state", error)  # a bad metric of that name stands for both
    if has_feedback:
        beside = EventError(Reason.WRONG_TYPE, "feedback comes in an event of its own, without values and state")
        refused.setdefault("feedback", beside)
    if not good and state is None:
        raise _nothing_left(list(refused.values()))
    return Event(ts, site, asset, good, good_flags or None, state)


def _nothing_left(errors: list[EventError]) -> EventError:
    """The refusal of an event none of whose fields are good."""
    if not errors:
        return EventError(Reason.EMPTY, "the event has neither values nor a state nor feedback")
    told = [error.detail for error in errors[:_LISTED]]
    if len(errors) > _LISTED:
        told.append(f"and {len(errors) - _LISTED} more")
    return EventError(errors[0].reason, "; ".join(told))


def _name(field: str, raw: msgspec.Raw) -> str:
    try:
        name = msgspec.json.decode(raw, type=str)
    except ValueError:
        raise EventError(Reason.WRONG_TYPE, f"{field} is {_quote(raw)}, not a string") from None
    if not 0 < len(name) <= LONGEST_NAME:
        raise EventError(Reason.BAD_NAME, f"{field} has {len(name)} characters; allowed are 1 to {LONGEST_NAME}")
    return name


def _time(raw: msgspec.Raw, broker_ts: int, rules: EventRules) -> int:
    try:
        given = msgspec.json.decode(raw, type=int | str)
    except ValueError:
        raise EventError(Reason.WRONG_TYPE, f"ts is {_quote(raw)}, neither milliseconds nor RFC 3339") from None
    ts = parse_time(given)
    if ts < rules.earliest:
        raise EventError(Reason.BAD_TIME, f"{ts} ms lies before the earliest plausible time; were seconds sent?")
    if ts > broker_ts + rules.max_future:
        raise EventError(Reason.FUTURE, f"{ts - broker_ts} ms ahead of the broker; allowed are {rules.max_future}")
    return ts


def _value(metric: str, raw: msgspec.Raw, rules: EventRules) -> float:
    if not 0 < len(metric) <= LONGEST_NAME:
        raise EventError(Reason.BAD_NAME, f"a metric has {len(metric)} characters; allowed are 1 to {LONGEST_NAME}")
    if rules.metrics is not None and metric not in rules.metrics:
        raise EventError(Reason.UNKNOWN_METRIC, f"{metric} is not in the topology")
    try:
        value = msgspec.json.decode(raw, type=float)
    except ValueError:
        raise EventError(Reason.BAD_VALUE, f"{metric} is {_quote(raw)}, not a finite number") from None
    if not abs(value) <= LARGEST_VALUE:
        raise EventError(Reason.BAD_VALUE, f"{metric} is {value}; no quantity is larger than {LARGEST_VALUE}")
    return value


def _flag(metric: str, raw: msgspec.Raw) -> str:
    try:
        flag = msgspec.json.decode(raw, type=str)
    except ValueError:
        flag = ""
    if len(flag) != 1 or flag not in FLAGS:
        raise EventError(Reason.BAD_FLAG, f"{metric} has flag {_quote(raw)}; known are {', '.join(FLAGS)}")
    return flag


def _judgement(raw: msgspec.Raw) -> Judgement:
    try:
        return msgspec.json.decode(raw, type=Judgement)
    except ValueError as error:
        raise EventError(Reason.WRONG_TYPE, f"feedback: {error}") from None


def _shortened(metric: str) -> str:
    """A refused metric's name, as a dead letter can tell it from others of its event: not too long, nor none at all,
    like that of a letter for what is not told one by one."""
    return metric if 0 < len(metric) <= LONGEST_NAME else f"{metric[:_SHOWN]}… {identifiers.prefix(metric)}"


def _quote(raw: msgspec.Raw) -> str:
    return bytes(raw)[:_SHOWN].decode(errors="backslashreplace")
