"""How one playbook answers its alarm: the life of an episode, from the condition that comes on until all is well."""

from dataclasses import asdict
from typing import Any, Final

from schemas.process_acks import ProcessAck
from schemas.results import AdjustmentStatus, Direction
from streams.compute.alarms.rule import AlarmRule
from streams.compute.control_loop.journal import Journal, Move, Subject
from streams.compute.control_loop.levels import Levels
from streams.compute.control_loop.playbook import Playbook
from streams.compute.control_loop.reasons import Reasons
from streams.compute.control_loop.state import State
from streams.compute.series import SeriesKey

_IN_VAIN: Final = 2
"""Steps in a row without effect, after which a person is called."""
_NEAR: Final = 0.1
"""Of a step: so near to a value is at it. Readings of a set-point are noisy."""


class Answer:
    """Configuration: a playbook and its alarm. State: the episode. Whatever happens goes into the journal.

    Nothing is decided but at a record of the log, and by its time: a worker that was away does not catch up on commands
    that nobody would have carried out.
    """

    def __init__(
        self, playbook: Playbook, rule: AlarmRule, subject: Subject, levels: Levels, journal: Journal, reasons: Reasons
    ) -> None:
        initial = playbook.setpoint.initial
        self.state = State(initial, before=initial, after=initial)
        self._playbook = playbook
        self._sign = 1 if rule.low is None else -1
        self._subject = subject
        self._levels = levels
        self._journal = journal
        self._reasons = reasons
        site, setpoint = subject.site, playbook.setpoint
        self._near = _NEAR * abs(setpoint.step)
        self._setpoint = SeriesKey(site, setpoint.asset, setpoint.metric)
        self._metric = SeriesKey(site, playbook.asset, rule.metrics[0])
        self._interlocks = [(SeriesKey(site, one.asset, one.metric), one) for one in playbook.interlocks]

    def take(self, ack: ProcessAck) -> bool:
        """What the process says of a command. False if none such is under way: then nothing is changed."""
        state, now = self.state, self._journal.now
        if state.phase != "in_flight" or ack.adjustment != state.adjustment:
            return False
        state.set_value, state.set_at = ack.value, now
        if ack.status == "rejected":
            self._rest_in_vain()
            self._tell("rejected", self._reasons.rejected(ack))
        elif state.direction == "step":
            state.phase, state.due = "settling", now + self._playbook.settle
            self._tell("acknowledged", self._reasons.acknowledged(ack.value))
        else:
            state.phase, state.in_vain = "resting", 0
            self._tell("acknowledged", self._reasons.acknowledged(ack.value))
        return True

    def act(self, on: bool) -> None:
        """Do what is due at the time of the record, the alarm's condition being on or off."""
        state, now = self.state, self._journal.now
        if on != state.on:
            state.on, state.off_since = on, now
        if not state.open:
            if not on:
                return
            state = self._begin()
        if state.phase == "in_flight" and now >= state.due:
            self._time_out()
        if state.phase == "settling" and now >= state.due:
            self._judge()
        if state.phase == "resting" and state.open:
            self._go_on()

    def next_due(self) -> int | None:
        """When time alone will next bring something about; None if it does not."""
        state = self.state
        if not state.open:
            return None
        if state.phase != "resting":
            return state.due
        times = [state.moved_at + self._playbook.cool_down]
        if state.deadline is not None:
            times.append(state.deadline)
        if not state.on:
            times.append(state.off_since + self._playbook.hold)
        return min((time for time in times if time > self._journal.now), default=None)

    def snapshot(self) -> dict[str, Any]:
        """The state: plain data."""
        return asdict(self.state)

    def restore(self, state: dict[str, Any]) -> None:
        """Take over the state of a snapshot."""
        self.state = State(**state)

    def _begin(self) -> State:
        """A new episode; what is known of the set-point stays."""
        old = self.state
        self.state = state = State(
            old.set_value, old.set_at, old.moved_at, on=True, off_since=old.off_since, open=True,
            deadline=self._journal.now + self._playbook.time_limit, before=old.after, after=old.after,
        )  # fmt: skip
        state.adjustment = self._journal.new_adjustment(self._playbook.name)
        self._stand(self._where())
        return state

    def _go_on(self) -> None:
        """Nothing is under way: find out what comes next."""
        state, now, book = self.state, self._journal.now, self._playbook
        all_is_well = not state.on and now >= state.off_since + book.hold
        if state.escalated and not all_is_well:
            state.deadline = None  # it is a person's turn
            if state.on and state.direction == "back":  # who was called before may think that it is over
                self._turn("step")
                self._escalate(self._where(), self._reasons.again())
            return
        if state.deadline is None:
            state.deadline = now + book.time_limit
        if state.on or all_is_well:
            self._turn("step" if state.on else "back")
        where = self._where()
        if all_is_well and self._is_back(where):
            self._end("settled", where, self._reasons.settled(state.steps))
        elif (why := self._hopeless(where, state.on or all_is_well)) is not None:
            self._escalate(where, why)
        elif (state.on or all_is_well) and now >= state.moved_at + book.cool_down:
            self._move(where)

    def _turn(self, direction: Direction) -> None:
        """What comes next goes in this direction."""
        state = self.state
        if state.direction != direction:
            state.direction, state.in_vain = direction, 0
            self._renew()

    def _renew(self) -> None:
        """The next move is another adjustment."""
        state = self.state
        state.adjustment = self._journal.new_adjustment(self._playbook.name)
        state.attempt, state.forbidden_by = 0, []

    def _where(self) -> float | None:
        """Where the set-point stands, if that is known."""
        state = self.state
        level = self._levels.fresh(self._setpoint, self._journal.now, self._playbook.fresh)
        return level.value if level is not None and level.ts >= state.set_at else state.set_value

    def _is_back(self, where: float | None) -> bool:
        origin = self.state.origin
        return origin is None or (where is not None and abs(where - origin) <= self._near)

    def _hopeless(self, where: float | None, wanted: bool) -> str | None:
        """Why the loop cannot help any more, if it cannot; `wanted`: whether there is a move to be made."""
        state, book, point = self.state, self._playbook, self._playbook.setpoint
        if state.deadline is not None and self._journal.now >= state.deadline:
            return self._reasons.too_long()
        if not wanted:
            return None
        if state.in_vain >= _IN_VAIN:
            return self._reasons.in_vain()
        if state.direction == "step" and state.steps >= book.most_steps:
            return self._reasons.most_steps()
        if where is not None and not point.low - self._near <= where <= point.high + self._near:
            return self._reasons.out_of_bounds(where)
        if where is not None and state.direction == "step" and abs(self._wanted(where) - where) <= self._near:
            return self._reasons.at_bound(where)
        return None

    def _wanted(self, where: float) -> float:
        """Where the set-point is to be moved to next: within its bounds, and by at most a step."""
        state, point = self.state, self._playbook.setpoint
        wanted = where + point.step
        if state.direction == "back" and state.origin is not None:
            wanted = min(max(state.origin, where - abs(point.step)), where + abs(point.step))
        return min(max(wanted, point.low), point.high)

    def _move(self, where: float | None) -> None:
        """The next step, or step back, unless something forbids it."""
        state = self.state
        if state.attempt:
            self._renew()
        if where is not None:
            state.before, state.after = where, self._wanted(where)
        if self._is_forbidden(where):
            return
        if state.direction == "step":
            state.steps += 1
            state.origin = state.before if state.origin is None else state.origin
        self._command()

    def _is_forbidden(self, where: float | None) -> bool:
        """Whether something unknown or an interlock forbids a move now. Tells of it once."""
        state, now, fresh = self.state, self._journal.now, self._playbook.fresh
        found = self._reasons.unknown(self._setpoint) if where is None else None
        level = self._levels.fresh(self._metric, now, fresh)
        if level is None:
            found = found or self._reasons.unknown(self._metric)
        else:
            state.measured = level.value
        for key, interlock in self._interlocks:
            found = found or self._reasons.interlock(key, interlock, self._levels.fresh(key, now, fresh))
        if found is None:
            return False
        if found.by not in state.forbidden_by:
            state.forbidden_by.append(found.by)
            self._tell("blocked", found.reason)
        return True

    def _command(self) -> None:
        """Nothing forbids it."""
        state, now, book = self.state, self._journal.now, self._playbook
        state.attempt += 1
        state.moved_at, state.forbidden_by = now, []
        why = self._reasons.move(state.direction, state.before, state.after)
        if book.mode == "advise":
            state.phase, state.due = "settling", now + book.settle
            self._tell("proposed", why)
        else:
            state.phase, state.due = "in_flight", now + book.ack_timeout
            self._tell("commanded", why, expires_at=state.due)

    def _time_out(self) -> None:
        """No acknowledgement has come: command it again, where it is still wanted, allowed, and may be repeated."""
        state = self.state
        state.set_value, state.set_at = None, self._journal.now
        state.phase = "resting"
        self._tell("timed_out", self._reasons.timed_out())
        if state.attempt >= self._playbook.attempts:
            self._escalate(self._where(), self._reasons.no_answer())
        elif state.on == (state.direction == "step") and not self._is_forbidden(state.before):
            self._command()
        else:
            self._rest_in_vain()

    def _judge(self) -> None:
        """The step has had its time: did the emission fall?"""
        state = self.state
        state.phase = "resting"
        if state.direction == "back":
            return
        level = self._levels.fresh(self._metric, self._journal.now, self._playbook.fresh)
        if level is not None and level.ts < state.due - self._playbook.settle:
            level = None  # it is from before the step
        gained = None if level is None else self._sign * (state.measured - level.value)
        if not state.on or (gained is not None and gained >= self._playbook.improvement):
            state.in_vain = 0
            self._tell("effective", self._reasons.effective(self._metric, state.measured, level, state.on))
        else:
            self._rest_in_vain()
            self._tell("no_effect", self._reasons.no_effect(self._metric, state.measured, level))

    def _rest_in_vain(self) -> None:
        self.state.phase = "resting"
        self.state.in_vain += 1

    def _escalate(self, where: float | None, why: str) -> None:
        """Call a person. Winding back ends with it; what answers a condition waits until all is well."""
        state = self.state
        if state.direction == "back":
            self._end("escalated", where, why)
        else:
            self._stand(where)
            self._tell("escalated", why)
            state.escalated, state.deadline = True, None

    def _end(self, status: AdjustmentStatus, where: float | None, why: str) -> None:
        """The episode is over."""
        self._stand(where)
        self._tell(status, why)
        self.state.open = False

    def _stand(self, where: float | None) -> None:
        """No move is wanted: what is told next is about where the set-point stands."""
        if where is not None:
            self.state.before = self.state.after = where

    def _tell(self, status: AdjustmentStatus, reason: str, expires_at: int | None = None) -> None:
        state = self.state
        move = Move(state.adjustment, state.direction, state.before, state.after, state.attempt)
        self._journal.tell(self._subject, move, status, reason, expires_at)
