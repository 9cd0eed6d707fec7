"""What is known of one playbook: where its set-point stands, and how far its episode has come."""

from dataclasses import dataclass, field
from typing import Final, Literal

from schemas.results import Direction

_LONG_AGO: Final = -(1 << 62)

Phase = Literal["resting", "in_flight", "settling"]


@dataclass(slots=True)
class State:
    """Of one playbook. Times are those of the broker, epoch milliseconds; values in the unit of the set-point."""

    set_value: float | None
    """Where the process said that the set-point stands; None where a command got no answer, which tells nothing."""
    set_at: int = _LONG_AGO
    """When it did. Only levels after it say better."""
    moved_at: int = _LONG_AGO
    """Last command or proposal."""
    on: bool = False
    off_since: int = _LONG_AGO
    open: bool = False
    """Whether there is an episode. All below is of that episode."""
    phase: Phase = "resting"
    due: int = 0
    """When the phase ends by itself."""
    deadline: int | None = None
    """When a person is called; None where one has been, until all is well and the set-point can be wound back."""
    escalated: bool = False
    origin: float | None = None
    """Where the set-point stood before the first step; None before that."""
    steps: int = 0
    in_vain: int = 0
    adjustment: str = ""
    direction: Direction = "step"
    before: float = 0.0
    after: float = 0.0
    attempt: int = 0
    measured: float = 0.0
    """The alarm's metric when the step was made, in its unit."""
    forbidden_by: list[str] = field(default_factory=list)
    """What has forbidden the adjustment so far: each is told once."""
