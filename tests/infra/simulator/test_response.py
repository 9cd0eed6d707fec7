"""The plant's control system, by a clock turned by hand."""

import asyncio
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from infra.simulator.causes import SCRUBBER, Cause
from infra.simulator.process import FUEL, REAGENT, Process
from infra.simulator.response import Answers, Responder
from schemas.codec import encode
from schemas.process_acks import ProcessAck
from schemas.results import Adjustment

NOW_MS = 1_760_000_000_000
COMMAND = Adjustment(
    id="r1",
    adjustment="a1",
    ts=NOW_MS - 100,
    site="hongyang",
    asset="stack-2",
    alarm="so2-high of stack-2",
    playbook="more-reagent",
    mode="automatic",
    target="scrubber-1",
    setpoint="reagent_flow",
    direction="step",
    before=24.0,
    after=30.0,
    attempt=1,
    expires_at=NOW_MS + 5_000,
    status="commanded",
    reason="so2 is above 200 mg/m3",
    topology="tower_plant",
    topic="alarm.actions",
    partition=0,
    offset=7,
)
STUCK = Cause(*SCRUBBER[0][:3], start=20, end=40, size=SCRUBBER[0].size)


class Control:
    """A process with its control system, and the messages between them and the world."""

    def __init__(self, causes: Sequence[Cause] = ()) -> None:
        self.now_ms = NOW_MS
        self.process = Process(1, causes)
        self.answers = Answers()
        self.sent: list[tuple[str, bytes, ProcessAck]] = []
        self._inbox: list[bytes] = []
        self._responder = Responder(self.process, self._receive, self._send, self.answers, lambda: self.now_ms)

    def command(self, *adjustments: Adjustment | bytes, at: float = 0.0) -> list[ProcessAck]:
        """Give messages, and the acknowledgements that come of them."""
        self._inbox = [one if isinstance(one, bytes) else encode(one) for one in adjustments]
        before = len(self.sent)
        asyncio.run(self._responder.act(at))
        return [ack for _, _, ack in self.sent[before:]]

    def flow(self, seconds: float) -> float:
        """Reagent, l/min, at plant time `seconds`."""
        return float(self.process.shifts(np.array([seconds]))["scrubber-1", "reagent_flow"][0]) + 24

    async def _receive(self) -> Sequence[bytes]:
        return self._inbox

    async def _send(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
        self.sent += [(topic, key, msgspec.json.decode(value, type=ProcessAck)) for key, value in records]


def changed(**fields: object) -> Adjustment:
    return msgspec.structs.replace(COMMAND, **fields)


def test_a_command_moves_its_set_point_and_is_acknowledged_under_the_key_of_the_stack() -> None:
    control = Control()
    control.command(COMMAND)
    ack = ProcessAck("a1", "hongyang", "stack-2", "done", value=30.0, ts=NOW_MS, reason="")
    assert control.sent == [("process.acks", b"hongyang/stack-2", ack)]
    assert control.process.setpoint(REAGENT) == 30
    assert control.flow(20) == pytest.approx(30, abs=1)
    assert str(control.answers) == "1 done, 0 rejected"


def test_commands_for_both_set_points_are_carried_out_in_their_order() -> None:
    control = Control()
    fuel = changed(adjustment="a2", asset="stack-1", target="furnace-1", setpoint="fuel_flow", after=79.0)
    acks = control.command(COMMAND, fuel, changed(adjustment="a3", before=30.0, after=36.0))
    assert [(ack.adjustment, ack.asset, ack.value) for ack in acks] == [
        ("a1", "stack-2", 30.0), ("a2", "stack-1", 79.0), ("a3", "stack-2", 36.0),
    ]  # fmt: skip
    assert (control.process.setpoint(REAGENT), control.process.setpoint(FUEL)) == (36, 79)


@pytest.mark.parametrize("status", ["proposed", "acknowledged", "timed_out", "blocked", "escalated", "settled"])
def test_only_what_is_commanded_is_carried_out_and_answered(status: str) -> None:
    control = Control()
    assert control.command(changed(status=status)) == []
    assert control.process.setpoint(REAGENT) == 24


def test_commands_to_another_site_are_left_alone() -> None:
    control = Control()
    assert control.command(changed(site="elsewhere")) == []
    assert control.process.setpoint(REAGENT) == 24


def test_a_repeated_command_is_answered_again_and_does_nothing_twice() -> None:
    control = Control()
    control.command(COMMAND)
    control.command(changed(adjustment="a2", before=30.0, after=36.0))
    [ack] = control.command(changed(attempt=2))
    assert (ack.adjustment, ack.status, ack.value) == ("a1", "done", 36.0)
    assert control.process.setpoint(REAGENT) == 36
    assert control.answers.done == 2


def test_a_command_is_carried_out_until_it_expires() -> None:
    control = Control()
    control.now_ms += 5_000
    [ack] = control.command(COMMAND)
    assert (ack.status, ack.value) == ("done", 30)


def test_an_expired_command_does_nothing_and_may_be_commanded_again() -> None:
    control = Control()
    control.now_ms += 5_001
    assert control.command(COMMAND) == []
    assert control.process.setpoint(REAGENT) == 24
    [ack] = control.command(changed(attempt=2, expires_at=control.now_ms + 5_000))
    assert (ack.status, ack.value) == ("done", 30)


def test_a_command_without_an_end_does_not_expire() -> None:
    [ack] = Control().command(changed(expires_at=None, ts=0))
    assert ack.status == "done"


@pytest.mark.parametrize(
    ("after", "reason"), [(60.1, "60.1 is outside 10 to 60"), (9.9, "9.9 is outside 10 to 60"), (60, ""), (10, "")]
)
def test_a_set_point_outside_its_bounds_is_rejected(after: float, reason: str) -> None:
    control = Control()
    [ack] = control.command(changed(after=after))
    assert (ack.status, ack.reason) == ("rejected" if reason else "done", reason)
    assert ack.value == control.process.setpoint(REAGENT) == (24 if reason else after)


def test_a_set_point_that_does_not_exist_is_rejected() -> None:
    [ack] = Control().command(changed(target="kettle-1", setpoint="burner_power", before=900.0, after=800.0))
    assert (ack.status, ack.value) == ("rejected", 900.0)
    assert ack.reason == "the process has no set-point kettle-1/burner_power"


def test_a_stuck_valve_rejects_until_it_is_free() -> None:
    control = Control([STUCK])
    [ack] = control.command(COMMAND, at=30)
    assert (ack.status, ack.value) == ("rejected", 24.0)
    assert ack.reason == "the valve of scrubber-1/reagent_flow is stuck"
    [ack] = control.command(changed(adjustment="a2"), at=40)
    assert (ack.status, ack.value) == ("done", 30.0)


def test_the_first_answer_stands_when_a_rejected_command_is_repeated_later() -> None:
    control = Control([STUCK])
    control.command(COMMAND, at=30)
    [ack] = control.command(changed(attempt=2), at=50)
    assert (ack.status, ack.reason) == ("rejected", "the valve of scrubber-1/reagent_flow is stuck")
    assert control.process.setpoint(REAGENT) == 24
    assert control.answers.rejected == 1


@pytest.mark.parametrize("message", [b"", b"{}", b"[1", b'{"id": "\xff"}', encode(COMMAND).replace(b"30.0", b'"x"')])
def test_what_is_no_adjustment_is_counted_and_the_next_command_is_carried_out(message: bytes) -> None:
    control = Control()
    assert len(control.command(message, COMMAND)) == 1
    assert str(control.answers) == "1 done, 0 rejected, 1 unreadable"
