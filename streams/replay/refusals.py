"""Rows that cannot become events: an error by default, counted if the user says so."""

from pathlib import Path
from typing import Final

from schemas.errors import UserError

_KEPT: Final = 10


class Refusals:
    """Called for every row that is refused; without `skip` the first one is a UserError."""

    def __init__(self, skip: bool = False) -> None:
        self._skip = skip
        self.count = 0
        self.first: list[str] = []
        """The first ten, as text."""

    def __call__(self, file: Path, row: int, reason: str) -> None:
        """Refuse `row` of `file`, counted from 0; shown to people counted from 1, as data rows."""
        text = f"{file}: row {row + 1:,}: {reason}"
        if not self._skip:
            raise UserError(f"{text} (--skip-bad-rows leaves such rows out and counts them)")
        self.count += 1
        if len(self.first) < _KEPT:
            self.first.append(text)
