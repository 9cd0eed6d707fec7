"""The readings of the synthetic plant."""

from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.simulator.assets import SITE, assets
from infra.simulator.causes import FURNACE, SCRUBBER, Cause, Scenario
from infra.simulator.causes import schedule as schedule_of_causes
from infra.simulator.faults import FAULT_KINDS, Fault, FaultKind, schedule
from infra.simulator.kinds import KINDS
from infra.simulator.plant import Message, Plant
from infra.simulator.process import MACHINES as OF_THE_PROCESS
from infra.simulator.process import REAGENT, Process
from schemas.events import FLAGS, NOT_MEASURED
from streams.topology.load import load

START_MS = 1_760_000_000_000
MACHINES = assets()
TOWER_PLANT = Path(__file__).parents[3] / "infra" / "topologies" / "tower_plant.yaml"


def run(seconds: float, rate: float = 210, seed: int = 5, faults: list[Fault] | None = None) -> list[Message]:
    return Plant(seed, MACHINES, rate, START_MS, faults or []).until(seconds)


def series(messages: list[Message], asset: str, metric: str) -> dict[float, float]:
    """The metric's values by plant seconds."""
    return {
        (int(event.ts) - START_MS) / 1000: event.values[metric]
        for _, _, event in messages
        if event.asset == asset and metric in event.values
    }


def test_a_seed_gives_a_plant_and_another_one_another() -> None:
    assert run(10, seed=5) == run(10, seed=5)
    assert run(10, seed=5) != run(10, seed=6)


@given(cuts=st.lists(st.floats(0, 20), max_size=15).map(sorted))
def test_readings_do_not_depend_on_how_time_is_cut(cuts: list[float]) -> None:
    faults = list(schedule(5, MACHINES, 1.0, 20.0))
    plant = Plant(5, MACHINES, 21, START_MS, faults)
    assert [message for cut in [*cuts, 20.0] for message in plant.until(cut)] == run(20, rate=21, faults=faults)


def test_machines_are_read_in_turn_at_the_rate_asked_for() -> None:
    messages = run(10, rate=210)
    assert len(messages) == 2100
    assert [event.asset for _, _, event in messages[:21]] == [machine.name for machine in MACHINES]
    assert all(int(before.event.ts) <= int(after.event.ts) for before, after in pairwise(messages))
    assert {int(event.ts) - START_MS for _, _, event in messages if event.asset == "punch-1"} == set(
        range(0, 10_000, 100)
    )


def test_a_reading_goes_to_the_topic_of_its_kind_under_the_key_of_its_machine() -> None:
    for topic, key, event in run(1):
        assert topic == ("emission.events" if event.asset.startswith("stack-") else "machine.events")
        assert key == f"{SITE}/{event.asset}".encode()
        assert event.site == SITE


def test_every_machine_sends_all_of_its_metrics_within_their_physical_range() -> None:
    metrics = load(TOWER_PLANT).metrics
    for _, _, event in run(600, rate=42):
        assert set(event.values) == {signal.metric for signal in KINDS[event.asset.split("-")[0]].signals}
        for metric, value in event.values.items():
            declared = metrics[metric]
            assert declared.low is not None
            assert declared.high is not None
            assert declared.low <= value <= declared.high


def test_machines_idle_and_stop_and_furnaces_do_not() -> None:
    states = defaultdict(set)
    for _, _, event in run(900, rate=21):
        states[event.asset].add(event.state)
    assert states["kettle-1"] == states["stack-1"] == {"running"}
    assert set().union(*states.values()) == {"running", "idle", "setup", "stopped"}


def test_only_stacks_carry_flags_and_a_calibration_shows_zero_gas() -> None:
    flags: Counter[str] = Counter()
    for _, _, event in run(900, rate=42):
        if event.flags is None:
            continue
        assert event.asset.startswith("stack-")
        flags.update(set(event.flags.values()))
        assert event.values["nox"] == 1.1 or event.flags["nox"] == "M"
    assert set(flags) == {"C", "M"} <= set(FLAGS)
    assert flags["C"] > flags["M"]


def _spike(before: np.ndarray, during: np.ndarray) -> bool:
    return bool(during.min() > before.max() + 20 * before.std())


def _drift(before: np.ndarray, during: np.ndarray) -> bool:
    thirds = [part.mean() for part in np.array_split(during, 3)]
    return bool(before.mean() > thirds[0] > thirds[1] > thirds[2] and during[-1] < before.min() - 10 * before.std())


def _stuck(before: np.ndarray, during: np.ndarray) -> bool:
    return bool(np.ptp(during) == 0 and before.min() <= during[0] <= before.max())


def _dropout(before: np.ndarray, during: np.ndarray) -> bool:
    return len(during) == 0


def _level_shift(before: np.ndarray, during: np.ndarray) -> bool:
    return bool(abs(during.mean() - before.mean() - 12) < 0.5 and during.std() < 1.5 * before.std())


def _noise_burst(before: np.ndarray, during: np.ndarray) -> bool:
    return bool(during.std() > 8 * before.std())


def _exceedance(before: np.ndarray, during: np.ndarray) -> bool:
    return bool(before.max() < 100 and np.median(during) > 200)


def _rate_jump(before: np.ndarray, during: np.ndarray) -> bool:
    return bool(during[0] - before[-1] > 20 and during[-1] - before.mean() < 2)


VISIBLE: dict[FaultKind, tuple[str, str, float, Callable[[np.ndarray, np.ndarray], bool]]] = {
    "spike": ("kettle-1", "burner_power", 800, _spike),
    "drift": ("scrubber-1", "ph", -1.6, _drift),
    "stuck": ("kettle-1", "zinc_level", 0, _stuck),
    "dropout": ("stack-1", "o2", 0, _dropout),
    "level_shift": ("scrubber-1", "pump_current", 12, _level_shift),
    "noise_burst": ("furnace-1", "fuel_flow", 12, _noise_burst),
    "exceedance": ("stack-2", "nox", 190, _exceedance),
    "rate_jump": ("kettle-1", "zinc_temperature", 25, _rate_jump),
}


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_a_fault_is_visible_while_it_lasts_and_nowhere_else(kind: FaultKind) -> None:
    asset, metric, size, is_visible = VISIBLE[kind]
    fault = Fault(asset, metric, kind, start=20, end=28, size=size)
    faulty = series(run(40, faults=[fault]), asset, metric)
    sound = series(run(40), asset, metric)

    def of(values: dict[float, float], begin: float, end: float) -> np.ndarray:
        return np.array([value for second, value in values.items() if begin <= second < end])

    assert is_visible(of(faulty, 0, 20), of(faulty, 20, 28))
    assert not is_visible(of(sound, 0, 20), of(sound, 20, 28))
    for begin, end in ((0, 20), (28, 40)):
        np.testing.assert_array_equal(of(faulty, begin, end), of(sound, begin, end))


def test_a_fault_leaves_every_other_series_as_it_is() -> None:
    fault = Fault("scrubber-1", "ph", "level_shift", start=2, end=4, size=3)
    for with_fault, without in zip(run(5, faults=[fault]), run(5), strict=True):
        same = {k: v for k, v in with_fault.event.values.items() if k != "ph" or with_fault.event.asset != "scrubber-1"}
        assert same.items() <= without.event.values.items()


def test_nobody_calibrates_a_stack_while_it_has_a_fault() -> None:
    fault = Fault("stack-1", "nox", "exceedance", start=0, end=400, size=190)
    assert not any(event.flags for _, _, event in run(400, rate=42, faults=[fault]) if event.asset == "stack-1")


def responding(seconds: float, causes: list[Cause], rate: float = 210) -> list[Message]:
    return Plant(5, MACHINES, rate, START_MS, (), Process(5, causes)).until(seconds)


def cause_of(scenario: Scenario, start: float, end: float) -> Cause:
    return Cause(scenario.asset, scenario.metric, scenario.kind, start, end, scenario.size)


def measured(messages: list[Message], asset: str, metric: str) -> dict[float, float]:
    """The metric's values by plant seconds, without those that the instrument did not measure."""
    kept = [message for message in messages if (message.event.flags or {}).get(metric) not in NOT_MEASURED]
    return series(kept, asset, metric)


@pytest.mark.parametrize("scenario", [*SCRUBBER, *FURNACE])
def test_a_reading_of_a_stack_exceeds_its_limit_while_a_cause_lasts_and_no_other(scenario: Scenario) -> None:
    limits = {"so2": 200, "nox": 200, "pm": 30}
    messages = responding(120, [cause_of(scenario, 20, 80)])
    for stack in ("stack-1", "stack-2"):
        for metric, limit in limits.items():
            values = measured(messages, stack, metric)
            over = {second for second, value in values.items() if value > limit}
            if (stack, metric) == (scenario.asset, scenario.metric):
                assert over >= {second for second in values if 40 <= second < 80}
                assert 20 < min(over) < max(over) < 110
            else:
                assert over == set()


def test_a_process_without_causes_exceeds_no_limit_and_leaves_all_other_machines_as_they_are() -> None:
    for with_process, without in zip(responding(300, [], rate=42), run(300, rate=42), strict=True):
        if without.event.asset in OF_THE_PROCESS:
            assert with_process.event.values.get("so2", 0) < 50
            assert with_process.event.values.get("nox", 0) < 90
            assert with_process.event.flags == without.event.flags
        else:
            assert with_process == without


def test_more_reagent_shows_in_the_readings_after_it_was_commanded_and_not_before() -> None:
    process = Process(5, [cause_of(SCRUBBER[1], 5, 100)])
    plant = Plant(5, MACHINES, 210, START_MS, (), process)
    messages = plant.until(40)
    assert messages == responding(40, [cause_of(SCRUBBER[1], 5, 100)])
    process.move(REAGENT, 42.0, 40)
    messages += plant.until(80)
    flow, so2 = measured(messages, "scrubber-1", "reagent_flow"), measured(messages, "stack-2", "so2")
    assert max(value for second, value in flow.items() if second < 40) < 26
    assert min(value for second, value in flow.items() if second >= 60) > 39
    assert min(value for second, value in so2.items() if 25 <= second < 40) > 200
    assert max(value for second, value in so2.items() if second >= 70) < 200


@settings(deadline=None)
@given(
    cuts=st.lists(st.floats(0, 60), max_size=15).map(sorted),
    rate=st.sampled_from([21.0, 33.0, 100.0]),
    moved=st.integers(0, 59),
)
def test_readings_depend_on_the_set_points_history_and_not_on_how_time_is_cut(
    cuts: list[float], rate: float, moved: int
) -> None:
    causes = schedule_of_causes(5, 1, 60.0)

    def readings(cuts: list[float]) -> list[Message]:
        process = Process(5, causes)
        plant = Plant(5, MACHINES, rate, START_MS, (), process)
        messages = [message for cut in cuts if cut <= moved for message in plant.until(cut)]
        process.move(REAGENT, 42.0, moved)
        return messages + [message for cut in [*cuts, 60.0] if cut > moved for message in plant.until(cut)]

    assert readings(cuts) == readings([])


def test_nobody_calibrates_a_stack_while_it_exceeds_for_a_cause() -> None:
    messages = responding(400, [cause_of(FURNACE[0], 0, 200)], rate=42)
    flagged = [(event.asset, int(event.ts) - START_MS >= 200_000) for _, _, event in messages if event.flags]
    assert set(flagged) == {("stack-1", True), ("stack-2", False), ("stack-2", True)}


def test_a_plant_without_the_machines_of_the_process_is_read_all_the_same() -> None:
    punches = assets(4)
    with_process = Plant(5, punches, 40, START_MS, (), Process(5, schedule_of_causes(5, 1, 60.0))).until(60)
    assert with_process == Plant(5, punches, 40, START_MS).until(60)
