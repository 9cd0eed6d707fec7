"""`reset_after`: what detectors make of the states of machines."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import CheckpointError
from streams.compute.detectors.base import Spec
from streams.compute.detectors.ewma import Ewma
from streams.compute.detectors.lane import Flag
from streams.compute.detectors.limit import Limit
from streams.compute.detectors.mewma import Mewma
from streams.compute.detectors.missing import Missing
from streams.compute.detectors.registry import DETECTORS, DetectorSpec
from streams.compute.series import SeriesKey
from tests.streams.compute.detectors.logs import (
    ALL,
    EXAMPLES,
    Point,
    Runner,
    bits,
    cuts_of,
    line,
    log_of,
    logs,
    offsets,
    run,
    run_in_chunks,
)

KINDS = [kind for kind in DETECTORS if kind is not Missing]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
NAMED = [("maintenance",), ("maintenance", "changeover")]


def resetting(kind: type[Spec]) -> list[DetectorSpec]:
    return [msgspec.structs.replace(spec, reset_after=NAMED[i % 2]) for i, spec in enumerate(EXAMPLES[kind])]


def unbudgeted(spec: DetectorSpec) -> DetectorSpec:
    """What somebody will look at in a day is not forgotten with what was learned."""
    return msgspec.structs.replace(spec, budget=None)


@st.composite
def stateful(draw: st.DrawFn) -> list[Point]:
    states = st.sampled_from(["", "", "", "", "running", "maintenance", "changeover"])
    return [point._replace(state=draw(states)) for point in draw(logs())]


@every_kind
@settings(max_examples=30, deadline=None)
@given(log=stateful(), data=st.data())
def test_flags_depend_neither_on_chunks_nor_on_restarts(
    kind: type[Spec], log: list[Point], data: st.DataObject
) -> None:
    specs = resetting(kind)
    whole = bits(run(specs, log))
    cuts = data.draw(cuts_of(log))
    assert bits(run_in_chunks(specs, log, cuts, restart=True)) == whole
    assert bits(run_in_chunks(specs, log, range(len(log)), restart=False)) == whole


def lives(log: Sequence[Point], asset: str, named: Sequence[str]) -> list[list[Point]]:
    """The points of an asset between the times at which it left one of the states, without those inside them."""
    found: list[list[Point]] = [[]]
    state, since = "", -1
    for point in log:
        if point.key.asset != asset:
            continue
        if point.state and point.ts >= since:
            if state in named and point.state not in named:
                found.append([])
            state, since = point.state, point.ts
        if state not in named:
            found[-1].append(point)
    return found


def in_order(log: Sequence[Point]) -> list[Point]:
    """Without points not newer than those before in their series: a life does not know of the ones before it."""
    newest: dict[SeriesKey, int] = {}
    kept = []
    for point in log:
        if point.ts > newest.get(point.key, -1):
            newest[point.key] = point.ts
            kept.append(point)
    return kept


@every_kind
@settings(max_examples=30, deadline=None)
@given(log=stateful())
def test_an_asset_that_left_a_state_is_judged_as_if_it_were_new(kind: type[Spec], log: list[Point]) -> None:
    log = in_order(log)
    for index, spec in enumerate(map(unbudgeted, resetting(kind))):
        born = Runner([])
        born.feed(log)
        expected: list[Flag] = []
        for asset in ("a-1", "b-1"):
            for life in lives(log, asset, spec.reset_after):
                runner = Runner([unbudgeted(EXAMPLES[kind][index])])
                runner.table.restore(born.table.keys, [0, 0])
                runner.bank.grow(born.table.keys)
                expected += runner.feed([point._replace(state="") for point in life])
        assert sorted(bits(run([spec], log)), key=str) == sorted(bits(expected), key=str)


def test_inside_a_state_nothing_is_judged_and_after_it_everything_begins_anew() -> None:
    spec = Ewma(name="e", weight=1.0, width=3.0, warmup=4, reset_after=("maintenance",), **ALL)
    log = line(*[0.0, 1.0] * 4, 9.0, 9.0, 0.0, 1.0, 0.0, 1.0, 9.0)
    for i, state in ((0, "running"), (8, "maintenance"), (10, "running")):
        log[i] = log[i]._replace(state=state)
    assert offsets(run([spec], log)) == [14]
    assert run([spec], [*log[:10], *log[11:]]) == [], "never told that it has left the state"
    assert run([spec], [*log[:11], log[14]]) == [], "learning anew"
    assert offsets(run([msgspec.structs.replace(spec, reset_after=())], log)) == [8, 14]


def test_a_condition_that_stood_when_the_state_began_is_told_again_after_it() -> None:
    log = line(*[9.0] * 6)
    log = [point._replace(state=state) for point, state in zip(log, ["", "a", "b", "a", "", "b"], strict=True)]
    assert offsets(run([Limit(name="l", high=5.0, reset_after=("a",), **ALL)], log)) == [0, 2, 5]
    assert offsets(run([Limit(name="l", high=5.0, reset_after=("a", "b"), **ALL)], log)) == [0]


def test_what_an_asset_had_before_the_state_is_not_held_after_it() -> None:
    """Held, it would be a metric of the new warm-up, which would begin once more when it is held no longer."""
    spec = Mewma(name="m", weight=1.0, warmup=100, alpha=1e-4, reset_after=("maintenance",), **ALL)
    both = [[(0, 1000 * i, float(i % 5)), (2, 1000 * i, float(i % 3))] for i in range(10)]
    log = log_of([*both, *([(0, 1000 * i, float(i % 5))] for i in range(10, 115)), [(0, 115_000, 99.0)]])
    for i, state in ((0, "running"), (18, "maintenance"), (20, "running")):
        log[i] = log[i]._replace(state=state)
    assert offsets(run([spec], log)) == [115]


def test_the_state_of_an_asset_is_that_of_all_its_series_and_of_no_other_asset() -> None:
    log = log_of([[(0, 0, 0.0), (1, 0, 0.0)], [(2, 1000, 9.0), (1, 1000, 9.0)]])
    log[0] = log[0]._replace(state="maintenance")
    flags = run([Limit(name="l", high=5.0, reset_after=("maintenance",), **ALL)], log)
    assert [flag.series for flag in flags] == [1]


def test_an_event_that_is_older_than_the_one_with_the_last_state_does_not_change_it() -> None:
    log = log_of([[(0, 5000, 9.0)], [(0, 3000, 9.0)], [(0, 6000, 9.0)]])
    log = [point._replace(state=state) for point, state in zip(log, ["maintenance", "running", ""], strict=True)]
    assert run([Limit(name="l", high=5.0, reset_after=("maintenance",), **ALL)], log) == []


def test_a_detector_that_names_no_states_beside_one_that_does_is_not_concerned() -> None:
    log = [point._replace(state="maintenance") for point in line(9.0, 0.0, 9.0)]
    plain = Limit(name="plain", high=5.0, **ALL)
    both = run([plain, Limit(name="l", high=5.0, reset_after=("maintenance",), **ALL)], log)
    assert bits(flag for flag in both if flag.detector == 0) == bits(run([plain], log)) != []


def test_a_checkpoint_from_before_states_were_kept_knows_none() -> None:
    spec = Limit(name="l", high=5.0, reset_after=("maintenance",), **ALL)
    runner = Runner([spec])
    runner.feed([line(9.0)[0]._replace(state="maintenance")])
    saved = runner.saved()
    del saved[".states"]
    assert runner.restarted().feed(line(9.0, 9.0)[1:]) == []
    again = Runner([spec])
    again.table.restore(runner.table.keys, [0, 0])
    again.bank.grow(runner.table.keys)
    assert again.bank.restore(saved) == []
    assert offsets(again.feed(line(9.0, 9.0)[1:])) == [1]
    with pytest.raises(CheckpointError):
        again.bank.restore({**runner.saved(), ".states": {}})


def test_a_bank_that_needs_no_states_keeps_none_and_its_detectors_go_on_from_older_checkpoints() -> None:
    runner = Runner([Limit(name="l", high=5.0, **ALL)])
    runner.feed([line(9.0)[0]._replace(state="maintenance")])
    saved = runner.saved()
    assert set(saved) == {".series", "l"}
    assert not runner.bank.needs_states
    assert saved["l"]["lane_spec"].tobytes().hex() == "10c5ee1a21adfe063203563a9e6a3c22"
