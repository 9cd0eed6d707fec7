"""Logs of alarm actions for tests of the control loop, and ways to run them through an engine."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st

from schemas.alarm_actions import AlarmAction, Condition, Level
from schemas.durations import Duration
from schemas.errors import EventError
from schemas.events import Reason
from schemas.process_acks import ProcessAck
from schemas.results import Adjustment
from streams.compute.alarms.engine import AlarmEngine
from streams.compute.alarms.lifecycle import Lifecycle, Origin
from streams.compute.alarms.rule import AlarmRule, AlarmSystem
from streams.compute.control_loop.loop import ControlLoop
from streams.compute.control_loop.playbook import Interlock, Playbook, SetPoint
from streams.compute.detectors.base import MetricInfo

START = 1_760_000_000_000
SECOND = 1_000
RULES = {
    "so2-high": AlarmRule(name="so2-high", metrics=("so2",), high=200.0),
    "ph-low": AlarmRule(name="ph-low", metrics=("ph",), low=7.0),
}
UP = Playbook(
    name="more-reagent",
    alarm="so2-high",
    asset="stack",
    setpoint=SetPoint(asset="scrubber", metric="reagent", initial=24, low=10, high=60, step=6),
    mode="automatic",
    improvement=5.0,
    interlocks=(Interlock(asset="scrubber", metric="pump", low=10.0, high=60.0),),
)
DOWN = Playbook(
    name="slower-line",
    alarm="ph-low",
    asset="stack",
    setpoint=SetPoint(asset="line", metric="speed", initial=1.0, low=0.6, high=1.1, step=-0.15),
    mode="automatic",
    improvement=0.2,
    most_steps=3,
    attempts=2,
    cool_down=Duration.parse("12s"),
    settle=Duration.parse("6s"),
    hold=Duration.parse("30s"),
    time_limit=Duration.parse("3m"),
)
ADVICE = msgspec.structs.replace(UP, name="advice", mode="advise")
METRICS = {
    "so2": MetricInfo("so2", "mg/m3"),
    "reagent": MetricInfo("reagent", "l/min"),
    "pump": MetricInfo("pump", "A"),
}


Step = tuple[int, AlarmAction | EventError]
NEWEST = "NEWEST more-reagent"
"""The newest adjustment of `UP`."""


class Record(NamedTuple):
    """One record of the log; an ack may name the newest adjustment of a playbook, which is known when it is run."""

    offset: int
    broker_ts: int
    action: AlarmAction | EventError


def engine(playbooks: Sequence[Playbook] = (UP,)) -> AlarmEngine:
    origin = Origin("t", "alarm.actions", 1)
    return AlarmEngine(Lifecycle(origin, RULES, AlarmSystem()), ControlLoop(origin, "s", playbooks, RULES, METRICS))


def condition(on: bool, name: str = "so2-high") -> AlarmAction:
    metric = RULES[name].metrics[0]
    found = Condition("id", START, "s", "stack", metric, name, 250.0, 200.0, "it is so", "emission.events", 0, 0)
    return AlarmAction("on" if on else "off", "t", condition=found)


def level(asset: str, metric: str, value: float, age: int = 0) -> AlarmAction:
    """A reading that was made `age` ms before its record; the record's time is filled in by `log_of`."""
    return AlarmAction("level", "t", level=Level("id", -age, "s", asset, metric, value, "emission.events", 0, 0))


def ack(adjustment: str, value: float, status: Any = "done", reason: str = "") -> AlarmAction:
    return AlarmAction("ack", "t", ack=ProcessAck(adjustment, "s", "stack", status, value, reason=reason))


TICK = AlarmAction("tick")


def log_of(steps: Iterable[tuple[int, AlarmAction | EventError]]) -> list[Record]:
    """A log from steps of (ms since the last one, action)."""
    now, log = START, []
    for offset, (gap, action) in enumerate(steps):
        now += gap
        if isinstance(action, AlarmAction) and action.level is not None:
            told = msgspec.structs.replace(action.level, ts=now + action.level.ts)
            action = msgspec.structs.replace(action, level=told)
        log.append(Record(3 * offset, now, action))
    return log


class Run:
    """An engine that is fed a log. An ack for `NEWEST <playbook>` is for what that playbook commanded last."""

    def __init__(self, playbooks: Sequence[Playbook] = (UP,), cuts: Iterable[int] = ()) -> None:
        self.playbooks = playbooks
        self.engine = engine(playbooks)
        self.rows: list[Adjustment] = []
        self.now = START
        self.offset = 0
        self._cuts = set(cuts)
        """At which records the state is saved and restored."""

    def feed(self, log: Iterable[Record]) -> "Run":
        for position, record in enumerate(log):
            if position in self._cuts:
                saved = msgspec.msgpack.decode(msgspec.msgpack.encode(self.engine.snapshot()))
                self.engine = engine(self.playbooks)
                self.engine.restore(saved)
            self.engine.feed(record.offset, record.broker_ts, self._addressed(record.action))
            self.rows += self.engine.drain()[1]
            self.now, self.offset = record.broker_ts, record.offset
        return self

    def tick_out(self, most: int = 200) -> "Run":
        """Let time pass for as long as time alone brings something about."""
        for _ in range(most):
            due = self.engine.next_due()
            if due is None:
                return self
            self.feed([Record(self.offset + 1, max(due, self.now), TICK)])
        raise AssertionError("time alone goes on bringing something about")

    def _addressed(self, action: AlarmAction | EventError) -> AlarmAction | EventError:
        if isinstance(action, EventError) or action.ack is None or not action.ack.adjustment.startswith("NEWEST "):
            return action
        name = action.ack.adjustment.removeprefix("NEWEST ")
        found = [row.adjustment for row in self.rows if row.playbook == name and row.status == "commanded"]
        adjustment = found[-1] if found else "none yet"
        return msgspec.structs.replace(action, ack=msgspec.structs.replace(action.ack, adjustment=adjustment))


def told(run: Run) -> list[tuple[float, str, float, float]]:
    """Seconds since the start, status, set-point before and after, of each row."""
    return [((row.ts - START) / SECOND, row.status, row.before, row.after) for row in run.rows]


_assets = {"so2": "stack", "ph": "stack", "reagent": "scrubber", "pump": "scrubber", "speed": "line"}
_values = {
    "so2": st.floats(100, 300),
    "ph": st.floats(6, 8),
    "reagent": st.floats(5, 65),
    "pump": st.sampled_from([40.0] * 8 + [5.0, 65.0]),
    "speed": st.floats(0.5, 1.2),
}
_levels = st.sampled_from(sorted(_assets)).flatmap(
    lambda metric: st.builds(
        level,
        st.just(_assets[metric]),
        st.just(metric),
        _values[metric],
        st.sampled_from([0, 0, 0, SECOND, 14 * SECOND, -60 * SECOND]),
    )
)
_acks = st.builds(
    ack,
    st.sampled_from(["NEWEST more-reagent"] * 3 + ["NEWEST slower-line"] * 3 + ["no such adjustment"]),
    st.floats(0.5, 65),
    st.sampled_from(["done", "done", "done", "rejected"]),
)
_odd: list[AlarmAction | EventError] = [
    EventError(Reason.MALFORMED, "no JSON"),
    AlarmAction("level", "t"),
    msgspec.structs.replace(level("stack", "so2", 1.0), topology="another"),
    level("nobody", "asks", 1.0),
]
_weighted: list[tuple[int, st.SearchStrategy[AlarmAction | EventError]]] = [
    (2, st.builds(condition, st.sampled_from([True, True, False]), st.sampled_from(sorted(RULES)))),
    (8, _levels),
    (4, _acks),
    (1, st.just(TICK) | st.sampled_from(_odd)),
]
_actions = st.sampled_from([strategy for weight, strategy in _weighted for _ in range(weight)]).flatmap(lambda one: one)
_gaps = st.sampled_from([0, 0, SECOND, SECOND, 2 * SECOND, 5 * SECOND, 20 * SECOND, 60 * SECOND]) | st.integers(
    0, 30_000
)
_noise = st.lists(st.tuples(_gaps, _actions), min_size=5, max_size=60)


@st.composite
def _lively(draw: st.DrawFn) -> list[tuple[int, AlarmAction | EventError]]:
    """A log in which everything is known and commands are mostly answered, so that episodes get on."""
    steps: list[tuple[int, AlarmAction | EventError]] = []
    so2, ph = 250.0, 6.5
    for _ in range(draw(st.integers(3, 25))):
        so2 = draw(st.sampled_from([so2, so2 - 20.0, so2 + 10.0]))
        ph = draw(st.sampled_from([ph, ph + 0.3]))
        steps += [
            (draw(st.sampled_from([SECOND, 4 * SECOND])), level("stack", "so2", so2)),
            (0, level("stack", "ph", ph)),
            (0, level("scrubber", "pump", draw(_values["pump"]))),
        ]
        if draw(st.booleans()):
            steps.append(
                (0, condition(draw(st.sampled_from([True, True, False])), draw(st.sampled_from(sorted(RULES)))))
            )
        for name, value in (("more-reagent", draw(st.floats(10, 60))), ("slower-line", draw(st.floats(0.6, 1.1)))):
            if draw(st.integers(0, 3)):
                steps.append(
                    (SECOND, ack(f"NEWEST {name}", value, draw(st.sampled_from(["done", "done", "done", "rejected"]))))
                )
        steps += draw(st.lists(st.tuples(_gaps, _actions), max_size=2))
    return steps


LOGS = (_noise | _lively()).map(log_of)
"""Logs of two playbooks in automatic mode and one in advise mode: `BOOKS`."""
BOOKS = (UP, DOWN, ADVICE)


def plant(seconds: int, so2: float, reagent: float | None = None, pump: float = 40.0) -> Iterator[Step]:
    """So long nothing changes; levels are told every 5 s, the last ones at the end."""
    for _ in range(seconds // 5):
        yield 5 * SECOND, level("scrubber", "pump", pump)
        yield 0, level("stack", "so2", so2)
        if reagent is not None:
            yield 0, level("scrubber", "reagent", reagent)


def run_of(*steps: Step, playbook: Playbook = UP) -> Run:
    """A run of what happens so many milliseconds after one another."""
    return Run((playbook,)).feed(log_of(steps))


def statuses(run: Run) -> list[str]:
    return [row.status for row in run.rows]


ON, OFF = (0, condition(True)), (0, condition(False))
