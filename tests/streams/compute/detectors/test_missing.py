"""`missing`: gaps, measured by the stream time of the partition."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.compute.detectors.missing import Missing
from tests.streams.compute.detectors.logs import ALL, SECONDS, START, Point, Runner, bits, log_of, logs, offsets, run

MISSING = [Missing(name="m", timeout=SECONDS[10], **ALL)]


def test_a_gap_is_flagged_once_at_the_first_record_of_any_series_after_it_is_due() -> None:
    log = log_of([[(0, 0, 1.0)], [(1, 9999, 1.0)], [(1, 10_000, 1.0)], [(1, 11_000, 1.0)], [(1, 15_000, 1.0)]])
    (flag,) = run(MISSING, log)
    assert (flag.offset, flag.ts, flag.series) == (2, START + 10_000, 0)
    assert math.isnan(flag.value)
    assert flag.score == 1
    assert flag.reason == "no newer value for 10s since 2023-11-14T22:13:20.000+00:00"


def test_a_gap_is_noticed_at_the_latest_when_the_series_returns() -> None:
    assert offsets(run(MISSING, log_of([[(0, 0, 1.0)], [(0, 60_000, 1.0)], [(0, 61_000, 1.0)]]))) == [1]


def test_a_series_that_returned_can_be_missing_again() -> None:
    assert offsets(run(MISSING, log_of([[(0, 20_000 * i, 1.0)] for i in range(4)]))) == [1, 2, 3]


def test_a_series_that_has_never_come_is_not_missed() -> None:
    assert run(MISSING, log_of([[(1, 1000 * i, 1.0)] for i in range(60)])) == []


def test_a_point_out_of_order_does_not_put_the_due_time_off() -> None:
    log = log_of([[(0, 5000, 1.0)], [(0, 1000, 1.0)], [(1, 14_999, 1.0)], [(1, 15_000, 1.0)]])
    assert [(flag.offset, flag.ts) for flag in run(MISSING, log)] == [(3, START + 15_000)]


def test_points_that_are_overdue_themselves_do_not_end_the_gap() -> None:
    lagging = [[(1, 20_000 + 1000 * i, 1.0), (0, 1000 * i, 1.0)] for i in range(20)]
    flags = [flag for flag in run(MISSING, log_of(lagging)) if flag.series == 1]
    assert [(flag.offset, flag.ts) for flag in flags] == [(1, START + 10_000)]


def test_a_tick_notices_what_is_due_when_no_record_comes() -> None:
    runner = Runner(MISSING)
    assert runner.feed(log_of([[(1, 0, 1.0)], [(0, 2000, 1.0)]])) == []
    assert runner.bank.tick(START + 9999, 1) == []
    assert [(f.series, f.ts, f.offset) for f in runner.bank.tick(START + 10_000, 1)] == [(0, START + 10_000, 1)]
    assert [f.series for f in runner.bank.tick(START + 60_000, 1)] == [1]
    assert runner.bank.tick(START + 90_000, 1) == []


def test_what_a_tick_flagged_is_not_flagged_again_by_records() -> None:
    runner = Runner(MISSING)
    runner.feed(log_of([[(0, 0, 1.0)]]))
    assert len(runner.bank.tick(START + 10_000, 0)) == 1
    late_point, others = Point(*log_of([[(0, -500, 1.0)]])[0])._replace(stream_time=START), log_of([[(1, 30_000, 1.0)]])
    assert runner.feed([late_point]) == []
    assert [flag.series for flag in runner.feed(others)] == []


def test_a_series_that_returned_after_a_tick_can_be_missing_again() -> None:
    runner = Runner(MISSING)
    runner.feed(log_of([[(0, 0, 1.0)]]))
    runner.bank.tick(START + 10_000, 0)
    assert runner.feed(log_of([[(0, 3000, 1.0)]])) == []
    assert [flag.ts for flag in runner.bank.tick(START + 13_000, 1)] == [START + 13_000]


def test_the_next_due_time_is_that_of_the_series_that_will_be_missed_first() -> None:
    runner = Runner(MISSING)
    assert runner.bank.next_due() is None
    runner.feed(log_of([[(0, 0, 1.0)], [(1, 4000, 1.0)]]))
    assert runner.bank.next_due() == START + 10_000
    assert runner.bank.tick(START + 9_999, 1) == []
    assert [flag.series for flag in runner.bank.tick(START + 10_000, 1)] == [0]
    assert runner.bank.next_due() == START + 14_000
    runner.bank.tick(START + 14_000, 1)
    assert runner.bank.next_due() is None


@settings(max_examples=100, deadline=None)
@given(log=logs(), ticks=st.lists(st.integers(0, 30_000), max_size=4), data=st.data())
def test_with_ticks_between_them_the_chunks_make_no_difference(
    log: list[Point], ticks: list[int], data: st.DataObject
) -> None:
    places = sorted(data.draw(st.lists(st.integers(0, len(log)), min_size=len(ticks), max_size=len(ticks))))

    def flags(more_cuts: list[int]) -> list[tuple[object, ...]]:
        runner, found, fed = Runner(MISSING), [], 0
        due = [(place, 1, tick) for place, tick in zip(places, ticks, strict=True)]
        for place, is_tick, tick in sorted([*due, *((cut, 0, 0) for cut in more_cuts), (len(log), 2, 0)]):
            found += runner.feed(log[fed:place])
            fed = place
            if is_tick == 1:
                found += runner.bank.tick(max([START, *(p.stream_time for p in log[:fed])]) + tick, fed)
        return bits(found)

    assert flags(data.draw(st.lists(st.integers(0, len(log)), max_size=6))) == flags([])
