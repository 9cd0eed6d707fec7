"""When events are sent."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.event_producer import Record
from streams.replay.plan import History
from streams.replay.refusals import Refusals
from streams.replay.run import Replayer, Totals
from tests.streams.replay.sending import write_text


class HandTurnedClock:
    """Time goes on only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= 1
        self.now += seconds


def send_times(folder: Path, ts: Sequence[int], speed: float | None) -> list[float]:
    """Seconds after the start at which each event, in file order, is sent."""
    lines = [
        f'{{"ts":{moment},"site":"mill","asset":"saw-1","values":{{}},"state":"{i}"}}' for i, moment in enumerate(ts)
    ]
    history = History(write_text(folder / "a.ndjson", "\n".join(lines)), "machine.events", None, "mill")
    clock = HandTurnedClock()
    sent: list[tuple[float, bytes]] = []

    async def send(topic: str, records: Sequence[Record]) -> None:
        sent.extend((clock.now - 100, value) for _, value in records)

    totals = Totals()
    replayer = Replayer(send, Refusals(), totals, speed, clock, clock.sleep)
    asyncio.run(replayer.run([history]))
    assert [value.decode() for _, value in sent] == lines
    assert totals.events == len(lines)
    return [when for when, _ in sent]


def test_at_speed_one_events_keep_their_distances(tmp_path: Path) -> None:
    assert send_times(tmp_path, [5000, 5000, 6000, 9500], 1) == pytest.approx([0, 0, 1, 4.5])


def test_at_a_higher_speed_distances_shrink(tmp_path: Path) -> None:
    assert send_times(tmp_path, [0, 3_600_000, 7_200_000], 3600) == pytest.approx([0, 1, 2])


def test_disorder_is_replayed_as_it_was(tmp_path: Path) -> None:
    assert send_times(tmp_path, [1000, 3000, 2000, 4000], 1) == pytest.approx([0, 2, 2, 3])


def test_at_full_speed_nobody_waits(tmp_path: Path) -> None:
    assert send_times(tmp_path, [0, 86_400_000], None) == [0, 0]


@given(ts=st.lists(st.integers(0, 20_000), min_size=1, max_size=30), speed=st.sampled_from([0.5, 1, 7, 1000]))
def test_no_event_is_sent_before_it_is_due_nor_much_later(
    tmp_path_factory: pytest.TempPathFactory, ts: list[int], speed: float
) -> None:
    times = send_times(tmp_path_factory.mktemp("pace"), ts, speed)
    for position, when in enumerate(times):
        due = (max(ts[: position + 1]) - ts[0]) / 1000 / speed
        assert due - 1e-6 <= when <= due + 0.02
    assert all(before <= after for before, after in pairwise(times))
