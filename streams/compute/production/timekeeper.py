"""Where the time of machines goes: into slices of a minute and stops.

A machine's state holds until its next event, at most for `silence`. After that the state is unknown until one is told.
A machine that was silent has slices of unknown time in the shift in which it fell silent and in the one in which it
speaks again; of whole shifts without a word there is nothing.
"""

from schemas import identifiers
from schemas.oee import Stop
from schemas.rows import Row
from schemas.times import utc_offset_ms
from streams.compute.production.calendar import MINUTE, Calendar
from streams.compute.production.machine import (
    CATEGORIES,
    DOWN,
    PLANNED,
    PRODUCTION,
    STANDBY,
    UNKNOWN,
    Halt,
    Machine,
    Slice,
)
from streams.compute.production.spec import Production
from streams.compute.shop_floor import Origin


class Timekeeper:
    """Accounts for the time of each machine, once and without holes while it is heard of."""

    def __init__(self, origin: Origin, spec: Production) -> None:
        self._origin = origin
        self._calendar = Calendar(spec.shifts, utc_offset_ms(spec.utc_offset))
        self._lines = {asset: line for line, assets in spec.lines.items() for asset in assets}
        self._silence = int(spec.silence)
        self._micro_stop = int(spec.micro_stop)
        self._prefixes: dict[tuple[str, str], tuple[str, str]] = {}
        self._rows: list[Row] = []

    def drain(self) -> list[Row]:
        """The rows since the last call, in order."""
        rows, self._rows = self._rows, []
        return rows

    def hear(self, machine: Machine, ts: int, closed: int, offset: int) -> None:
        """The machine says something at `ts`, not before what is accounted for nor before `closed`, up to where minutes
        are closed: account for the time up to `ts`."""
        self._advance(machine, ts, offset)
        if machine.at < ts:  # it was silent, beyond the shift
            machine.at = max(machine.at, self._calendar.place(ts).start)
            self._spend(machine, ts)
            self._give_out(machine, closed, offset)
        machine.heard = ts

    def change(self, machine: Machine, state: str, reason: str, category: int, offset: int) -> None:
        """The machine is in a state from where its time stands."""
        if state != machine.state:
            self._enter(machine, state, reason, category, offset)
        elif reason:
            machine.reason = reason

    def count(self, machine: Machine, good: int, rejected: int) -> None:
        """It has made something."""
        slice_ = self._slice(machine, machine.at)
        slice_.good += good
        slice_.rejected += rejected

    def close(self, machine: Machine, before: int, offset: int) -> None:
        """Stream time has passed the minutes before `before`: give them out."""
        self._advance(machine, before, offset)
        self._give_out(machine, before, offset)

    def _advance(self, machine: Machine, until: int, offset: int) -> None:
        """Let time pass up to `until`, or less if the machine is silent."""
        silent = machine.heard + self._silence
        if until <= silent:
            self._spend(machine, until)
            return
        self._spend(machine, silent)
        if machine.state:
            self._enter(machine, "", "", UNKNOWN, offset)
        self._spend(machine, min(until, self._calendar.place(silent).end))

    def _give_out(self, machine: Machine, before: int, offset: int) -> None:
        prefix, _ = self._prefixes_of(machine)
        line = self._lines.get(machine.asset, "")
        over = 0
        for slice_ in machine.open:
            if slice_.start >= before:
                break
            over += 1
            self._rows.append(slice_.row(prefix, machine.site, machine.asset, line, offset))
        del machine.open[:over]

    def _enter(self, machine: Machine, state: str, reason: str, category: int, offset: int) -> None:
        ts = machine.at
        if machine.halt is not None:
            self._end_halt(machine, machine.halt, ts, category == UNKNOWN, offset)
            machine.halt = None
        machine.state, machine.reason, machine.since, machine.category = state, reason, ts, category
        if category not in (PRODUCTION, UNKNOWN):
            place = self._calendar.place(ts)
            machine.halt = Halt(shift=place.shift, shift_start=place.start, day=place.day, job=machine.job)

    def _end_halt(self, machine: Machine, halt: Halt, ts: int, silent: bool, offset: int) -> None:
        duration = ts - machine.since
        if not duration:
            return
        disturbs = machine.category in (STANDBY, DOWN) and halt.lost_ms > 0
        micro = disturbs and duration < self._micro_stop
        failure = disturbs and not micro and machine.category == DOWN
        slice_ = self._slice(machine, ts)
        if micro:
            slice_.micro_stops += 1
            slice_.micro_stop_ms += halt.lost_ms
        slice_.failures += failure
        _, prefix = self._prefixes_of(machine)
        self._rows.append(Stop(
            id=identifiers.at(prefix, machine.since), site=machine.site, asset=machine.asset, offset=offset,
            ts=machine.since, end=ts, duration_ms=duration, lost_ms=halt.lost_ms,
            line=self._lines.get(machine.asset, ""), state=machine.state, reason=machine.reason,
            category=CATEGORIES[machine.category], micro=micro, failure=failure, silent=silent,
            shift=halt.shift, shift_start=halt.shift_start, day=halt.day,
            order="" if halt.job is None else halt.job.order, product="" if halt.job is None else halt.job.product,
        ))  # fmt: skip

    def _spend(self, machine: Machine, until: int) -> None:
        while machine.at < until:
            slice_ = self._slice(machine, machine.at)
            end = min(until, slice_.start + MINUTE)
            slice_.spend(machine.category, end - machine.at)
            if machine.halt is not None and slice_.planned and machine.category != PLANNED:
                machine.halt.lost_ms += end - machine.at
            machine.at = end

    def _slice(self, machine: Machine, ts: int) -> Slice:
        """The open slice of the machine's job at `ts`, not before any other slice.

        An order that is taken up again within the minute has another one: the newest row is that of the order at hand.
        """
        start = ts - ts % MINUTE
        found = machine.open[-1] if machine.open else None
        if found is None or found.start < start or found.job != machine.job:
            place = self._calendar.place(ts)
            found = Slice(
                start=start, number=machine.slices_in(start), shift=place.shift, shift_start=place.start, day=place.day,
                planned=place.planned, job=machine.job,
            )  # fmt: skip
            machine.open.append(found)
        found.state, found.reason, found.since = machine.state, machine.reason, machine.since
        return found

    def _prefixes_of(self, machine: Machine) -> tuple[str, str]:
        """What ids of its slices and of its stops begin with."""
        key = (machine.site, machine.asset)
        found = self._prefixes.get(key)
        if found is None:
            found = (identifiers.prefix("oee", *self._origin, *key), identifiers.prefix("stop", *self._origin, *key))
            self._prefixes[key] = found
        return found
