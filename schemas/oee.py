"""Production out: the rows of `oee` and `stops`, in the terms of ISO 22400-2."""

from typing import ClassVar, Literal

from schemas.rows import Row

Category = Literal["production", "setup", "standby", "down", "planned"]
"""What a state of a machine counts as. Time in `planned` is no planned busy time; time in the others is."""


class OeeSlice(Row, frozen=True, gc=False, kw_only=True):
    """What a machine did in a minute, for one order. All sums can be added up; ratios come of sums, never of ratios."""

    table: ClassVar[str] = "oee"

    window_start: int
    """First moment of the minute, inclusive."""
    window_end: int
    """End of the minute, exclusive."""
    line: str
    """Line of the machine; empty if it is in none."""
    shift: str
    """Name of the shift; empty between shifts."""
    shift_start: int
    """When the shift began; between shifts, when the pause between them did, or the day."""
    day: str
    """Local date on which the shift began, such as 2026-11-27: the production day."""
    order: str
    """Number of the order; empty if none was told."""
    product: str
    """What is made; empty if no order was told."""
    state: str
    """State at the end; empty if it is not known."""
    reason: str
    """Reason of the state, if one was given."""
    state_since: int
    """When that state began."""
    planned_ms: int
    """Planned busy time: production, setup, standby and down together."""
    production_ms: int
    """Actual production time."""
    setup_ms: int
    """Actual unit setup time."""
    standby_ms: int
    """Ready and not working, in planned busy time."""
    down_ms: int
    """Out of order, in planned busy time."""
    planned_stop_ms: int
    """Time in which no work was planned: breaks, between shifts, states of category `planned`."""
    unknown_ms: int
    """Time in which the state was not known; no planned busy time."""
    good: int
    """Items within specification."""
    rejected: int
    """Items that are not."""
    ideal_ms: float
    """Planned run time per item x produced quantity."""
    ideal_cycle_ms: float | None
    """Planned run time per item; None without an order."""
    order_quantity: int
    """Items that the order wants of this machine; 0 if that is not known."""
    micro_stops: int
    """Micro-stops that ended here."""
    micro_stop_ms: int
    """Planned busy time lost to them."""
    failures: int
    """Failures that ended here."""
    availability: float | None
    """Actual production time / planned busy time."""
    performance: float | None
    """Effectiveness: planned run time per item x produced quantity / actual production time."""
    quality: float | None
    """Good quantity / produced quantity."""
    oee: float | None
    """Their product; 0 where planned busy time brought nothing."""


class Stop(Row, frozen=True, gc=False, kw_only=True):
    """A time that a machine spent in one state other than production; written when it is over."""

    table: ClassVar[str] = "stops"

    ts: int
    """When it began."""
    end: int
    """When it was over."""
    duration_ms: int
    """From beginning to end."""
    lost_ms: int
    """Planned busy time in it: without breaks and time between shifts."""
    line: str
    """Line of the machine; empty if it is in none."""
    state: str
    """The state."""
    reason: str
    """The last reason given while it lasted."""
    category: str
    """What the state counts as: setup, standby, down or planned."""
    micro: bool
    """A standby or down shorter than `micro_stop`."""
    failure: bool
    """A down that is not micro."""
    silent: bool
    """It ends where the machine fell silent; how long it really lasted is not known."""
    shift: str
    """Shift in which it began; empty between shifts."""
    shift_start: int
    """When that shift began."""
    day: str
    """Local date on which that shift began."""
    order: str
    """Number of the order when it began; empty if none was told."""
    product: str
    """What was made; empty if no order was told."""
