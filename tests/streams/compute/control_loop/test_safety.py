"""What holds of the control loop for every log: what it never does, and that it always comes to an end."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from schemas.alarm_actions import AlarmAction
from schemas.results import Adjustment
from streams.compute.control_loop.playbook import Playbook
from tests.streams.compute.control_loop.logs import (
    BOOKS,
    LOGS,
    SECOND,
    TICK,
    Record,
    Run,
    condition,
    level,
    log_of,
)

BY_NAME = {book.name: book for book in BOOKS}
ANSWERS = {"acknowledged", "rejected", "timed_out"}


def commands(run: Run, statuses: Sequence[str] = ("commanded",)) -> Iterator[tuple[Playbook, Adjustment]]:
    for row in run.rows:
        if row.status in statuses:
            yield BY_NAME[row.playbook], row


def by_playbook(run: Run) -> dict[str, list[Adjustment]]:
    found: dict[str, list[Adjustment]] = defaultdict(list)
    for row in run.rows:
        found[row.playbook].append(row)
    return found


def run_of(log: list[Record]) -> Run:
    return Run(BOOKS).feed(log)


def known(log: Sequence[Record], upto: int, asset: str, metric: str, fresh: int) -> float | None:
    """The newest fresh level when the record at offset `upto` has come, looked up in the whole log."""
    found: tuple[int, float] | None = None
    now = 0
    for record in log:
        if record.offset > upto:
            break
        now = max(now, record.broker_ts)
        action = record.action
        told = action.level if isinstance(action, AlarmAction) and action.topology == "t" else None
        if told is not None and (told.asset, told.metric) == (asset, metric):
            at = min(told.ts, now)
            if found is None or at > found[0]:
                found = at, told.value
    return found[1] if found is not None and now - found[0] <= fresh else None


@given(LOGS)
@settings(max_examples=60, deadline=None)
def test_no_set_point_is_commanded_outside_its_bounds_or_by_more_than_a_step(log: list[Record]) -> None:
    for book, row in commands(run_of(log), ("commanded", "proposed")):
        point = book.setpoint
        assert point.low <= row.after <= point.high
        assert abs(row.after - row.before) <= abs(point.step) * 1.1 + 1e-9
        if row.direction == "step":
            assert (row.after - row.before) * point.step > 0


@given(LOGS)
@settings(max_examples=60, deadline=None)
def test_nothing_is_commanded_unless_every_interlock_is_known_and_holds(log: list[Record]) -> None:
    for book, row in commands(run_of(log), ("commanded", "proposed")):
        for interlock in book.interlocks:
            value = known(log, row.offset, interlock.asset, interlock.metric, book.fresh)
            assert value is not None
            assert interlock.low is not None
            assert interlock.high is not None
            assert interlock.low <= value <= interlock.high
        metric = "ph" if book.alarm == "ph-low" else "so2"
        assert known(log, row.offset, "stack", metric, book.fresh) is not None


@given(LOGS)
@settings(max_examples=60, deadline=None)
def test_a_set_point_has_one_command_under_way_and_no_command_outlives_its_time(log: list[Record]) -> None:
    for rows in by_playbook(run_of(log)).values():
        under_way: Adjustment | None = None
        for row in rows:
            if row.status == "commanded":
                assert under_way is None
                under_way = row
                assert row.expires_at == row.ts + BY_NAME[row.playbook].ack_timeout
            else:
                assert row.expires_at is None
            if row.status in ANSWERS:
                assert under_way is not None
                assert row.adjustment == under_way.adjustment
                assert row.status != "timed_out" or row.ts >= (under_way.expires_at or 0)
                under_way = None


@given(LOGS)
@settings(max_examples=60, deadline=None)
def test_set_points_move_no_faster_than_the_cool_down_and_no_further_than_the_steps_allowed(log: list[Record]) -> None:
    for name, rows in by_playbook(run_of(log)).items():
        last: Adjustment | None = None
        steps: set[str] = set()
        for row in rows:
            if row.status in ("commanded", "proposed"):
                if last is not None and row.adjustment != last.adjustment:
                    assert row.ts - last.ts >= BY_NAME[name].cool_down
                last = row
                steps |= {row.adjustment} if row.direction == "step" else set()
                assert len(steps) <= BY_NAME[name].most_steps
            if row.status == "settled" or (row.status == "escalated" and row.direction == "back"):
                steps = set()


@given(LOGS)
@settings(max_examples=60, deadline=None)
def test_an_adjustment_is_one_move_commanded_so_often_at_most(log: list[Record]) -> None:
    attempts: Counter[str] = Counter()
    moves: dict[str, tuple[str, str, float, float]] = {}
    for book, row in commands(run_of(log)):
        attempts[row.adjustment] += 1
        assert row.attempt == attempts[row.adjustment] <= book.attempts
        move = row.playbook, row.direction, row.before, row.after
        assert moves.setdefault(row.adjustment, move) == move


@given(LOGS)
@settings(max_examples=60, deadline=None)
def test_where_it_only_advises_nothing_is_ever_commanded(log: list[Record]) -> None:
    for row in by_playbook(run_of(log))["advice"]:
        assert row.mode == "advise"
        assert row.status not in ("commanded", *ANSWERS)


@given(LOGS)
@settings(max_examples=60, deadline=None)
def test_a_set_point_is_moved_only_while_its_condition_asks_for_it(log: list[Record]) -> None:
    run = run_of(log)
    for book, row in commands(run, ("commanded", "proposed")):
        on, since, now = False, 0, 0
        for record in log:
            if record.offset > row.offset:
                break
            now = max(now, record.broker_ts)
            action = record.action
            found = action.condition if isinstance(action, AlarmAction) else None
            if isinstance(action, AlarmAction) and found is not None and found.name == book.alarm:
                on, since = action.action == "on", now if (action.action == "on") != on else since
        assert on == (row.direction == "step")
        assert on or now - since >= book.hold


@given(LOGS, st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_episode_ends_settled_or_escalated_however_things_stand(log: list[Record], recovers: bool) -> None:
    run = run_of(log).tick_out()
    for rows in by_playbook(run).values():
        statuses = [row.status for row in rows]
        last_settled = max((at for at, status in enumerate(statuses) if status == "settled"), default=-1)
        assert last_settled == len(rows) - 1 or "escalated" in statuses[last_settled + 1 :]
    if recovers:
        off = [
            Record(run.offset + n + 1, run.now, condition(False, name)) for n, name in enumerate(("so2-high", "ph-low"))
        ]
        run.feed(off).tick_out()
        for rows in by_playbook(run).values():
            assert rows[-1].status in ("settled", "escalated")
        assert not any(answer.state.open for answer in run.engine.loop._answers.values())


@given(LOGS)
@settings(max_examples=60, deadline=None)
def test_an_obstacle_is_told_once_per_adjustment_and_a_person_called_again_only_after_all_was_well(
    log: list[Record],
) -> None:
    for name, rows in by_playbook(run_of(log)).items():
        called: int | None = None
        obstacles: Counter[tuple[str, str]] = Counter()
        for row in rows:
            if row.status == "blocked":
                what = row.reason.split(" is ")[0] + ("unknown" if "not known" in row.reason else row.reason[-8:])
                obstacles[row.adjustment, what] += 1
                assert obstacles[row.adjustment, what] <= 1 + row.attempt
            if row.status == "escalated" and row.direction == "step":
                assert called is None or row.ts >= called + BY_NAME[name].hold
                called = row.ts
            if row.status == "settled" or (row.status == "escalated" and row.direction == "back"):
                called = None


@given(LOGS, st.lists(st.integers(0, 80), max_size=8))
@settings(max_examples=60, deadline=None)
def test_state_saved_and_restored_anywhere_changes_nothing(log: list[Record], cuts: list[int]) -> None:
    whole, cut_up = run_of(log), Run(BOOKS, cuts).feed(log)
    assert cut_up.rows == whole.rows
    assert cut_up.engine.snapshot() == whole.engine.snapshot()


@given(LOGS)
@settings(max_examples=60, deadline=None)
def test_ids_are_never_given_twice_and_rows_stand_where_their_record_stands(log: list[Record]) -> None:
    run = run_of(log)
    assert len({row.id for row in run.rows}) == len(run.rows)
    assert [row.offset for row in run.rows] == sorted(row.offset for row in run.rows)
    owners: dict[str, str] = {}
    for row in run.rows:
        assert owners.setdefault(row.adjustment, row.playbook) == row.playbook


@given(LOGS)
@settings(max_examples=60, deadline=None)
def test_every_record_is_accounted_for(log: list[Record]) -> None:
    run = run_of(log)
    counts = run.engine.counts
    assert counts.records == counts.events == len(log)
    assert counts.events == counts.accepted + counts.duplicate + counts.dead_letter
    assert counts.adjustments == len(run.rows)


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of the log that is found: nobody reads it
def test_the_logs_bring_about_everything_that_can_be_told() -> None:
    """A guard on the tests above: a property of rows that never come would hold of anything."""
    steps = {"proposed", "commanded", "rejected", "acknowledged", "timed_out", "effective", "no_effect", "blocked"}
    back = {"commanded", "acknowledged", "timed_out", "escalated", "settled"}
    missing = {("escalated", "step"), *((status, "step") for status in steps), *((status, "back") for status in back)}

    def is_the_last(log: list[Record]) -> bool:
        missing.difference_update((row.status, row.direction) for row in run_of(log).tick_out().rows)
        return not missing

    looks = settings(max_examples=2_000, phases=[Phase.generate], deadline=None, derandomize=True, database=None)
    find(LOGS, is_the_last, settings=looks)


def test_a_long_time_without_records_is_not_caught_up_on() -> None:
    known_all = [level("stack", "so2", 250.0), level("scrubber", "pump", 40.0)]
    steps = [*((0, one) for one in known_all), (0, condition(True)), (3_600 * SECOND, TICK)]
    rows = Run().feed(log_of(steps)).rows
    assert [row.status for row in rows] == ["commanded", "timed_out", "blocked", "escalated"]
