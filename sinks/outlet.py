"""What an alert outlet is: a board that shows the standing alarms, or a channel that is told of every transition.

They fail in different ways. A board can be told everything again at any time, so it needs the newest state of each
alarm and no memory of its own. A channel has to be told each transition, so what it has not taken must not be counted
as read.
"""

from typing import Protocol

from schemas.results import Alarm


class Board(Protocol):
    """Shows which alarms stand now."""

    def update(self, alarm: Alarm, written_at: float) -> None:
        """Note a transition, which was written to the log at `written_at`, in seconds since the epoch.

        Transitions of one alarm come in the order of the log.
        """
        ...

    def caught_up(self) -> None:
        """Everything that the log holds has been noted: show it. Nothing is shown before."""
        ...

    def clear(self) -> None:
        """Forget everything, and show no more of it: the alarms are somebody else's to show."""
        ...

    async def run(self) -> None:
        """Show the alarms until cancelled."""
        ...


class Channel(Protocol):
    """Is told of every transition, once or more."""

    async def deliver(self, alarm: Alarm, body: bytes) -> None:
        """Return when the transition has been taken, or given up for good; try for as long as that needs.

        `body` is the message as it stands in the log.
        """
        ...


class Events(Protocol):
    """What outlets tell of themselves, for logs and metrics. `endpoint` is a host and a port, never more of an URL."""

    def posted(self, outlet: str, endpoint: str, seconds: float) -> None:
        """A request was taken."""
        ...

    def post_failed(self, outlet: str, endpoint: str, reason: str, retry_after: float) -> None:
        """A request was not taken; it is repeated after so many seconds."""
        ...

    def refused(self, outlet: str, endpoint: str, what: str, reason: str) -> None:
        """A request was refused for good. It is not repeated: a person has to look."""
        ...

    def standing(self, alarms: int) -> None:
        """How many alarms are shown now."""
        ...
