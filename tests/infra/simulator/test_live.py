"""The plant in real time, by a clock turned by hand."""

import asyncio
import io
from collections.abc import Sequence

import msgspec
import pytest

from infra.simulator.assets import assets
from infra.simulator.faults import Fault, schedule
from infra.simulator.labels import Labels
from infra.simulator.live import Disorder, Respond, Simulator, Totals
from infra.simulator.plant import Plant
from infra.simulator.process import REAGENT, Process
from infra.simulator.shop_floor.floor import TOPICS, ShopFloor
from schemas.events import Event
from schemas.logistics import LogisticsEvent
from schemas.production import ProductionEvent
from schemas.quality import QualityEvent

START_MS = 1_760_000_000_000
MACHINES = assets()
UNION = {"production.events": ProductionEvent, "quality.events": QualityEvent, "logistics.events": LogisticsEvent}


class Run:
    """A run of the plant whose sender takes `send_seconds` for every call."""

    def __init__(
        self,
        duration: float,
        disorder: float = 0,
        send_seconds: float = 0.01,
        faults: Sequence[Fault] = (),
        process: Process | None = None,
        respond: Respond | None = None,
        floor: ShopFloor | None = None,
    ) -> None:
        self.now = 50.0
        self.sent: list[tuple[float, str, bytes, Event]] = []
        self.labels_at_first_fault_event: int | None = None
        self.totals = Totals()
        self._send_seconds = send_seconds
        self._file = io.BytesIO()
        self._first = faults[0] if faults else None
        simulator = Simulator(
            Plant(1, MACHINES, 210, START_MS, faults, process),
            Labels(iter(faults), START_MS, self._file),
            Disorder(disorder, seed=1),
            self._send,
            self.totals,
            respond,
            floor,
            clock=lambda: self.now,
            sleep=self._sleep,
        )
        asyncio.run(simulator.run(duration))

    @property
    def ts(self) -> list[int]:
        return [int(event.ts) for _, _, _, event in self.sent]

    async def _send(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
        events = [msgspec.json.decode(value, type=UNION.get(topic, Event)) for _, value in records]
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


def test_whoever_responds_is_asked_at_every_step_and_what_is_moved_shows_from_then_on() -> None:
    process = Process(1)
    asked: list[float] = []

    async def respond(seconds: float) -> None:
        asked.append(seconds)
        if seconds >= 5 and process.setpoint(REAGENT) == 24:
            process.move(REAGENT, 36.0, seconds)

    run = Run(duration=20, process=process, respond=respond)
    flow = {int(e.ts) - START_MS: e.values["reagent_flow"] for _, _, _, e in run.sent if e.asset == "scrubber-1"}
    assert max(value for ms, value in flow.items() if ms < 5000) < 26
    assert min(value for ms, value in flow.items() if ms > 15_000) > 33
    assert asked == sorted(asked)
    assert len(asked) > 150
    assert asked[-1] == 20


def test_the_shop_floor_is_sent_in_order_and_soon_whatever_the_disorder_of_readings() -> None:
    run = Run(duration=20, disorder=0.1, floor=ShopFloor(1, MACHINES, START_MS, TOPICS))
    sent = [(when, topic, event) for when, topic, _, event in run.sent if topic in TOPICS]
    floor = ShopFloor(1, MACHINES, START_MS, TOPICS)
    direct = floor.until(20) + floor.shut_down(20)
    for topic in TOPICS:
        assert [event for _, t, event in sent if t == topic] == [event for t, _, event in direct if t == topic]
    assert all(0 <= when - (int(event.ts) - START_MS) / 1000 < 0.3 for when, _, event in sent)
    assert run.totals.events == 4200 + len(sent)
