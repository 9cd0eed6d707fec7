"""The process behind the stacks: how emissions follow causes and set-points."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.simulator.causes import FURNACE, SCRUBBER, Cause, Scenario
from infra.simulator.kinds import KINDS
from infra.simulator.process import FUEL, MACHINES, REAGENT, SETPOINTS, Process, SetPoint

LIMIT = 200.0
"""mg/m3 of sulphur dioxide and of nitrogen oxides, as the tower plant's topology has it."""
START, END = 20.0, 140.0
NORMAL = {REAGENT: 24.0, FUEL: 85.0}
STEP = {REAGENT: 6.0, FUEL: -6.0}
Move = tuple[float, SetPoint, float]

compensable = [scenario for scenario in (*SCRUBBER, *FURNACE) if scenario.kind != "valve_sticks"]


def cause_of(scenario: Scenario) -> Cause:
    return Cause(scenario.asset, scenario.metric, scenario.kind, START, END, scenario.size)


def level(asset: str, metric: str) -> float:
    return next(s.levels[0] for s in KINDS[asset.partition("-")[0]].signals if s.metric == metric)


def run(
    causes: Sequence[Cause], seconds: float, moves: Sequence[Move] = (), seed: int = 5
) -> dict[tuple[str, str], np.ndarray]:
    """Signals by series, ten a second, with set-points moved at their times."""
    process = Process(seed, causes)
    shifts, t = [], np.arange(0, seconds, 0.1)
    ends = [*(at for at, _, _ in moves), np.inf]
    for (begin, end), move in zip(pairwise([-1.0, *ends]), [*moves, None], strict=True):
        part = t[(t >= begin) & (t < end)]
        if len(part):
            shifts.append(process.shifts(part))
        if move is not None:
            process.move(move[1], move[2], move[0])
    return {series: np.concatenate([s[series] for s in shifts]) + level(*series) for series in shifts[0]}


def emission(scenario: Scenario, moves: Sequence[Move] = ()) -> np.ndarray:
    return run([cause_of(scenario)], 200, moves)[scenario.asset, scenario.metric]


def steps(scenario: Scenario, number: int, begin: float = 50.0, every: float = 15.0) -> list[Move]:
    """The set-point that counters a cause, moved so many times."""
    point = FUEL if scenario in FURNACE else REAGENT
    return [(begin + n * every, point, NORMAL[point] + (n + 1) * STEP[point]) for n in range(number)]


def between(values: np.ndarray, begin: float, end: float) -> np.ndarray:
    return values[round(begin * 10) : round(end * 10)]


def test_only_signals_of_its_machines_are_moved_and_all_of_them_are_measured() -> None:
    series = run([], 1).keys()
    assert {asset for asset, _ in series} == MACHINES
    assert all(level(*one) for one in series)
    assert SETPOINTS.keys() <= series


def test_without_causes_every_signal_stays_where_it_is_normal() -> None:
    for series, values in run([], 900).items():
        np.testing.assert_allclose(values, level(*series), rtol=0.12)
        assert np.mean(values) == pytest.approx(level(*series), rel=0.01)


@pytest.mark.parametrize("scenario", [*SCRUBBER, *FURNACE])
def test_an_exceedance_arises_from_each_cause_within_twenty_seconds(scenario: Scenario) -> None:
    values = emission(scenario)
    assert between(values, 0, START).max() < LIMIT / 2
    assert between(values, START + 20, END).min() > LIMIT


@pytest.mark.parametrize("scenario", [*SCRUBBER, *FURNACE])
def test_without_commands_it_stays_exceeded_until_the_cause_ends_and_is_over_soon_after(scenario: Scenario) -> None:
    values = emission(scenario)
    assert between(values, START + 20, END).min() > 1.2 * LIMIT
    assert between(values, END + 30, 200).max() < LIMIT / 2


@pytest.mark.parametrize("scenario", compensable)
def test_one_step_is_not_enough_and_three_bring_it_back_while_the_cause_lasts(scenario: Scenario) -> None:
    assert between(emission(scenario, steps(scenario, 1)), 80, END).min() > LIMIT
    enough = between(emission(scenario, steps(scenario, 3)), 110, END)
    assert 0 < enough.min() <= enough.max() < LIMIT * 0.8


@pytest.mark.parametrize("scenario", compensable)
def test_each_step_lowers_the_emission(scenario: Scenario) -> None:
    settled = [between(emission(scenario, steps(scenario, n)), 110, END).mean() for n in range(4)]
    assert settled == sorted(settled, reverse=True)
    assert settled[0] - settled[1] > 50


@pytest.mark.parametrize("scenario", compensable)
def test_a_controller_that_steps_while_it_is_exceeded_sees_each_step_help_and_has_it_back_within_a_minute(
    scenario: Scenario,
) -> None:
    process = Process(5, [cause_of(scenario)])
    point = FUEL if scenario in FURNACE else REAGENT
    next_step, before = 0.0, np.inf
    over = []
    for t in np.arange(0, END, 0.1).tolist():
        shift = process.shifts(np.array([t]))[scenario.asset, scenario.metric]
        value = float(shift[0]) + level(scenario.asset, scenario.metric)
        if value > LIMIT:
            over.append(t)
            if t - over[0] >= 3 and t >= next_step:  # the on-delay of the alarm
                assert value < before - 10
                process.move(point, process.setpoint(point) + STEP[point], t)
                next_step, before = t + 20, value
    assert START < over[0] < over[-1] < START + 60
    assert abs(process.setpoint(point) - NORMAL[point]) in {2 * abs(STEP[point]), 3 * abs(STEP[point])}


@pytest.mark.parametrize("scenario", compensable)
def test_a_step_against_the_wrong_set_point_helps_nothing(scenario: Scenario) -> None:
    wrong, value = (REAGENT, 60.0) if scenario in FURNACE else (FUEL, 55.0)
    moved = emission(scenario, [(50.0, wrong, value)])
    np.testing.assert_array_equal(moved, emission(scenario))


def test_the_flow_does_not_follow_its_set_point_while_its_valve_is_stuck() -> None:
    stuck = cause_of(SCRUBBER[0])
    flow = run([stuck], 200, [(60.0, REAGENT, 48.0)])["scrubber-1", "reagent_flow"]
    assert between(flow, START + 10, END) == pytest.approx(0.3 * 24, abs=0.2)
    assert between(flow, END + 15, 200) == pytest.approx(48, abs=1)


def test_a_valve_is_stuck_while_its_cause_lasts_and_no_other_is() -> None:
    process = Process(1, [cause_of(SCRUBBER[0])])
    assert [process.is_stuck(REAGENT, t) for t in (START - 0.1, START, END - 0.1, END)] == [False, True, True, False]
    assert not process.is_stuck(FUEL, START)
    assert not Process(1, [cause_of(SCRUBBER[1])]).is_stuck(REAGENT, START)


@pytest.mark.parametrize("point", SETPOINTS.values())
def test_a_flow_follows_its_set_point_with_a_lag_of_two_seconds_and_noise(point: SetPoint) -> None:
    at, value = 10.0, NORMAL[point] + 2 * STEP[point]
    flow = run([], 400, [(at, point, value)])[point.asset, point.metric]
    assert flow[100] == pytest.approx(NORMAL[point], abs=6 * point.noise)  # nothing has moved yet at that moment
    done = (flow[120] - NORMAL[point]) / (value - NORMAL[point])
    assert done == pytest.approx(1 - np.exp(-1), abs=0.15)
    assert between(flow, 30, 400).mean() == pytest.approx(value, abs=point.noise)
    assert between(flow, 30, 400).std() == pytest.approx(point.noise, rel=0.3)


def test_the_liquor_of_the_scrubber_follows_the_reagent_with_a_lag_of_ten_seconds() -> None:
    ph = run([], 200, [(10.0, REAGENT, 36.0)])["scrubber-1", "ph"]
    begin, end = between(ph, 0, 10).mean(), between(ph, 100, 200).mean()
    assert end > begin + 0.5
    done = [(ph[round(10 * (10 + seconds))] - begin) / (end - begin) for seconds in (3, 12, 40)]
    assert done[0] < 0.2
    assert done[1] == pytest.approx(1 - np.exp(-1), abs=0.1)
    assert done[2] > 0.9


def test_whoever_reads_more_often_than_the_process_is_computed_sees_no_jumps() -> None:
    process = Process(5, [cause_of(FURNACE[0])])
    temperature = process.shifts(np.arange(START, START + 20, 0.01))["furnace-1", "furnace_temperature"]
    changes = np.abs(np.diff(temperature))
    assert temperature[-1] > 80
    assert changes.max() < 0.3  # a hundredth of a second; all of a step at once would be 10 times as much
    assert np.median(changes) > 0


@pytest.mark.parametrize("point", SETPOINTS.values())
@pytest.mark.parametrize("end", ["low", "high"])
def test_at_its_bounds_a_set_point_leaves_every_signal_within_its_physical_range(point: SetPoint, end: str) -> None:
    for series, values in run([], 120, [(1.0, point, getattr(point, end))]).items():
        assert values.min() > 0, series
    assert run([], 120, [(1.0, REAGENT, 60.0)])["scrubber-1", "ph"].max() < 14


def test_fouling_shows_in_the_pressure_drop_and_a_surge_in_the_temperature() -> None:
    fouled = run([cause_of(SCRUBBER[1])], 100)
    assert between(fouled["scrubber-1", "pressure_drop"], 60, 100).min() > 1.3 * 1200
    assert 2 * 6 < between(fouled["stack-2", "pm"], 60, 100).max() < 30
    hot = run([cause_of(FURNACE[0])], 100)
    assert between(hot["furnace-1", "furnace_temperature"], 60, 100).min() > 700


def test_a_seed_gives_a_process_and_another_one_another() -> None:
    series = ("scrubber-1", "reagent_flow")
    one, again, other = (run([], 10, seed=seed)[series] for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[float], list[Move]]:
    """Cuts of 60 seconds, and moves at some of them."""
    cuts = sorted(draw(st.lists(st.floats(0, 60), min_size=1, max_size=12)))
    points = st.sampled_from([REAGENT, FUEL])
    moves = [(cut, draw(points), draw(st.floats(40, 60))) for cut in cuts if draw(st.booleans())]
    return cuts, moves


@settings(deadline=None)
@given(history=histories())
def test_signals_depend_on_when_set_points_are_moved_and_not_on_how_time_is_cut(
    history: tuple[list[float], list[Move]],
) -> None:
    cuts, moves = history
    causes = [cause_of(scenario)._replace(start=10.0, end=40.0) for scenario in (*SCRUBBER[1:], *FURNACE)]
    expected = run(causes, 60, moves)
    process, t = Process(5, causes), np.arange(0, 60, 0.1)
    for at, point, value in moves:  # long before their times
        process.move(point, value, at)
    parts = [process.shifts(part) for part in np.split(t, np.searchsorted(t, cuts)) if len(part)]
    for series, values in expected.items():
        np.testing.assert_array_equal(np.concatenate([part[series] for part in parts]) + level(*series), values)
