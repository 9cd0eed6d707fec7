"""The rows that the control loop brings about, with their ids."""

from typing import NamedTuple

from schemas import identifiers
from schemas.results import Adjustment, AdjustmentStatus, Direction, Mode
from streams.compute.alarms.lifecycle import Origin


class Subject(NamedTuple):
    """What all rows of a playbook have in common."""

    site: str
    asset: str
    alarm: str
    playbook: str
    mode: Mode
    target: str
    setpoint: str


class Move(NamedTuple):
    """An adjustment: which, where to, and how often it has been commanded."""

    adjustment: str
    direction: Direction
    before: float
    after: float
    attempt: int


class Journal:
    """Collects rows. Ids name the record that brought a row about, so that the same log gives the same ones."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._offset = -1
        self._in_record = 0
        self._rows: list[Adjustment] = []
        self.now = 0
        """The broker's time of the record, which never falls; epoch milliseconds."""

    def turn_to(self, offset: int, now: int) -> None:
        """What follows is brought about by the record at `offset`."""
        self._offset, self._in_record, self.now = offset, 0, now

    def new_adjustment(self, playbook: str) -> str:
        """The id of another adjustment."""
        return identifiers.at(identifiers.prefix("adjustment", *self._origin, playbook), self._offset, self._in_record)

    def tell(
        self, subject: Subject, move: Move, status: AdjustmentStatus, reason: str, expires_at: int | None = None
    ) -> None:
        """Add a row."""
        prefix = identifiers.prefix("adjustment_status", *self._origin, subject.playbook)
        id_ = identifiers.at(prefix, self._offset, self._in_record)
        self._in_record += 1
        self._rows.append(Adjustment(
            id_, move.adjustment, self.now, subject.site, subject.asset, subject.alarm, subject.playbook, subject.mode,
            subject.target, subject.setpoint, *move[1:], expires_at, status, reason, *self._origin, self._offset,
        ))  # fmt: skip

    def drain(self) -> list[Adjustment]:
        """The rows since the last call, in order."""
        rows, self._rows = self._rows, []
        return rows
