"""What people say of flags moves the threshold of that detector for that series, and of nothing else."""

from collections.abc import Sequence
from typing import get_args

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import Verdict
from streams.compute.detectors.lane import Flag
from streams.compute.detectors.limit import Limit
from streams.compute.detectors.missing import Missing
from streams.compute.detectors.registry import DetectorSpec
from tests.streams.compute.detectors.logs import (
    ALL,
    EVERYTHING,
    SECONDS,
    SERIES,
    Point,
    Runner,
    bits,
    line,
    logs,
    offsets,
    run,
)

quick = settings(max_examples=30, deadline=None)
HIGH = Limit(name="high", high=4.0, report="every", **ALL)


def after(specs: Sequence[DetectorSpec], verdicts: Sequence[Verdict], log: Sequence[Point]) -> list[Flag]:
    """The flags of a log whose series have been seen before, and judged, by every detector."""
    runner = Runner(specs)
    runner.feed(line(0.0))
    for verdict in verdicts:
        assert runner.bank.hear(0, specs[0].name, verdict)
    return runner.feed(log)


def test_a_false_flag_raises_the_threshold_by_a_quarter_and_a_true_one_takes_it_back() -> None:
    log = line(4.5, 5.5, 6.5, 9.0)
    assert offsets(after([HIGH], [], log)) == [0, 1, 2, 3]
    assert offsets(after([HIGH], ["false"], log)) == [1, 2, 3]
    assert offsets(after([HIGH], ["false", "false"], log)) == [2, 3]
    assert offsets(after([HIGH], ["false", "expected", "false", "true"], log)) == [1, 2, 3]


def test_the_threshold_is_never_below_the_declared_one_nor_more_than_sixteen_steps_above_it() -> None:
    log = line(4.5, 5.5, 4.0 * 1.25**16 + 1)
    assert offsets(after([HIGH], ["true"] * 9 + ["false"], log)) == [1, 2]
    assert offsets(after([HIGH], ["false"] * 99, log)) == [2]
    assert offsets(after([HIGH], ["false"] * 99 + ["true"] * 15, log)) == [1, 2]


def test_time_does_not_lower_it() -> None:
    days = line(*[4.5] * 400, step=86_400_000)
    assert after([HIGH], ["false"], days) == []


def test_a_condition_begins_where_the_raised_threshold_is_passed() -> None:
    onset = Limit(name="high", high=4.0, **ALL)
    log = line(4.5, 4.8, 5.5, 6.0, 4.8, 7.0)
    assert offsets(after([onset], [], log)) == [0]
    assert offsets(after([onset], ["false"], log)) == [2, 5]


def test_a_budget_and_feedback_both_have_to_be_passed() -> None:
    log = line(*[5.5] * 50, 40.0)
    few = Limit(name="high", high=4.0, report="every", budget=1.0, **ALL)
    assert offsets(after([few], [], log)) == [0, 1, 50]
    assert offsets(after([few], ["false"], log)) == [0, 1, 50]
    assert offsets(after([few], ["false"] * 2, log)) == [50]


def test_other_series_and_other_detectors_keep_their_thresholds() -> None:
    other = Limit(name="other", high=4.0, report="every", **ALL)
    runner = Runner([HIGH, other])
    runner.feed([*line(0.0), *line(0.0, series=1)])
    runner.bank.hear(0, "high", "false")
    found = runner.feed([*line(4.5), *line(4.5, series=1)])
    assert [(flag.detector, flag.series) for flag in found] == [(1, 0), (0, 1), (1, 1)]


def test_what_cannot_have_been_flagged_is_not_heard() -> None:
    runner = Runner([Limit(name="high", high=4.0, metrics=("flow",)), Missing(name="gone", timeout=SECONDS[3], **ALL)])
    runner.feed([*line(0.0), *line(0.0, series=2)])
    assert SERIES[2].metric == "flow"
    assert not runner.bank.hear(0, "high", "false")  # it does not watch the series
    assert not runner.bank.hear(1, "low", "false")
    assert runner.bank.hear(1, "high", "false")
    assert runner.bank.hear(1, "gone", "false")  # it has no threshold: nothing changes
    runner.table.id_of(SERIES[4])
    runner.bank.grow([SERIES[4]])
    assert not runner.bank.hear(2, "gone", "false")  # none of its points has been judged yet


def test_state_is_kept_only_where_there_was_feedback_and_older_state_has_none() -> None:
    runner = Runner([HIGH])
    runner.feed(line(0.0))
    untouched = runner.saved()
    runner.bank.hear(0, "high", "false")
    assert runner.saved()["high"].keys() - untouched["high"].keys() == {"lane_feedback_steps"}
    assert offsets(runner.restarted().feed(line(4.5, 5.5))) == [1]
    older = Runner([HIGH])
    older.bank.grow(SERIES[:1])
    assert older.bank.restore(untouched) == []
    assert offsets(older.feed(line(4.5, 5.5))) == [0, 1]


def test_a_detector_declared_otherwise_begins_at_its_declared_threshold() -> None:
    runner = Runner([HIGH])
    runner.feed(line(0.0))
    runner.bank.hear(0, "high", "false")
    other = Runner([msgspec.structs.replace(HIGH, high=4.25)])
    other.bank.grow(SERIES[:1])
    assert other.bank.restore(runner.saved()) == ["high (declared otherwise)"]
    assert offsets(other.feed(line(4.5))) == [0]


@quick
@given(log=logs(), steps=st.integers(0, 8))
def test_a_raised_limit_flags_what_one_declared_so_much_higher_does(log: list[Point], steps: int) -> None:
    """Values lie on quarters; neither threshold does."""
    declared = 2.03125
    low, high = (
        Limit(name="high", high=high, report="every", **ALL) for high in (declared, declared * 1.25**steps)
    )  # fmt: skip
    first = [Point(key, log[0].ts - 1, 0.0, -1, log[0].ts - 1) for key in dict.fromkeys(point.key for point in log)]
    runner = Runner([low])
    runner.feed(first)
    for series in range(len(first)):
        for _ in range(steps):
            runner.bank.hear(series, "high", "false")
    higher = Runner([high])
    higher.feed(first)
    assert offsets(runner.feed(log)) == offsets(higher.feed(log))


@quick
@given(log=logs(), data=st.data())
def test_flags_with_feedback_between_do_not_depend_on_restarts(log: list[Point], data: st.DataObject) -> None:
    names = st.sampled_from([spec.name for spec in EVERYTHING])
    said = st.tuples(st.integers(0, 5), names, st.sampled_from(get_args(Verdict)))
    places = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=6)))
    heard = [data.draw(st.lists(said, max_size=8)) for _ in places]
    plain, restarting, flags, again = Runner(EVERYTHING), Runner(EVERYTHING), [], []
    begin = 0
    for end, saids in zip([*places, len(log)], [*heard, []], strict=True):
        flags += plain.feed(log[begin:end])
        again += restarting.feed(log[begin:end])
        begin = end
        for series, name, verdict in saids:
            if series < len(plain.table):
                assert plain.bank.hear(series, name, verdict) == restarting.bank.hear(series, name, verdict)
        restarting = restarting.restarted()
    assert bits(again) == bits(flags)


@quick
@given(log=logs(), data=st.data())
def test_a_step_that_is_taken_back_leaves_no_trace(log: list[Point], data: st.DataObject) -> None:
    runner = Runner(EVERYTHING)
    now = data.draw(st.integers(0, len(log)))
    flags = runner.feed(log[:now])
    for spec in EVERYTHING:
        for series in range(len(runner.table)):
            runner.bank.hear(series, spec.name, "false")
            runner.bank.hear(series, spec.name, "true")
    assert bits(flags + runner.feed(log[now:])) == bits(run(EVERYTHING, log))
