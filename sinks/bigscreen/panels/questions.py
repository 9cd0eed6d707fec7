"""What the screen asks people: who they are, and why an alarm is to be shelved and for how long."""

from collections.abc import Callable
from typing import Final, NamedTuple

from nicegui import ui

from schemas.alarm_actions import LONGEST_REASON
from schemas.events import LONGEST_NAME
from sinks.bigscreen.panels.parts import action, box
from sinks.bigscreen.words import Words

_SHELVES_MINUTES: Final = (15, 30, 60, 120, 240, 480)


class Shelf(NamedTuple):
    """How long, and why."""

    for_ms: int
    reason: str


class Questions:
    """Dialogs that wait for an answer."""

    def __init__(self, words: Words, longest_shelf_ms: int) -> None:
        self._words = words
        minutes = [m for m in _SHELVES_MINUTES if m * 60_000 <= longest_shelf_ms] or [longest_shelf_ms // 60_000]
        with ui.dialog() as self._who, box("dialog question"):
            ui.label(words("who"))
            self._name = ui.input(words("your_name")).props(f"maxlength={LONGEST_NAME} autofocus dark")
            self._name.on("keydown.enter", lambda: self._who.submit(self._name.value))
            self._answers(self._who, lambda: self._who.submit(self._name.value))
        with ui.dialog() as self._shelf, box("dialog question"):
            ui.label(words("how_long"))
            self._minutes = ui.toggle({m: _span(m, words) for m in minutes}, value=minutes[0])
            self._reason = ui.input(words("reason")).props(f"maxlength={LONGEST_REASON} autofocus dark")
            self._answers(
                self._shelf, lambda: self._shelf.submit(Shelf(self._minutes.value * 60_000, self._reason.value))
            )

    async def who(self) -> str:
        """A name; empty if the question was turned away."""
        return ((await self._who) or "").strip()

    async def shelf(self) -> Shelf | None:
        """How long and why; None if the question was turned away, or no reason given."""
        self._reason.set_value("")
        answer: Shelf | None = await self._shelf
        return answer if answer and answer.reason.strip() else None

    def _answers(self, dialog: ui.dialog, submit: Callable[[], None]) -> None:
        with box("alarm-actions"):
            action(self._words("cancel"), dialog.close, lesser=True)
            action(self._words("ok"), submit)


def _span(minutes: int, words: Words) -> str:
    return words("minutes", minutes=minutes) if minutes < 60 else words("hours", hours=minutes // 60)
