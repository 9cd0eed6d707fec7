"""What is known of a machine, and the minutes of it that are still open."""

from itertools import takewhile
from typing import Final, get_args

import msgspec

from schemas.oee import Category, OeeSlice
from schemas.production import Count, Job, StateChange
from streams.compute.production.calendar import MINUTE

CATEGORIES: Final[tuple[Category, ...]] = get_args(Category)
PRODUCTION, SETUP, STANDBY, DOWN, PLANNED, UNKNOWN = range(len(CATEGORIES) + 1)
"""A category is its position; after them what is in none."""
_IN_PAUSES: Final = (PRODUCTION, SETUP, PLANNED, PLANNED, PLANNED, UNKNOWN)
"""What each category counts as where no work is planned."""


class Slice(msgspec.Struct, gc=False, kw_only=True):
    """A minute of a machine that works on one job."""

    start: int
    """Epoch ms."""
    number: int
    """Among the slices of the minute."""
    shift: str
    shift_start: int
    day: str
    planned: bool
    """Whether work is planned in it."""
    job: Job | None
    state: str = ""
    reason: str = ""
    since: int = 0
    times: list[int] = msgspec.field(default_factory=lambda: [0] * (len(CATEGORIES) + 1))
    """Milliseconds by category."""
    good: int = 0
    rejected: int = 0
    micro_stops: int = 0
    micro_stop_ms: int = 0
    failures: int = 0

    def spend(self, category: int, milliseconds: int) -> None:
        """Let time pass in a category."""
        self.times[category if self.planned else _IN_PAUSES[category]] += milliseconds

    def row(self, prefix: str, site: str, asset: str, line: str, offset: int) -> OeeSlice:
        """The slice as a row, closed by the record at `offset`."""
        job = self.job
        production_ms, setup_ms, standby_ms, down_ms, planned_stop_ms, unknown_ms = self.times
        planned_ms = production_ms + setup_ms + standby_ms + down_ms
        produced = self.good + self.rejected
        ideal_ms = 0.0 if job is None else job.ideal_cycle_ms * produced
        availability = production_ms / planned_ms if planned_ms else None
        performance = ideal_ms / production_ms if production_ms and job is not None else None
        quality = self.good / produced if produced else None
        return OeeSlice(
            id=f"{prefix}-{self.start:x}-{self.number:x}", site=site, asset=asset, offset=offset,
            window_start=self.start, window_end=self.start + MINUTE,
            line=line, shift=self.shift, shift_start=self.shift_start, day=self.day,
            order="" if job is None else job.order, product="" if job is None else job.product,
            state=self.state, reason=self.reason, state_since=self.since,
            planned_ms=planned_ms, production_ms=production_ms, setup_ms=setup_ms, standby_ms=standby_ms,
            down_ms=down_ms, planned_stop_ms=planned_stop_ms, unknown_ms=unknown_ms,
            good=self.good, rejected=self.rejected, ideal_ms=ideal_ms,
            ideal_cycle_ms=None if job is None else job.ideal_cycle_ms,
            order_quantity=0 if job is None else job.planned,
            micro_stops=self.micro_stops, micro_stop_ms=self.micro_stop_ms, failures=self.failures,
            availability=availability, performance=performance, quality=quality,
            oee=_oee(planned_ms, produced, availability, performance, quality),
        )  # fmt: skip


def _oee(
    planned_ms: int, produced: int, availability: float | None, performance: float | None, quality: float | None
) -> float | None:
    if planned_ms and not produced:
        return 0.0
    if availability is None or performance is None or quality is None:
        return None
    return availability * performance * quality


class Halt(msgspec.Struct, gc=False, kw_only=True):
    """A stop that is not over; its state and beginning are the machine's."""

    shift: str
    shift_start: int
    day: str
    job: Job | None
    lost_ms: int = 0


class Machine(msgspec.Struct, gc=False, kw_only=True):
    """What is known of a machine. Times are epoch ms."""

    site: str
    asset: str
    at: int
    """Up to where its time is accounted for."""
    heard: int
    """Time of its newest event."""
    newest: list[StateChange | Count | Job] = []
    """The events of that time, without their time."""
    state: str = ""
    """Empty if it is not known."""
    reason: str = ""
    since: int
    category: int = UNKNOWN
    job: Job | None = None
    halt: Halt | None = None
    open: list[Slice] = []
    """In the order of their minutes."""

    def slices_in(self, minute: int) -> int:
        """How many are open in the minute that begins at `minute`."""
        return sum(1 for _ in takewhile(lambda slice_: slice_.start == minute, reversed(self.open)))
