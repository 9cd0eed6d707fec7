"""What happens on the shop floor of the synthetic plant, against its readings and against itself."""

from bisect import bisect_right
from collections import Counter, defaultdict
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.simulator.assets import SITE, assets
from infra.simulator.plant import Message, Plant
from infra.simulator.shop_floor import mishaps
from infra.simulator.shop_floor.catalogue import STORE, WORK
from infra.simulator.shop_floor.floor import TOPICS, ShopFloor
from infra.simulator.shop_floor.machine import HEARTBEAT
from infra.simulator.shop_floor.mishaps import Mishap
from schemas.logistics import Arrival, LogisticsEvent, Move, Pick, PickList, StockTake
from schemas.production import Count, Job, ProductionEvent, StateChange
from schemas.quality import Inspection, QualityEvent, Sample
from schemas.topics import QUALITY_EVENTS

START_MS = 1_760_000_000_000
MACHINES = assets()
MAKERS = [machine for machine in MACHINES if machine.kind in WORK]
UNION = {"production.events": ProductionEvent, "quality.events": QualityEvent, "logistics.events": LogisticsEvent}


def run(seconds: float, seed: int = 5, wrong: list[Mishap] | None = None) -> list[Message]:
    return ShopFloor(seed, MACHINES, START_MS, TOPICS, wrong or []).until(seconds)


WHOLE = run(900)
"""A quarter of an hour in which nothing goes wrong."""


def of(kind: type, messages: list[Message] = WHOLE) -> dict[str, list]:
    """The events of a kind by machine, in the order of time."""
    found = defaultdict(list)
    for _, _, event in messages:
        if isinstance(event, kind):
            found[event.asset].append(event)
    return found


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.floats(0, 60), max_size=15).map(sorted))
def test_events_do_not_depend_on_how_time_is_cut(cuts: list[float]) -> None:
    wrong = list(mishaps.schedule(MACHINES, 60, TOPICS))
    floor = ShopFloor(5, MACHINES, START_MS, TOPICS, wrong)
    assert [message for cut in [*cuts, 60.0] for message in floor.until(cut)] == run(60, wrong=wrong)


def test_events_come_in_the_order_of_time_each_to_its_topic_under_its_key_and_are_understood_there() -> None:
    times = []
    for topic, key, event in WHOLE:
        assert key == f"{event.site}/{event.asset}".encode()
        assert event.site == SITE
        assert msgspec.json.decode(msgspec.json.encode(event), type=UNION[topic]) == event
        times.append(event.ts)
    assert times == sorted(times)
    assert times[0] == START_MS


def test_only_the_topics_that_are_wanted_are_sent() -> None:
    floor = ShopFloor(5, MACHINES, START_MS, {QUALITY_EVENTS.name})
    assert floor.until(60) == [message for message in run(60) if message.topic == QUALITY_EVENTS.name]
    assert ShopFloor(5, MACHINES, START_MS, ()).until(60) == []


def test_a_short_demo_shows_something_of_everything() -> None:
    messages = run(20, seed=1, wrong=list(mishaps.schedule(MACHINES, 20, TOPICS)))
    seen = Counter(type(event) for _, _, event in messages)
    assert set(seen) == {StateChange, Count, Job, Sample, Inspection, Arrival, PickList, Pick, Move}
    assert {event.state for _, _, event in messages if isinstance(event, StateChange)} >= {"running", "stopped"}
    assert any(event.defects for _, _, event in messages if isinstance(event, Inspection))


def test_the_state_of_a_machine_is_the_state_of_its_readings() -> None:
    changes = of(StateChange)
    assert set(changes) == {machine.name for machine in MAKERS}
    readings = Plant(5, MACHINES, 42, START_MS).until(900)
    compared: Counter[str] = Counter()
    for _, _, reading in readings:
        known = changes.get(reading.asset)
        if known is None:
            continue
        place = bisect_right(known, reading.ts, key=lambda change: change.ts) - 1
        if reading.ts - known[place].ts > 0:  # in the millisecond of a change it may be either
            assert reading.state == known[place].state
            compared[reading.state] += 1
    assert set(compared) == {"running", "idle", "setup", "stopped"}


def test_a_machine_repeats_its_state_and_its_stops_have_reasons() -> None:
    for changes in of(StateChange).values():
        assert changes[0].ts == START_MS
        assert all(after.ts - before.ts <= HEARTBEAT * 1000 + 1 for before, after in pairwise(changes))
        assert all((change.reason == "") == (change.state == "running") for change in changes)
        for before, after in pairwise(changes):
            if before.state == after.state:
                assert before.reason == after.reason


def test_items_are_made_while_a_machine_runs_at_about_the_planned_cycle() -> None:
    changes, counts = of(StateChange), of(Count)
    for machine in MAKERS:
        work, name = WORK[machine.kind], machine.name
        running = sum(
            after.ts - before.ts for before, after in pairwise(changes[name]) if before.state == "running"
        ) / 1000  # fmt: skip
        until = changes[name][-1].ts
        made = [count for count in counts[name] if count.ts < until]
        for count in made:
            place = bisect_right(changes[name], count.ts, key=lambda change: change.ts) - 1
            assert changes[name][place].state == "running"
            assert count.good + count.rejected == work.batch
        low, high = (running / (work.ideal * factor) for factor in reversed(work.actual))
        assert low - 2 <= len(made) <= high + 2


def test_a_machine_has_an_order_before_it_makes_anything_and_another_after_each_set_up() -> None:
    jobs, changes = of(Job), of(StateChange)
    for machine in MAKERS:
        first = next(event for _, _, event in WHOLE if event.asset == machine.name)
        assert isinstance(first, Job)
        begun = [
            after.ts for before, after in pairwise(changes[machine.name]) if after.state == "setup" != before.state
        ]
        orders = [job.order for job in jobs[machine.name]]
        assert orders == sorted(set(orders))
        if machine.kind != "kettle":
            assert [job.ts for job in jobs[machine.name][1:]] == begun
    assert len(jobs["kettle-1"]) > 2


def test_inspections_add_up_to_what_was_counted_and_scrap_is_what_was_rejected() -> None:
    counts = of(Count)
    for name, inspections in of(Inspection).items():
        last = inspections[-1].ts
        made = [count for count in counts[name] if count.ts <= last]
        assert sum(one.inspected for one in inspections) == sum(count.good + count.rejected for count in made)
        scrapped = sum(one.inspected - one.passed - one.reworked for one in inspections)
        assert scrapped == sum(count.rejected for count in made)
        assert sum(sum(one.defects.values()) for one in inspections) == scrapped + sum(o.reworked for o in inspections)


def test_what_is_measured_is_in_order_unless_something_goes_wrong() -> None:
    for name, samples in of(Sample).items():
        spec = WORK[name.split("-")[0]].characteristic
        values = [value for sample in samples for value in sample.values]
        assert {sample.characteristic for sample in samples} == {spec.name}
        assert abs(sum(values) / len(values) - spec.mean) < 4 * spec.sigma / len(values) ** 0.5
        assert all(len(sample.values) == spec.size for sample in samples)


@pytest.mark.parametrize("kind", ["process_shift", "process_drift"])
def test_a_shift_and_a_drift_show_while_they_last_and_nowhere_else(kind: mishaps.MishapKind) -> None:
    wrong = Mishap("kettle-1", "zinc_thickness", kind, start=100, end=160, size=30)
    differ = {}
    for sound, sick in zip(run(240), run(240, wrong=[wrong]), strict=True):
        if sound != sick:
            assert isinstance(sick.event, Sample)
            assert isinstance(sound.event, Sample)
            assert sick.event.asset == "kettle-1"
            second = (int(sick.event.ts) - START_MS) / 1000
            differ[second] = sick.event.values[0] - sound.event.values[0]
    assert 99.9 < min(differ) < 107
    assert 153 < max(differ) < 160
    moved = list(differ.values())
    expected = [30.0 if kind == "process_shift" else 30 * (second - 100) / 60 for second in differ]
    assert moved == pytest.approx(expected, abs=0.2)


def test_mishaps_come_in_order_and_those_of_a_machine_do_not_overlap() -> None:
    endless = mishaps.schedule(MACHINES, None, TOPICS)
    first = [next(endless) for _ in range(20)]
    assert [one.start for one in first] == sorted(one.start for one in first)
    assert Counter(one.kind for one in first) == {"wrong_pick": 10, "process_shift": 5, "process_drift": 5}
    for asset in (STORE, "kettle-1"):
        mine = [one for one in first if one.asset == asset]
        assert all(before.end <= after.start for before, after in pairwise(mine))
    assert [one.kind for one in mishaps.schedule(assets(3), 20, TOPICS)] == ["wrong_pick"]
    assert [one.kind for one in mishaps.schedule(MACHINES, 20, {QUALITY_EVENTS.name})] == ["process_shift"]
    assert list(mishaps.schedule(MACHINES, None, {"production.events"})) == []
    assert list(mishaps.schedule(MACHINES, 19, TOPICS)) == []


def picked(messages: list[Message]) -> list[bool]:
    """Whether each pick took what is left of a line of its order's list; what is in the bins is kept count of."""
    bins: Counter[str] = Counter()
    wanted: Counter[tuple[str, str, str]] = Counter()
    right = []
    for _, _, event in messages:
        match event:
            case Arrival():
                bins[event.bin] += event.pieces
            case StockTake():
                assert bins[event.bin] == event.pieces
            case PickList():
                wanted.update({(event.order, line.bin, line.heat): line.pieces for line in event.lines})
                for line in event.lines:
                    assert sum(line.cuts_mm) + 4 * (len(line.cuts_mm) - 1) <= line.length_mm
            case Pick():
                bins[event.bin] -= event.pieces
                assert bins[event.bin] >= 0
                line_ = (event.order, event.bin, event.heat)
                right.append(wanted[line_] == event.pieces)
                wanted[line_] -= event.pieces
    return right


def test_the_robot_takes_what_the_pick_list_wants_from_bins_that_have_it() -> None:
    right = picked(WHOLE)
    assert all(right)
    assert len(right) > 100


def test_a_wrong_pick_is_one_pick_after_its_beginning() -> None:
    wrong = [one for one in mishaps.schedule(MACHINES, 300, TOPICS) if one.kind == "wrong_pick"]
    messages = run(300, wrong=wrong)
    right = picked(messages)
    times = [(int(event.ts) - START_MS) / 1000 for _, _, event in messages if isinstance(event, Pick)]
    found = [time for time, one in zip(times, right, strict=True) if not one]
    assert len(found) == len(wrong) == 5
    assert all(one.start <= time < one.end for one, time in zip(wrong, found, strict=True))


def test_packs_go_from_machine_to_machine_by_cranes_that_carry_one_at_a_time_and_run_meanwhile() -> None:
    moves = of(Move)[STORE]
    where: dict[str, str] = {}
    kinds = [STORE, "saw", "punch", "weld", "kettle", "yard"]
    busy = {"crane-1": 0, "crane-2": 0}
    through = 0
    for move in moves:
        assert where.get(move.item, move.source) == move.source
        step = [place.rsplit("-", 1)[0] if place != STORE else place for place in (move.source, move.destination)]
        assert kinds.index(step[1]) == kinds.index(step[0]) + 1
        assert busy[move.carrier] <= int(move.departed) < int(move.ts)
        busy[move.carrier] = int(move.ts)
        where[move.item] = move.destination
        through += move.destination == "yard"
    assert through > 90
    crane = [event for _, _, event in Plant(5, MACHINES, 42, START_MS).until(900) if event.asset == "crane-1"]
    for move in moves:
        if move.carrier == "crane-1":
            meanwhile = [event.state for event in crane if int(move.departed) < int(event.ts) < int(move.ts)]
            assert set(meanwhile) <= {"running"}


def test_a_larger_plant_has_no_larger_shop_floor() -> None:
    larger = ShopFloor(5, assets(500), START_MS, TOPICS).until(60)
    assert larger == run(60)


def test_machines_say_that_they_are_off_when_the_plant_ends() -> None:
    messages = ShopFloor(5, MACHINES, START_MS, TOPICS).shut_down(12.3456)
    assert [event.asset for _, _, event in messages] == [machine.name for machine in MAKERS]
    assert {(event.ts, event.state) for _, _, event in messages} == {(START_MS + 12_345, "off")}
    assert ShopFloor(5, MACHINES, START_MS, {QUALITY_EVENTS.name}).shut_down(12) == []


@pytest.mark.parametrize("seed", range(6))
def test_in_the_shortest_run_that_has_mishaps_each_of_them_shows(seed: int) -> None:
    wrong, shift = mishaps.schedule(MACHINES, 20, TOPICS)
    messages = run(20, seed, [wrong, shift])
    times = [(int(event.ts) - START_MS) / 1000 for _, _, event in messages if isinstance(event, Pick)]
    found = [time for time, right in zip(times, picked(messages), strict=True) if not right]
    assert len(found) == 1
    assert wrong.start <= found[0] < wrong.end
    differ = [sick for sick, sound in zip(messages, run(20, seed, [wrong]), strict=True) if sick != sound]
    assert [event.asset for _, _, event in differ] == ["kettle-1"] * len(differ) != []
