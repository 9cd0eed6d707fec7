"""What the control loop tells people: one sentence for each row."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from schemas.process_acks import ProcessAck
from schemas.results import Direction
from streams.compute.control_loop.levels import Known
from streams.compute.control_loop.playbook import Interlock, Playbook
from streams.compute.detectors.base import MetricInfo, quantity
from streams.compute.series import SeriesKey

_LONGEST_REFUSAL: Final = 500
"""Characters of what the process says of its refusal."""


class Forbidden(NamedTuple):
    """What forbids a move."""

    by: str
    """Which interlock, and how: the same as long as it is the same obstacle."""
    reason: str


class Reasons:
    """The sentences of one playbook, with units as the topology declares them."""

    def __init__(self, playbook: Playbook, metrics: Mapping[str, MetricInfo]) -> None:
        self._playbook = playbook
        self._metrics = metrics
        point = playbook.setpoint
        self._setpoint = f"{point.metric} of {point.asset}"

    def move(self, direction: Direction, before: float, after: float) -> str:
        """Why the set-point is to be moved."""
        why = f"{self._playbook.alarm} is on" if direction == "step" else "all is well, wind back"
        return f"{why}: {self._setpoint} from {self._set(before)} to {self._set(after)}"

    def acknowledged(self, value: float) -> str:
        """The process has done it."""
        return f"{self._setpoint} stands at {self._set(value)}"

    def rejected(self, ack: ProcessAck) -> str:
        """The process will not do it."""
        refusal = ack.reason[:_LONGEST_REFUSAL] or "no reason given"
        return f"the process refuses: {refusal}; {self._setpoint} stands at {self._set(ack.value)}"

    def timed_out(self) -> str:
        """It has not said anything."""
        return f"no acknowledgement within {self._playbook.ack_timeout}"

    def effective(self, metric: SeriesKey, before: float, level: Known | None, on: bool) -> str:
        """The step has helped."""
        return self._change(metric, before, level) if on else f"{self._playbook.alarm} is off"

    def no_effect(self, metric: SeriesKey, before: float, level: Known | None) -> str:
        """It has not."""
        if level is None:
            return f"{metric.metric} of {metric.asset} is not known since the step"
        wanted = self._quantity(self._playbook.improvement, metric.metric)
        return f"{self._change(metric, before, level)}; it should have changed by {wanted} for the better"

    def settled(self, steps: int) -> str:
        """The episode is over."""
        done = "no step was made" if not steps else f"{self._setpoint} is back after {steps} step{'s'[: steps > 1]}"
        return f"{self._playbook.alarm} is off for {self._playbook.hold}: {done}"

    def too_long(self) -> str:
        """The loop has had its time."""
        return f"not over within {self._playbook.time_limit}"

    def in_vain(self) -> str:
        """What it does is of no use."""
        return "two moves in a row had no effect or were refused"

    def most_steps(self) -> str:
        """It may do no more."""
        steps = self._playbook.most_steps
        return f"{self._playbook.alarm} is on after {steps} step{'s'[: steps > 1]}, and no more are allowed"

    def at_bound(self, where: float) -> str:
        """There is nowhere to go."""
        return f"{self._setpoint} stands at {self._set(where)}, its bound"

    def out_of_bounds(self, where: float) -> str:
        """Somebody else has moved it."""
        point = self._playbook.setpoint
        bounds = f"{point.low:.10g} to {self._set(point.high)}"
        return f"{self._setpoint} stands at {self._set(where)}, outside its bounds of {bounds}"

    def again(self) -> str:
        """A person was called before, and then all was well."""
        return f"{self._playbook.alarm} is on again, and a person was called before"

    def no_answer(self) -> str:
        """Nobody listens."""
        attempts = self._playbook.attempts
        return f"commanded {attempts} time{'s'[: attempts > 1]} without an acknowledgement"

    def unknown(self, key: SeriesKey) -> Forbidden:
        """Something that has to be known is not."""
        reason = f"{key.metric} of {key.asset} is not known: no reading in the last {self._playbook.fresh}"
        return Forbidden(f"{key.asset}/{key.metric} unknown", reason)

    def interlock(self, key: SeriesKey, interlock: Interlock, level: Known | None) -> Forbidden | None:
        """Why an interlock forbids a move, if it does."""
        if level is None:
            return self.unknown(key)
        beyond = None
        if interlock.low is not None and level.value < interlock.low:
            beyond = "below", interlock.low
        elif interlock.high is not None and level.value > interlock.high:
            beyond = "above", interlock.high
        if beyond is None:
            return None
        side, limit = beyond
        value, bound = self._quantity(level.value, key.metric), self._quantity(limit, key.metric)
        return Forbidden(f"{key.asset}/{key.metric} {side}", f"{key.metric} of {key.asset} is {value}, {side} {bound}")

    def _change(self, metric: SeriesKey, before: float, level: Known | None) -> str:
        after = "unknown" if level is None else self._quantity(level.value, metric.metric)
        return f"{metric.metric} of {metric.asset} went from {self._quantity(before, metric.metric)} to {after}"

    def _set(self, value: float) -> str:
        return self._quantity(value, self._playbook.setpoint.metric)

    def _quantity(self, value: float, metric: str) -> str:
        return quantity(value, self._metrics.get(metric, MetricInfo(metric)))
