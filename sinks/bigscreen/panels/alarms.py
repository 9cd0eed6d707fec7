"""The alarm banner, and the list of all alarms behind it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from nicegui import ui

from sinks.bigscreen.panels.parts import action, box, figure, tone
from sinks.bigscreen.views.alarms import AlarmList, Card
from sinks.bigscreen.words import Words

OnAlarm = Callable[[str], Awaitable[None]]
"""What is done with the id of the alarm that was clicked."""
_IN_BANNER: Final = 3


class AlarmPanel:
    """The banner and the list. Both are made anew when an alarm changes, never changed in place: a button acts on the
    alarm beside which it stood when it was pressed.
    """

    def __init__(self, words: Words, acknowledge: OnAlarm, shelve: OnAlarm, unshelve: OnAlarm) -> None:
        self._words = words
        self._acknowledge = acknowledge
        self._shelve = shelve
        self._unshelve = unshelve
        self._shown: AlarmList | None = None
        self._banner = ui.element("section").classes("alarms")
        self._banner.props["data-panel"] = "alarms"
        with ui.dialog() as self._dialog, box("dialog"):
            self._list = ui.element("div").classes("alarm-list")
            action(words("close"), self._dialog.close)

    def show(self, view: AlarmList) -> None:
        """Show what stands."""
        if view == self._shown:
            return
        self._shown = view
        self._banner.clear()
        with self._banner:
            self._build_banner(view)
        self._list.clear()
        with self._list:
            for card in (*view.standing, *view.aside):
                self._build_card(card, in_banner=False)

    def _build_banner(self, view: AlarmList) -> None:
        words = self._words
        if not view.standing:
            with box("quiet-banner"):
                ui.icon("check").classes("symbol")
                figure("alarms.none").set_text(words("no_alarms"))
        for card in view.standing[:_IN_BANNER]:
            self._build_card(card, in_banner=True)
        more = len(view.standing) - _IN_BANNER
        if more > 0 or view.aside:
            with box("more", "button") as button:
                button.on("click", self._dialog.open)
                if more > 0:
                    figure("alarms.more", "more-count").set_text(words("more", count=more))
                if view.aside:
                    figure("alarms.aside").set_text(f"{len(view.aside)} {words('shelved')}")

    def _build_card(self, card: Card, in_banner: bool) -> None:
        with box("alarm-card" + (" new" if card.to_acknowledge else "")) as element:
            element.props["data-alarm"] = card.id
            tone(element, card.sign.tone)
            ui.icon(card.sign.icon).classes("symbol")
            with box("alarm-text"):
                ui.label(card.title).classes("alarm-title")
                for line in _lines(card, in_banner):
                    ui.label(line).classes("alarm-line")
            with box("alarm-actions"):
                self._build_actions(card)

    def _build_actions(self, card: Card) -> None:
        words = self._words
        if card.to_acknowledge:
            action(words("acknowledge"), lambda: self._acknowledge(card.id))
        if card.shelved:
            action(words("unshelve"), lambda: self._unshelve(card.id))
        elif card.may_shelve:
            action(words("shelve"), lambda: self._shelve(card.id), lesser=True)


def _lines(card: Card, in_banner: bool) -> Sequence[str]:
    lines = (f"{card.priority} · {card.limit}", f"{card.state} · {card.since}")
    return lines if in_banner else (*lines, card.reason)
