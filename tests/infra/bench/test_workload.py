"""The events of the benchmarks."""

import json
from itertools import pairwise

import numpy as np
import pytest

from infra.bench.workload import LATENESS_MS, WINDOW_MS, Workload, asset_name, asset_number


def events(workload: Workload) -> list[tuple[int, dict[str, object]]]:
    """(partition, event) of every message, frames unpacked."""
    found = []
    for partition, _, value in workload.messages():
        decoded = json.loads(value)
        found += [(partition, event) for event in (decoded if isinstance(decoded, list) else [decoded])]
    return found


def test_the_same_settings_give_the_same_bytes() -> None:
    assert list(Workload(events=1_000).messages()) == list(Workload(events=1_000).messages())
    assert list(Workload(events=1_000).messages()) != list(Workload(events=1_000, seed=2).messages())


def test_an_event_has_the_size_that_was_asked_for() -> None:
    assert {len(value) for _, _, value in Workload(events=1_000, event_bytes=160).messages()} == {160}


def test_what_is_sent_is_what_the_oracle_sees() -> None:
    workload = Workload(events=1_000, metrics=2)
    sent = events(workload)[: workload.events]
    seen = [
        (ts, asset_name(asset), {"m0": values[0], "m1": values[1]})
        for chunk in workload.chunks()
        for ts, asset, values in zip(chunk.ts.tolist(), chunk.asset.tolist(), chunk.values.tolist(), strict=True)
    ]
    assert [(event["ts"], event["asset"], event["values"]) for _, event in sent] == seen


@pytest.mark.parametrize("frame", [1, 7, 100])
def test_no_event_is_late_in_its_partition_and_some_are_out_of_order(frame: int) -> None:
    stream_time: dict[int, int] = {}
    disordered = 0
    for partition, event in events(Workload(events=30_000, assets=20, frame=frame)):
        ts = int(str(event["ts"]))
        newest = stream_time[partition] = max(stream_time.get(partition, 0), ts)
        assert ts - ts % WINDOW_MS + WINDOW_MS + LATENESS_MS > newest
        disordered += ts < newest
    assert disordered


@pytest.mark.parametrize("frame", [1, 10, 100])
def test_no_two_events_of_an_asset_have_one_time(frame: int) -> None:
    events = list(Workload(events=200_000, assets=50, frame=frame).chunks())
    readings = np.concatenate([(one.asset << 44) + one.ts for one in events])
    assert len(np.unique(readings)) == 200_000


def test_an_asset_keeps_to_one_partition() -> None:
    partition_of: dict[bytes, int] = {}
    for partition, key, _ in Workload(events=5_000, assets=30, partitions=4).messages():
        assert partition_of.setdefault(key, partition) == partition
    assert set(partition_of.values()) == {0, 1, 2, 3}


def test_the_flush_events_close_every_window_of_their_partition() -> None:
    workload = Workload(events=5_000)
    *sent, last = events(workload)
    newest = max(int(str(event["ts"])) for _, event in sent[: workload.events])
    assert int(str(last[1]["ts"])) >= newest + WINDOW_MS + LATENESS_MS
    flushes = [*sent[workload.events :], last]
    assert [partition for partition, _ in flushes] == [0, 1, 2, 3]
    assert all(asset_number(str(event["asset"])) >= workload.assets for _, event in flushes)


@pytest.mark.parametrize(
    "workload",
    [Workload(events=1_001, frame=100, assets=3), Workload(events=10), Workload(events=1_000, flush=False)],
)
def test_the_number_of_records_is_told_beforehand(workload: Workload) -> None:
    assert len(list(workload.messages())) == workload.records


def test_an_asset_sends_once_a_second_of_event_time() -> None:
    chunk = next(Workload(events=50_000, assets=500).chunks())
    ts = np.sort(chunk.ts[chunk.asset == 3])
    assert len(ts) == 100
    assert all(0 <= later - earlier <= 2_200 for earlier, later in pairwise(ts.tolist()))


def test_a_workload_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        Workload(frame=0)
