"""Dead letters: what there is of them, and the messages that bring back exactly what was refused.

What was accepted beside it must not come back, or it would count twice: of a frame only the refused events are sent,
of an event only the refused fields.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from schemas.errors import EventError, UserError
from schemas.events import LooseEvent, Reason, Scope
from schemas.results import DeadLetter
from schemas.topics import DEAD_LETTERS
from streams.log_lookup import LogLookup
from streams.second_look import EventRules, second_look, split

_OF_STATE = (Reason.WRONG_TYPE, Reason.BAD_NAME)
"""Why an event's `state` is refused. A letter of field `state` for another reason is of the metric of that name."""


class Outcome(StrEnum):
    """What became of a dead letter that was to be replayed."""

    REPLAYED = "replayed"
    """What was refused has been sent back."""
    ALREADY = "already replayed"
    """An earlier replay has sent it back."""
    GONE = "gone from the log"
    """The source topic no longer holds the record. The letter shows only its beginning, which is never sent."""
    REFUSED_AGAIN = "would be refused again"
    """The topology still does not take it."""
    NOT_REPLAYABLE = "not replayable"
    """Its reason is `more`, which names nothing that could be sent; or the topology no longer reads its source."""


@dataclass
class Group:
    """The dead letters of one source topic and reason."""

    topic: str
    reason: str
    sample: DeadLetter
    """The last of them."""
    first: int
    """Smallest broker's timestamp, epoch milliseconds."""
    last: int
    """Largest broker's timestamp, epoch milliseconds."""
    count: int = 0
    scopes: Counter[str] = field(default_factory=Counter)
    """Count by scope."""

    def add(self, letter: DeadLetter) -> None:
        """Count one more."""
        self.count += 1
        self.scopes[letter.scope] += 1
        self.first = min(self.first, letter.ts)
        if letter.ts >= self.last:
            self.last, self.sample = letter.ts, letter


class Resend(NamedTuple):
    """One message for the source topic."""

    value: bytes
    letters: list[DeadLetter]
    """The letters whose refused part it holds."""


async def letters(log: LogLookup, topology: str) -> AsyncIterator[DeadLetter]:
    """All dead letters of a topology, each id once. UserError where one cannot be read."""
    mine = f"/headrace/{topology}/".encode()
    seen: set[str] = set()
    async for record in log.everything(await log.partitions(DEAD_LETTERS.name)):
        if not dict(record.headers).get("ce_source", b"").startswith(mine):
            continue
        try:
            letter = msgspec.json.decode(record.value, type=DeadLetter)
        except msgspec.DecodeError as error:
            place = f"{record.topic}/{record.partition}/{record.offset}"
            raise UserError(f"{place} is no dead letter that this version can read: {error}") from None
        if letter.id not in seen:
            seen.add(letter.id)
            yield letter


async def groups(found: AsyncIterator[DeadLetter]) -> list[Group]:
    """By source topic and reason, in that order."""
    by: dict[tuple[str, str], Group] = {}
    async for letter in found:
        key = letter.topic, letter.reason
        group = by.setdefault(key, Group(*key, letter, letter.ts, letter.ts))
        group.add(letter)
    return [by[key] for key in sorted(by)]


def resends(
    value: bytes, of_record: Sequence[DeadLetter], rules: EventRules, now: int, whole_records: bool
) -> list[Resend]:
    """The messages that bring back what these letters, all of one record, say was refused of its `value`.

    Letters in none of them would be refused again: an event or field comes back only if `rules` take it at `now`
    (epoch milliseconds); a record that could not be read at all only if `whole_records` are asked for, because no
    topology makes it readable.
    """
    found: list[Resend] = []
    elements: list[bytes] | None = None
    for (index, scope), group in groupby(sorted(of_record, key=_position), lambda letter: _position(letter)[:2]):
        of_event = list(group)
        if scope == Scope.RECORD:
            found += [Resend(value, of_event)] if whole_records else []
            continue
        try:
            elements = split(value) if elements is None else elements
            element = elements[index]
            if scope == Scope.FIELD:
                of_event = [letter for letter in of_event if _is_taken(only(element, [letter]), rules, now)]
                element = only(element, of_event)
            if of_event and _is_taken(element, rules, now):
                found.append(Resend(element, of_event))
        except (EventError, IndexError, ValueError, RecursionError):  # another version saw more in it than this one
            continue
    return found


def only(event: bytes, of_event: Sequence[DeadLetter]) -> bytes:
    """The event with none but the fields that these letters of it name. Numbers keep their text.

    ValueError or RecursionError where `event` is no event at all.
    """
    loose = msgspec.json.decode(event, type=LooseEvent)
    values = msgspec.json.decode(loose.values, type=dict[str, msgspec.Raw])
    flags = msgspec.json.decode(loose.flags, type=dict[str, msgspec.Raw] | None) or {}
    metrics = {letter.field for letter in of_event if not _is_state(letter)}
    kept: dict[str, Any] = {"ts": loose.ts, "site": loose.site, "asset": loose.asset}
    kept["values"] = {metric: value for metric, value in values.items() if metric in metrics}
    if flagged := {metric: flag for metric, flag in flags.items() if metric in kept["values"]}:
        kept["flags"] = flagged
    if any(map(_is_state, of_event)):
        kept["state"] = loose.state
    return msgspec.json.encode(kept)


def _is_taken(event: bytes, rules: EventRules, now: int) -> bool:
    return second_look(event, (0, 0), now, rules, []) is not None


def _is_state(letter: DeadLetter) -> bool:
    return letter.field == "state" and letter.reason in _OF_STATE


_position = attrgetter("index", "scope", "field")
