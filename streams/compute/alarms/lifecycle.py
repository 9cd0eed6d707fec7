"""The life of alarms, a pure function of one log: conditions, what operators do, and the broker's time.

Source: ANSI/ISA-18.2-2016 and IEC 62682:2014, alarm state transition diagram. Where the standard leaves a choice:

- An alarm whose condition goes off unacknowledged is `returned_unacknowledged`, latching or not: a person learns of it.
- The standard's latched states are these: a latching alarm that was acknowledged stays `acknowledged` with `active`
  false. One more acknowledgement is its reset, as is the acknowledgement of a returned alarm: there is no action of its
  own for it.
- `raised` and `returned` tell of the condition, each in turn, whatever the state. While an alarm is shelved, suppressed
  or out of service they leave the state as it is: that nobody is to be disturbed is what the state says.
- How long an alarm has not been acknowledged counts from when it first came on, however often its condition goes off
  and on again meanwhile: one that chatters escalates all the same, while it is on. After that it counts anew from the
  next time that it comes on.
- An alarm that comes back into service follows its condition: unacknowledged where it holds, else normal.
"""

from collections.abc import Mapping
from heapq import heapify, heappop, heappush
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec

from schemas import identifiers
from schemas.alarm_actions import AlarmAction, Condition
from schemas.durations import Duration
from schemas.errors import EventError
from schemas.events import Reason
from schemas.results import Alarm, AlarmState, Transition
from streams.compute.alarms.flood import Floods
from streams.compute.alarms.rule import AlarmRule, AlarmSystem
from streams.compute.alarms.status import ALLOWED, REMOVES, TOLD_AS, Status
from streams.compute.series import SeriesKey

BY_HEADRACE: Final = "headrace"
_SPARE_TIMERS: Final = 1_000
_IDENTITY: Final = Status.__slots__[:5]
_CHANGING: Final = Status.__slots__[5:]
_FIELDS: Final = ("topology", "alarm", "by", "reason", "for_ms", "condition", "level", "ack")
_OF_CONDITION: Final = {"topology", "condition"}
_OF_OPERATOR: Final = {"topology", "alarm", "by", "reason"}

Key = tuple[str, str, str, str]
"""Name of the alarm, site, asset, metric."""


class Origin(NamedTuple):
    """Whose log this is."""

    topology: str
    topic: str
    partition: int


class Lifecycle:
    """The alarms of one partition of alarm actions. Time is that of the broker and never falls, epoch milliseconds."""

    def __init__(self, origin: Origin, rules: Mapping[str, AlarmRule], system: AlarmSystem) -> None:
        """`rules` by name."""
        self._origin = origin
        self._rules = rules
        self._system = system
        self._floods = Floods(system)
        self._by_key: dict[Key, Status] = {}
        self._by_id: dict[str, Status] = {}
        self._prefixes: dict[str, str] = {}
        """What the ids of an alarm's transitions begin with."""
        self._timers: list[tuple[int, str]] = []
        """A heap of times and alarms; those that no longer hold are left in it until they come up."""
        self._packed = 0, msgspec.msgpack.encode([])
        self._offset = -1
        self._in_record = 0
        """Transitions that the record at that offset has brought about."""
        self._transitions: list[Alarm] = []
        self.now = 0

    def drain(self) -> list[Alarm]:
        """The transitions since the last call, in order."""
        transitions, self._transitions = self._transitions, []
        return transitions

    def advance(self, offset: int, broker_ts: int) -> None:
        """Let the time of the record at `offset` come, whatever it holds: what timers bring about."""
        self._offset, self._in_record = offset, 0
        broker_ts = max(broker_ts, self.now)
        while self._timers and self._timers[0][0] <= broker_ts:
            due, id_ = heappop(self._timers)
            status = self._by_id[id_]
            if due == status.expires_at:
                self.now = due
                self._follow(status, "shelf_expired", BY_HEADRACE, "the shelf has expired")
            elif due == status.escalates_at and status.state == "unacknowledged":
                self.now = max(self.now, due)  # it may have run out while the condition was gone
                self._escalate(status)
        self.now = broker_ts

    def take(self, action: AlarmAction) -> bool:
        """Carry out the action of the record that `advance` was called for.

        False for a repeat: a condition that is on already, or off. EventError, and nothing is changed, for what does
        not fit: what it says is incomplete, or the alarm is unknown or in another state.
        """
        _check_complete(action)
        if action.action in ("tick", "level", "ack") or action.topology != self._origin.topology:
            return True
        if action.condition is None:
            self._operate(action)
            return True
        return self._turn(action.condition, action.action == "on")

    def is_on(self, name: str, series: SeriesKey) -> bool:
        """Whether the condition of an alarm holds."""
        status = self._by_key.get((name, *series))
        return status is not None and status.active

    def next_due(self) -> int | None:
        """When time alone will next bring something about; None if it does not."""
        while self._timers and not self._is_set(*self._timers[0]):
            heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def snapshot(self) -> dict[str, Any]:
        """The state: plain data."""
        alarms = self._by_id.values()
        return {
            "now": self.now,
            "floods": self._floods.snapshot(),
            "identities": self._identities(),
            "alarms": {field: list(map(attrgetter(field), alarms)) for field in _CHANGING},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the state of a snapshot. Only for a new object."""
        self.now = state["now"]
        self._floods.restore(state["floods"])
        identities = msgspec.msgpack.decode(state["identities"])
        changing = zip(*(state["alarms"][field] for field in _CHANGING), strict=True)
        for identity, fields in zip(identities, changing, strict=True):
            self._introduce(Status(*identity, *fields))
        self._set_timers_anew()

    def _identities(self) -> bytes:
        """What never changes of the alarms, packed anew only where there are new ones: snapshots are frequent."""
        if self._packed[0] < len(self._by_id):
            identities = list(map(attrgetter(*_IDENTITY), self._by_id.values()))
            self._packed = len(self._by_id), msgspec.msgpack.encode(identities)
        return self._packed[1]

    def _turn(self, condition: Condition, on: bool) -> bool:
        status = self._by_key.get((condition.name, condition.site, condition.asset, condition.metric))
        if on and condition.name not in self._rules:
            raise EventError(Reason.UNKNOWN_ALARM, f"the topology declares no alarm {condition.name!r}")
        if on == (status is not None and status.active):
            return False
        if status is None:
            status = self._new(condition)
        status.active = on
        state = status.state
        if on:
            status.raised_at, status.limit = condition.ts, condition.limit
            if state not in REMOVES.values():
                self._floods.add(status.site, self.now)
                state = "unacknowledged"
        elif state == "unacknowledged":
            state = "returned_unacknowledged"
        elif state == "acknowledged" and not self._is_latching(status):
            state = "normal"
        told: Transition = "raised" if on else "returned"
        self._add(status, told, state, condition.ts, BY_HEADRACE, condition.reason, condition.value)
        return True

    def _operate(self, action: AlarmAction) -> None:
        status = self._by_id.get(action.alarm)
        if status is None:
            raise EventError(Reason.UNKNOWN_ALARM, f"no alarm {action.alarm!r} has ever come on in this partition")
        told, word = TOLD_AS[action.action], action.action
        fits = status.can_be_acknowledged() if word == "acknowledge" else status.state in ALLOWED[word]
        if not fits:
            up = "on" if status.active else "off"
            raise EventError(
                Reason.NOT_APPLICABLE, f"{word} does not apply: the alarm is {status.state}, its condition {up}"
            )
        if action.for_ms is not None and action.for_ms > self._system.longest_shelf:
            raise EventError(
                Reason.SHELF_TOO_LONG,
                f"{Duration(action.for_ms)} is too long: the longest shelf is {self._system.longest_shelf}",
            )
        if word == "acknowledge":
            state: AlarmState = "acknowledged" if status.state == "unacknowledged" else "normal"
            self._add(status, told, state, self.now, action.by, action.reason)
        elif word in REMOVES:
            status.expires_at = None if action.for_ms is None else self.now + action.for_ms
            self._add(status, told, REMOVES[word], self.now, action.by, action.reason)
        else:
            self._follow(status, told, action.by, action.reason)

    def _escalate(self, status: Status) -> None:
        status.escalates_at = None
        rule = self._rules.get(status.name)
        if rule is not None and rule.escalate_after is not None:  # else it is declared otherwise by now
            why = f"not acknowledged for {rule.escalate_after}"
            self._add(status, "escalated", status.state, self.now, BY_HEADRACE, why)

    def _follow(self, status: Status, told: Transition, by: str, reason: str) -> None:
        """Back into service: the state is what the condition says."""
        status.expires_at = None
        self._add(status, told, "unacknowledged" if status.active else "normal", self.now, by, reason)

    def _add(
        self,
        status: Status,
        told: Transition,
        state: AlarmState,
        ts: int,
        by: str,
        reason: str,
        value: float | None = None,
    ) -> None:
        """Change the state and tell of it."""
        previous, status.state = status.state, state
        if state != previous:
            self._set_timers(status)
        rule = self._rules.get(status.name)
        id_ = identifiers.at(self._prefixes[status.id], self._offset, self._in_record)
        self._in_record += 1
        self._transitions.append(Alarm(
            id_, status.id, ts, status.site, status.asset, status.metric, status.name,
            "medium" if rule is None else rule.priority, told, previous, state, status.active, status.raised_at,
            value, status.limit, by, reason, status.expires_at, self._floods.is_on(status.site, self.now),
            *self._origin, self._offset,
        ))  # fmt: skip

    def _new(self, condition: Condition) -> Status:
        key = (condition.name, condition.site, condition.asset, condition.metric)
        return self._introduce(Status(alarm_id(self._origin.topology, *key), *key))

    def _introduce(self, status: Status) -> Status:
        self._by_key[status.name, status.site, status.asset, status.metric] = status
        self._by_id[status.id] = status
        self._prefixes[status.id] = identifiers.prefix("alarm_transition", *self._origin, status.id)
        return status

    def _is_latching(self, status: Status) -> bool:
        rule = self._rules.get(status.name)
        return rule is not None and rule.latching

    def _set_timers(self, status: Status) -> None:
        """The timers that belong to the state it has now."""
        rule = self._rules.get(status.name)
        if status.state == "unacknowledged" and status.escalates_at is None:
            after = None if rule is None else rule.escalate_after
            status.escalates_at = None if after is None else self.now + after
        elif status.state not in ("unacknowledged", "returned_unacknowledged"):
            status.escalates_at = None
        if status.state != "shelved":
            status.expires_at = None
        for due in (status.escalates_at, status.expires_at):
            if due is not None:
                heappush(self._timers, (due, status.id))
        if len(self._timers) > 2 * len(self._by_id) + _SPARE_TIMERS:
            self._set_timers_anew()

    def _set_timers_anew(self) -> None:
        self._timers = [
            (due, status.id)
            for status in self._by_id.values()
            for due in (status.escalates_at, status.expires_at)
            if due is not None
        ]
        heapify(self._timers)

    def _is_set(self, due: int, id_: str) -> bool:
        status = self._by_id[id_]
        return due == status.expires_at or (due == status.escalates_at and status.state == "unacknowledged")


def alarm_id(topology: str, name: str, site: str, asset: str, metric: str) -> str:
    """The id of an alarm: the same every time that it comes on."""
    return identifiers.prefix("alarm", topology, name, site, asset, metric)


def _check_complete(action: AlarmAction) -> None:
    """EventError unless the action has exactly the fields that it needs."""
    given = {field for field in _FIELDS if getattr(action, field) not in ("", None)}
    match action.action:
        case "tick":
            needed = set()
        case "on" | "off":
            needed = _OF_CONDITION
        case "level" | "ack":
            needed = {"topology", action.action}
        case "shelve":
            needed = _OF_OPERATOR | {"for_ms"}
        case _:
            needed = _OF_OPERATOR
    if given != needed:
        wrong = [f"{field} is missing" for field in _FIELDS if field in needed - given]
        wrong += [f"{field} does not belong here" for field in _FIELDS if field in given - needed]
        raise EventError(Reason.WRONG_TYPE, f"{action.action}: {', '.join(wrong)}")
