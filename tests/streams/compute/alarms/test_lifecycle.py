"""The life of alarms: what holds for every log, agreement with an oracle, and the state diagram step by step."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.alarm_actions import AlarmAction
from schemas.errors import EventError
from schemas.results import Alarm
from streams.checkpoint import Checkpoint, pack, unpack
from tests.streams.compute.alarms.logs import (
    LOGS,
    MINUTE,
    RULES,
    START,
    SYSTEM,
    Record,
    condition,
    engine,
    id_of,
    log_of,
    operate,
    run,
)
from tests.streams.compute.alarms.oracle import Oracle


def by_alarm(rows: Sequence[Alarm]) -> dict[str, list[Alarm]]:
    found: dict[str, list[Alarm]] = defaultdict(list)
    for row in rows:
        found[row.alarm].append(row)
    return found


def told(*steps: tuple[int, AlarmAction | EventError]) -> list[tuple[str, str]]:
    """Transition and state after it, of each row."""
    return [(row.transition, row.state) for row in run(log_of(steps))[1]]


ON, OFF = (0, condition(True, "plain")), (0, condition(False, "plain"))
ACK = (0, operate("acknowledge", "plain"))


@given(LOGS)
@settings(max_examples=100, deadline=None)
def test_a_condition_is_raised_and_returns_in_turn(log: list[Record]) -> None:
    for rows in by_alarm(run(log)[1]).values():
        turns = [row.transition for row in rows if row.transition in ("raised", "returned")]
        assert turns[::2] == ["raised"] * len(turns[::2])
        assert turns[1::2] == ["returned"] * len(turns[1::2])


@given(LOGS)
@settings(max_examples=100, deadline=None)
def test_each_transition_goes_on_from_the_state_of_the_one_before(log: list[Record]) -> None:
    for rows in by_alarm(run(log)[1]).values():
        assert [row.previous for row in rows] == ["normal", *(row.state for row in rows[:-1])]


@given(LOGS, st.lists(st.integers(0, 60), max_size=6))
@settings(max_examples=100, deadline=None)
def test_state_saved_and_restored_anywhere_changes_nothing(log: list[Record], cuts: list[int]) -> None:
    whole, cut_up = run(log), run(log, cuts)
    assert cut_up[1] == whole[1]
    assert cut_up[0].counts == whole[0].counts
    assert cut_up[0].snapshot() == whole[0].snapshot()


@given(LOGS)
@settings(max_examples=100, deadline=None)
def test_the_state_goes_through_a_checkpoint_unchanged(log: list[Record]) -> None:
    state = run(log)[0].snapshot()
    assert (
        unpack(pack(Checkpoint("t", "alarm.actions", 1, 9, 0, START, state))).engine["lifecycle"] == state["lifecycle"]
    )


@given(LOGS)
@settings(max_examples=100, deadline=None)
def test_ids_are_never_given_twice_and_rows_stand_where_their_record_stands(log: list[Record]) -> None:
    rows = run(log)[1]
    assert len({row.id for row in rows}) == len(rows)
    assert [row.offset for row in rows] == sorted(row.offset for row in rows)


@given(LOGS)
@settings(max_examples=100, deadline=None)
def test_every_record_is_accounted_for(log: list[Record]) -> None:
    running, rows = run(log)
    counts = running.counts
    assert counts.records == counts.events == len(log)
    assert counts.events == counts.accepted + counts.duplicate + counts.dead_letter
    assert counts.dead_letter == counts.dead_letters
    assert counts.alarms == len(rows)


@given(LOGS)
@settings(max_examples=100, deadline=None)
def test_the_transitions_are_those_of_the_oracle(log: list[Record]) -> None:
    oracle = Oracle(
        latching={rule.name for rule in RULES.values() if rule.latching},
        escalate_after={rule.name: int(rule.escalate_after) for rule in RULES.values() if rule.escalate_after},
        longest_shelf=int(SYSTEM.longest_shelf), above=SYSTEM.flood_above, below=SYSTEM.flood_below,
    )  # fmt: skip
    names = {id_of(name, asset): (name, asset) for name in RULES for asset in ("a", "b")}
    outcomes: Counter[str] = Counter()
    for record in log:
        oracle.pass_time(record.broker_ts)
        action = record.action
        match action:
            case EventError() | AlarmAction(action="shelve", for_ms=None):
                outcomes["refused"] += 1
            case AlarmAction(action="tick") | AlarmAction(topology="another topology"):
                outcomes["done"] += 1
            case AlarmAction(condition=None):
                key = names.get(action.alarm, ("", ""))
                outcomes[oracle.happen(key, action.action, record.broker_ts, action.for_ms or 0)] += 1
            case AlarmAction(condition=found) if found is not None and found.name in RULES:
                outcomes[oracle.happen((found.name, found.asset), action.action, found.ts)] += 1
            case _:
                outcomes["refused"] += 1
    running, rows = run(log)
    expected: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in oracle.rows:
        expected[id_of(row["name"], row["asset"])].append(row)
    found = {
        alarm: [{field: getattr(row, field) for field in oracle.rows[0]} for row in of_alarm]
        for alarm, of_alarm in by_alarm(rows).items()
    }
    assert found == expected
    counts = running.counts
    assert (counts.accepted, counts.duplicate) == (outcomes["done"], outcomes["repeated"])


def test_an_alarm_that_returns_unacknowledged_waits_for_an_operator() -> None:
    assert told(ON, OFF, ACK) == [
        ("raised", "unacknowledged"),
        ("returned", "returned_unacknowledged"),
        ("acknowledged", "normal"),
    ]
    assert told(ON, OFF, ON)[-1] == ("raised", "unacknowledged")


def test_an_acknowledged_alarm_is_normal_again_when_its_condition_goes_off() -> None:
    assert told(ON, ACK, OFF)[1:] == [("acknowledged", "acknowledged"), ("returned", "normal")]


def test_a_latching_alarm_stays_until_it_is_acknowledged_once_more() -> None:
    on, off = (0, condition(True, "latched")), (0, condition(False, "latched"))
    acknowledge = (0, operate("acknowledge", "latched"))
    assert told(on, acknowledge, off, acknowledge)[2:] == [("returned", "acknowledged"), ("acknowledged", "normal")]
    assert told(on, acknowledge, off, on)[-1] == ("raised", "unacknowledged")


def test_a_shelf_expires_to_what_the_condition_then_is() -> None:
    shelve, tick = (0, operate("shelve", "plain", for_ms=MINUTE)), (MINUTE, AlarmAction("tick"))
    assert told(ON, shelve, tick)[1:] == [("shelved", "shelved"), ("shelf_expired", "unacknowledged")]
    assert told(ON, shelve, OFF, tick)[1:] == [
        ("shelved", "shelved"),
        ("returned", "shelved"),
        ("shelf_expired", "normal"),
    ]
    [_, shelved, expired] = run(log_of([ON, shelve, (2 * MINUTE, AlarmAction("tick"))]))[1]
    assert shelved.until == expired.ts == START + MINUTE
    assert (expired.until, expired.by) == (None, "headrace")


def test_an_unacknowledged_alarm_escalates_once() -> None:
    on, tick = (0, condition(True, "urgent")), (5 * MINUTE, AlarmAction("tick"))
    assert told(on, tick, tick, tick) == [("raised", "unacknowledged"), ("escalated", "unacknowledged")]
    assert told(on, (0, operate("acknowledge", "urgent")), tick)[-1] == ("acknowledged", "acknowledged")
    escalated = run(log_of([on, (7 * MINUTE, AlarmAction("tick"))]))[1][1]
    assert (escalated.ts, escalated.reason) == (START + 5 * MINUTE, "not acknowledged for 5m")


def test_an_unacknowledged_alarm_that_comes_and_goes_escalates_when_it_is_on_and_the_time_has_passed() -> None:
    on, off = condition(True, "urgent"), condition(False, "urgent")
    steps = [(0, on), (2 * MINUTE, off), (2 * MINUTE, on), (30_000, off), (2 * MINUTE, AlarmAction("tick"))]
    running, rows = run(log_of(steps))
    assert [row.transition for row in rows] == ["raised", "returned", "raised", "returned"]
    assert running.next_due() is None  # nobody is called for what is over
    rows = run(log_of([*steps, (0, on), (1, AlarmAction("tick"))]))[1]
    assert [row.transition for row in rows[4:]] == ["raised", "escalated"]
    assert rows[-1].ts == START + 6 * MINUTE + 30_000


def test_one_record_can_bring_several_timers_of_an_alarm_about_in_their_order() -> None:
    steps = [(0, condition(True, "urgent")), (0, operate("shelve", "urgent", for_ms=MINUTE)), (60 * MINUTE, OFF[1])]
    rows = run(log_of(steps))[1]
    assert [row.transition for row in rows] == ["raised", "shelved", "shelf_expired", "escalated"]
    assert [row.ts - START for row in rows[2:]] == [MINUTE, 6 * MINUTE]


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([ACK], "unknown_alarm"),
        ([(0, condition(True, "undeclared"))], "unknown_alarm"),
        ([ON, OFF, ACK, ACK], "not_applicable"),
        ([ON, ACK, ACK], "not_applicable"),
        ([ON, (0, operate("unshelve", "plain"))], "not_applicable"),
        ([ON, (0, operate("out_of_service", "plain")), (0, operate("suppress", "plain"))], "not_applicable"),
        ([ON, (0, operate("shelve", "plain", for_ms=31 * MINUTE))], "shelf_too_long"),
        ([ON, (0, operate("shelve", "plain"))], "wrong_type"),
        ([ON, (0, operate("acknowledge", "plain", for_ms=1))], "wrong_type"),
        ([(0, AlarmAction("on", "t"))], "wrong_type"),
        ([(0, AlarmAction("acknowledge", "t", id_of("plain", "a"), by="li"))], "wrong_type"),
        ([(0, AlarmAction("tick", "t"))], "wrong_type"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    steps: list[tuple[int, AlarmAction | EventError]], reason: str
) -> None:
    running = engine()
    log = log_of(steps)
    for record in log[:-1]:
        assert running.feed(*record) is None
    before = running.lifecycle.snapshot()
    refused = running.feed(*log[-1])
    assert refused is not None
    assert refused.reason == reason
    assert {**running.lifecycle.snapshot(), "now": 0} == {**before, "now": 0}


def test_a_repeated_condition_changes_nothing_and_is_counted() -> None:
    running, rows = run(log_of([ON, ON, OFF, OFF]))
    assert len(rows) == 2
    assert (running.counts.accepted, running.counts.duplicate) == (2, 2)


def test_a_flood_begins_above_and_ends_below_its_numbers() -> None:
    steps = [(0, condition(True, name, asset)) for name, asset in (("plain", "a"), ("plain", "b"), ("urgent", "a"))]
    steps += [
        (1_000, condition(True, "urgent", "b")),
        (10 * MINUTE - 1_000, OFF[1]),
        (1_000, condition(False, "plain", "b")),
    ]
    rows = [row for row in run(log_of(steps))[1] if row.transition != "escalated"]
    assert [row.flood for row in rows] == [False, False, False, True, False, False]


def test_alarms_that_are_out_of_sight_make_no_flood() -> None:
    away = (0, operate("suppress", "plain"))
    rows = run(log_of([ON, away, *[OFF, ON] * 10]))[1]
    assert not any(row.flood for row in rows)


def test_time_never_falls_with_the_clock_of_a_broker() -> None:
    running = engine()
    running.feed(0, START + MINUTE, ON[1])
    running.feed(1, START, ACK[1])
    assert [row.ts for row in running.drain()[0]] == [START, START + MINUTE]


def test_when_time_alone_brings_something_about_is_known() -> None:
    assert run(log_of([ON]))[0].lifecycle.next_due() is None
    urgent = [(0, condition(True, "urgent")), (0, operate("shelve", "urgent", for_ms=MINUTE))]
    assert run(log_of(urgent[:1]))[0].lifecycle.next_due() == START + 5 * MINUTE
    assert run(log_of(urgent))[0].lifecycle.next_due() == START + MINUTE
    assert run(log_of([*urgent, (0, operate("unshelve", "urgent"))]))[0].lifecycle.next_due() == START + 5 * MINUTE


def test_timers_that_no_longer_hold_do_not_pile_up() -> None:
    on, off = (1, condition(True, "urgent")), (0, condition(False, "urgent"))
    assert len(run(log_of([on, off] * 5_000))[0].lifecycle._timers) < 2_000


def test_an_alarm_that_is_no_longer_declared_keeps_its_state_and_can_end() -> None:
    running = engine()
    running.feed(0, START, condition(True, "urgent"))
    saved = running.snapshot()
    later = engine()
    later.lifecycle._rules = {}
    later.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(saved)))
    for offset, action in enumerate(
        (AlarmAction("tick"), condition(False, "urgent"), operate("acknowledge", "urgent"))
    ):
        assert later.feed(1 + offset, START + 60 * MINUTE, action) is None
    rows = [(row.transition, row.state) for row in later.drain()[0]]
    assert rows == [("returned", "returned_unacknowledged"), ("acknowledged", "normal")]
