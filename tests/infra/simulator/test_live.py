"""The plant in real time, by a clock turned by hand."""

import asyncio
import io
from collections.abc import Sequence

import msgspec
import pytest

from infra.simulator.assets import assets
from infra.simulator.faults import Fault, schedule
from infra.simulator.labels import Labels
from infra.simulator.live import Disorder, Simulator, Totals
from infra.simulator.plant import Plant
from schemas.events import Event

START_MS = 1_760_000_000_000
MACHINES = assets()


class Run:
    """A run of the plant whose sender takes `send_seconds` for every call."""

    def __init__(
        self, duration: float, disorder: float = 0, send_seconds: float = 0.01, faults: Sequence[Fault] = ()
    ) -> None:
        self.now = 50.0
        self.sent: list[tuple[float, str, bytes, Event]] = []
        self.labels_at_first_fault_event: int | None = None
        self.totals = Totals()
        self._send_seconds = send_seconds
        self._file = io.BytesIO()
        self._first = faults[0] if faults else None
        simulator = Simulator(
            Plant(1, MACHINES, 210, START_MS, faults),
            Labels(iter(faults), START_MS, self._file),
            Disorder(disorder, seed=1),
            self._send,
            self.totals,
            lambda: self.now,
            self._sleep,
        )
        asyncio.run(simulator.run(duration))

    @property
    def ts(self) -> list[int]:
        return [int(event.ts) for _, _, _, event in self.sent]

    async def _send(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
        events = [msgspec.json.decode(value, type=Event) for _, value in records]
        self.sent += [(self.now - 50, topic, key, event) for (key, _), event in zip(records, events, strict=True)]
        if self._first is not None and self.labels_at_first_fault_event is None:
            begin = START_MS + self._first.start * 1000
            if any(event.asset == self._first.asset and int(event.ts) >= begin for event in events):
                self.labels_at_first_fault_event = len(self._file.getvalue().splitlines())
        self.now += self._send_seconds

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_run_sends_every_reading_once_in_order_and_ends() -> None:
    run = Run(duration=5)
    direct = Plant(1, MACHINES, 210, START_MS).until(5)
    by_topic = {topic: [event for _, t, _, event in run.sent if t == topic] for topic in {t for _, t, _, _ in run.sent}}
    assert by_topic == {
        topic: [event for t, _, event in direct if t == topic] for topic in ("machine.events", "emission.events")
    }
    assert run.totals.events == len(run.sent) == 1050
    assert run.totals.seconds == 5


def test_a_reading_is_sent_soon_after_its_time_and_never_before() -> None:
    for when, _, _, event in Run(duration=5).sent:
        assert 0 <= when - (int(event.ts) - START_MS) / 1000 < 0.3


def test_a_slow_sender_makes_the_plant_late_and_loses_nothing() -> None:
    run = Run(duration=5, send_seconds=2)
    assert run.totals.events == 1050
    assert len({(event.asset, event.ts) for _, _, _, event in run.sent}) == 1050
    assert run.now - 50 > 10


def test_a_share_of_the_events_comes_late_and_none_is_lost() -> None:
    run = Run(duration=20, disorder=0.1)
    assert len(run.sent) == 4200
    assert len({(event.asset, event.ts) for _, _, _, event in run.sent}) == 4200
    delays = [when - (int(event.ts) - START_MS) / 1000 for when, _, _, event in run.sent]
    delayed = [delay for delay in delays if delay > 0.3]
    assert 200 < len(delayed) < 600
    assert max(delayed) < 3.5


def test_disorder_is_the_same_for_a_seed() -> None:
    assert Run(duration=5, disorder=0.1).ts == Run(duration=5, disorder=0.1).ts
    assert Run(duration=5, disorder=0.1).ts != Run(duration=5).ts


@pytest.mark.parametrize("send_seconds", [0.01, 2])
def test_a_fault_is_labelled_before_its_first_reading_is_sent(send_seconds: float) -> None:
    faults = list(schedule(1, MACHINES, 0.1, 20.0))
    run = Run(duration=20, faults=faults, send_seconds=send_seconds)
    assert run.labels_at_first_fault_event is not None
    assert run.labels_at_first_fault_event >= 1
    assert run.totals.faults == len(faults)
