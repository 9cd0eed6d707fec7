"""The plant's control system: carries out commanded adjustments of set-points and acknowledges each."""

import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from infra.simulator.assets import SITE
from infra.simulator.live import Send
from infra.simulator.process import SETPOINTS, Process
from schemas.process_acks import ProcessAck
from schemas.results import Adjustment
from schemas.topics import PROCESS_ACKS

Receive = Callable[[], Awaitable[Sequence[bytes]]]
"""Gives the adjustments that have come since it was last asked."""

_decode = msgspec.json.Decoder(Adjustment).decode
_encode = msgspec.json.Encoder().encode


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class Answers:
    """What has been said to commands."""

    def __init__(self) -> None:
        self.done = 0
        self.rejected = 0
        self.expired = 0
        """Commands that came too late and were left alone."""
        self.unreadable = 0
        """Messages that are no adjustments."""

    def __str__(self) -> str:
        rare = {"expired": self.expired, "unreadable": self.unreadable}
        told = "".join(f", {number} {what}" for what, number in rare.items() if number)
        return f"{self.done} done, {self.rejected} rejected{told}"


class Responder:
    """Acts on the commands to a process, each adjustment once, and sends what became of it.

    Which adjustments have been judged is kept for as long as the simulation runs: some a minute at most.
    """

    def __init__(
        self,
        process: Process,
        receive: Receive,
        send: Send,
        answers: Answers,
        now_ms: Callable[[], int] = _now_ms,
    ) -> None:
        """`answers` is kept up to date; `now_ms` is the clock, epoch ms, by which commands expire."""
        self._process = process
        self._receive = receive
        self._send = send
        self._now_ms = now_ms
        self._refusals: dict[str, str] = {}
        """Why an adjustment was rejected, empty if it was done, by the adjustment's id."""
        self._answers = answers

    async def act(self, seconds: float) -> None:
        """Carry out what has been commanded, at plant time `seconds`."""
        acks = []
        for message in await self._receive():
            try:
                adjustment = _decode(message)
            except (msgspec.DecodeError, UnicodeDecodeError):
                self._answers.unreadable += 1
                continue
            ack = self.answer(adjustment, seconds)
            if ack is not None:
                acks.append((f"{ack.site}/{ack.asset}".encode(), _encode(ack)))
        if acks:
            await self._send(PROCESS_ACKS.name, acks)

    def answer(self, adjustment: Adjustment, seconds: float) -> ProcessAck | None:
        """What the process says to an adjustment; None to one that is not commanded, is meant for another site or has
        expired, which whoever commanded it may command again."""
        if adjustment.status != "commanded" or adjustment.site != SITE:
            return None
        now_ms = self._now_ms()
        late = adjustment.expires_at is not None and now_ms > adjustment.expires_at
        if late and adjustment.adjustment not in self._refusals:
            self._answers.expired += 1
            return None
        # The first answer stands: plant and controller agree, whatever is delivered twice or comes late.
        if adjustment.adjustment not in self._refusals:
            refusal = self._refusals[adjustment.adjustment] = self._carry_out(adjustment, seconds)
            self._answers.done += not refusal
            self._answers.rejected += bool(refusal)
        refusal = self._refusals[adjustment.adjustment]
        point = SETPOINTS.get((adjustment.target, adjustment.setpoint))
        return ProcessAck(
            adjustment.adjustment,
            adjustment.site,
            adjustment.asset,
            "rejected" if refusal else "done",
            adjustment.before if point is None else self._process.setpoint(point),
            now_ms,
            refusal,
        )

    def _carry_out(self, adjustment: Adjustment, seconds: float) -> str:
        """Move the set-point, or say why not."""
        point = SETPOINTS.get((adjustment.target, adjustment.setpoint))
        if point is None:
            return f"the process has no set-point {adjustment.target}/{adjustment.setpoint}"
        if not point.low <= adjustment.after <= point.high:
            return f"{adjustment.after:g} is outside {point.low:g} to {point.high:g}"
        if self._process.is_stuck(point, seconds):
            return f"the valve of {point.asset}/{point.metric} is stuck"
        self._process.move(point, adjustment.after, seconds)
        return ""
