"""The schedule of the open loop."""

import pytest

from infra.bench.open_loop import PROBE_VALUE, PROBES_PER_SECOND, Schedule, probe


@pytest.mark.parametrize("rate", [100, 1_000, 10_000, 50_000])
@pytest.mark.parametrize("partitions", [1, 3, 4])
def test_probes_go_to_every_partition_about_20_times_a_second(rate: int, partitions: int) -> None:
    schedule = Schedule(partitions, rate, begin=1000.0, seconds=2.0)
    probes = list(schedule.probes())
    assert {event.partition for event in probes} == set(range(partitions))
    assert 0.7 * PROBES_PER_SECOND <= len(probes) / 2 <= 1.01 * PROBES_PER_SECOND
    assert all(event.asset == probe(event.partition) and event.value == PROBE_VALUE for event in probes)


def test_a_probe_is_known_by_its_asset_and_time() -> None:
    probes = list(Schedule(4, 50_000, begin=1000.0, seconds=5.0).probes())
    assert len({(event.asset, event.ms) for event in probes}) == len(probes)


def test_probes_are_events_of_the_schedule_and_others_are_inconspicuous() -> None:
    schedule = Schedule(4, 1_000, begin=1000.0, seconds=2.0)
    events = [schedule.event(number) for number in range(schedule.events)]
    assert [event for event in events if event.asset.startswith("probe")] == list(schedule.probes())
    assert all(event.value < 1000 for event in events if not event.asset.startswith("probe"))


def test_an_event_keeps_its_time_however_late_it_is_sent() -> None:
    schedule = Schedule(4, 1_000, begin=1000.0, seconds=2.0)
    assert schedule.due(999.9) == 0
    assert schedule.due(1000.0) == 1
    assert schedule.due(1000.5) == 501
    assert schedule.due(2000.0) == 2_000
    assert schedule.event(500).ms == 1_000_500


def test_an_asset_keeps_to_one_partition() -> None:
    schedule = Schedule(3, 1_000, begin=1000.0, seconds=3.0)
    partition_of: dict[str, int] = {}
    for number in range(schedule.events):
        event = schedule.event(number)
        assert partition_of.setdefault(event.asset, event.partition) == event.partition
