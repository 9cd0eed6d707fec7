"""Logs of alarm actions for tests, and ways to run them through an engine."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from schemas.alarm_actions import AlarmAction, Condition
from schemas.durations import Duration
from schemas.errors import EventError
from schemas.events import Reason
from schemas.results import Alarm
from streams.compute.alarms.engine import AlarmEngine
from streams.compute.alarms.lifecycle import Lifecycle, Origin, alarm_id
from streams.compute.alarms.rule import AlarmRule, AlarmSystem
from streams.compute.control_loop.loop import ControlLoop

START = 1_760_000_000_000
MINUTE = 60_000
SYSTEM = AlarmSystem(longest_shelf=Duration.parse("30m"), flood_above=3, flood_below=2)
RULES = {
    rule.name: rule
    for rule in (
        AlarmRule(name="plain", metrics=("t",), high=5.0),
        AlarmRule(name="urgent", metrics=("t",), high=9.0, priority="critical", escalate_after=Duration.parse("5m")),
        AlarmRule(name="latched", metrics=("t",), low=1.0, latching=True, escalate_after=Duration.parse("20m")),
    )
}
ASSETS = ("a", "b")


class Record(NamedTuple):
    """One record of the log."""

    offset: int
    broker_ts: int
    action: AlarmAction | EventError


def id_of(name: str, asset: str) -> str:
    return alarm_id("t", name, "s", asset, "t")


def condition(on: bool, name: str, asset: str = "a", ts: int = START, value: float = 7.0) -> AlarmAction:
    found = Condition("id", ts, "s", asset, "t", name, value, 5.0, "it is so", "machine.events", 0, 0)
    return AlarmAction("on" if on else "off", "t", condition=found)


def operate(word: Any, name: str, asset: str = "a", for_ms: int | None = None) -> AlarmAction:
    return AlarmAction(word, "t", id_of(name, asset), "li", "for a reason", for_ms)


def engine() -> AlarmEngine:
    origin = Origin("t", "alarm.actions", 1)
    return AlarmEngine(Lifecycle(origin, RULES, SYSTEM), ControlLoop(origin, "s", (), RULES, {}))


def log_of(steps: Iterable[tuple[int, AlarmAction | EventError]]) -> list[Record]:
    """A log from steps of (ms since the last one, action)."""
    now, log = START, []
    for offset, (gap, action) in enumerate(steps):
        now += gap
        log.append(Record(3 * offset, now, action))
    return log


def run(log: Sequence[Record], cuts: Sequence[int] = ()) -> tuple[AlarmEngine, list[Alarm]]:
    """Feed a log; state is saved and restored at the cuts."""
    running, rows = engine(), []
    for position, record in enumerate(log):
        if position in cuts:
            rows += running.drain()[0]
            saved, running = running.snapshot(), engine()
            running.restore(saved)
        running.feed(*record)
    return running, rows + running.drain()[0]


_WORDS = ("unshelve", "suppress", "unsuppress", "out_of_service", "in_service")
_names = st.sampled_from(sorted(RULES))
_assets = st.sampled_from(["a", "a", "a", "b"])
_conditions = st.builds(condition, st.booleans(), _names, _assets, st.integers(START, START + 60 * MINUTE))
_acknowledgements = st.builds(operate, st.just("acknowledge"), _names, _assets)
_shelves = st.builds(
    operate, st.just("shelve"), _names, _assets, st.sampled_from([1, MINUTE, 29 * MINUTE, 30 * MINUTE, 31 * MINUTE])
)
_odd: list[AlarmAction | EventError] = [
    EventError(Reason.MALFORMED, "no JSON"),
    condition(True, "undeclared"),
    AlarmAction("acknowledge", "another topology", id_of("plain", "a"), "li", "why"),
    AlarmAction("acknowledge", "t", "no such alarm", "li", "why"),
    AlarmAction("shelve", "t", id_of("plain", "a"), "li", "why"),
]
_weighted: list[tuple[int, st.SearchStrategy[AlarmAction | EventError]]] = [
    (6, _conditions),
    (3, _acknowledgements),
    (1, _shelves),
    (1, st.builds(operate, st.sampled_from(_WORDS), _names, _assets)),
    (1, st.just(AlarmAction("tick")) | st.sampled_from(_odd)),
]
ACTIONS = st.sampled_from([strategy for weight, strategy in _weighted for _ in range(weight)]).flatmap(lambda one: one)
GAPS = st.sampled_from([0, 0, 0, 1_000, 1_000, 1_000, MINUTE, 5 * MINUTE, 31 * MINUTE]) | st.integers(0, 5 * MINUTE)
LOGS = st.lists(st.tuples(GAPS, ACTIONS), min_size=20, max_size=80).map(log_of)
