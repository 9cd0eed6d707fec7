"""What is known of one alarm, and what may be done to it in which state."""

from dataclasses import dataclass
from typing import Final

from schemas.alarm_actions import Action
from schemas.results import AlarmState, Transition

IN_SERVICE: Final = ("normal", "unacknowledged", "acknowledged", "returned_unacknowledged")
"""States in which the alarm is annunciated as its condition says."""

ALLOWED: Final[dict[Action, tuple[AlarmState, ...]]] = {
    "shelve": IN_SERVICE,
    "unshelve": ("shelved",),
    "suppress": (*IN_SERVICE, "shelved"),
    "unsuppress": ("suppressed",),
    "out_of_service": (*IN_SERVICE, "shelved", "suppressed"),
    "in_service": ("out_of_service",),
}
"""From which states an action is taken. What takes an alarm out of service goes before what suppresses it, and that
before a shelf. Whether there is something to acknowledge depends on the condition, too."""

REMOVES: Final[dict[Action, AlarmState]] = {
    "shelve": "shelved",
    "suppress": "suppressed",
    "out_of_service": "out_of_service",
}
"""The states in which an alarm is not annunciated, and the actions that lead there."""

TOLD_AS: Final[dict[Action, Transition]] = {
    "acknowledge": "acknowledged",
    "shelve": "shelved",
    "unshelve": "unshelved",
    "suppress": "suppressed",
    "unsuppress": "unsuppressed",
    "out_of_service": "out_of_service",
    "in_service": "in_service",
}


@dataclass(slots=True)
class Status:
    """One alarm: five fields that say which, and those that change. Times are epoch milliseconds."""

    id: str
    name: str
    site: str
    asset: str
    metric: str
    state: AlarmState = "normal"
    active: bool = False
    """Whether the condition holds."""
    raised_at: int | None = None
    """Event time at which the condition last came on."""
    limit: float | None = None
    """What the condition last passed, in the metric's unit."""
    expires_at: int | None = None
    """When the shelf expires."""
    escalates_at: int | None = None
    """When it will have been unacknowledged for too long."""

    def can_be_acknowledged(self) -> bool:
        """Whether it waits for an operator: an acknowledged one whose condition is gone is latched."""
        return self.state in ("unacknowledged", "returned_unacknowledged") or (
            self.state == "acknowledged" and not self.active
        )
