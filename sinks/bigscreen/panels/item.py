"""The dialog of one item: its archive."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from schemas.errors import CodeError, SinkError
from sinks.bigscreen.panels.parts import OnAsset, action, box, figure, tone
from sinks.bigscreen.views.item import ItemView, Moment, Relative, Verdict
from sinks.bigscreen.views.trace import short
from sinks.bigscreen.words import Words


class ItemDialog:
    """Shows one item at a time, from which others can be gone to and come back from."""

    def __init__(self, words: Words, look_up: Callable[[str], Awaitable[ItemView]], on_asset: OnAsset) -> None:
        """`look_up` gives what is shown of an item, or raises CodeError or SinkError. `on_asset` opens a machine."""
        self._words = words
        self._look_up = look_up
        self._on_asset = on_asset
        self._way: list[str] = []
        """The items that were gone through, that which is shown last."""
        with ui.dialog() as self._dialog, box("dialog asset-dialog item-dialog"):
            with box("head"):
                self._title = figure("item.code", "dialog-title item-title")
                with box("alarm-actions"):
                    self._back = action(words("back"), self._go_back, lesser=True, icon="arrow_back")
                    action("", self._dialog.close, icon="close").props["aria-label"] = words("close")
            self._body = ui.element("div").classes("asset-body")

    async def open(self, text: str) -> None:
        """Show an item, by its code in any form."""
        self._way = [text]
        self._dialog.open()
        await self._show()

    async def _go(self, item: str) -> None:
        self._way.append(item)
        await self._show()

    async def _go_back(self) -> None:
        self._way.pop()
        await self._show()

    async def _show(self) -> None:
        text = self._way[-1]
        self._title.set_text(text)
        self._back.set_visibility(len(self._way) > 1)
        self._body.clear()
        try:
            view = await self._look_up(text)
        except CodeError:
            self._refuse(self._words("mistyped"), self._words("compare_with_label"))
            return
        except SinkError as error:
            self._refuse(str(error))
            return
        if self._way and text == self._way[-1]:
            self._title.set_text(view.item)
            self._body.clear()  # a double click asks twice
            with self._body:
                self._build(view)

    def _refuse(self, text: str, detail: str = "") -> None:
        self._body.clear()
        with self._body:
            figure("item.refused", "instead").set_text(text)
            ui.label(detail).classes("reason")

    def _build(self, view: ItemView) -> None:
        words = self._words
        with box("item-status") as status:
            tone(status, view.sign.tone)
            ui.icon(view.sign.icon).classes("symbol")
            figure("item.status", "item-word").set_text(view.status)
            for text in (view.minted, view.scans):
                ui.label(text).classes("note")
        with box("item-columns"):
            with box("asset-list"):
                ui.label(words("life")).classes("subtitle")
                if not view.moments:
                    ui.label(words("none")).classes("instead")
                for moment in view.moments:
                    self._moment(moment)
            with box("asset-list"):
                self._relatives("up", words("made_of"), view.up, view.up_more)
                self._relatives("down", words("became"), view.down, view.down_more)
                if view.verdicts:
                    ui.label(words("emissions_then")).classes("subtitle")
                    for verdict in view.verdicts:
                        self._verdict(verdict)

    def _moment(self, moment: Moment) -> None:
        with box("moment wrong" if moment.is_wrong else "moment") as row:
            tone(row, moment.sign.tone)
            ui.label(moment.time).classes("flag-time")
            with box("moment-text"):
                with box("moment-head"):
                    ui.label(moment.step).classes("flag-title")
                    if moment.asset:
                        self._machine(moment.asset)
                    elif moment.place:
                        ui.label(moment.place).classes("note")
                    if moment.via:
                        ui.label(self._words("inside")).classes("note")
                        self._link(moment.via)
                if moment.note:
                    ui.label(moment.note).classes("reason")

    def _relatives(self, name: str, title: str, relatives: Sequence[Relative], more: str) -> None:
        ui.label(title).classes("subtitle")
        if not relatives:
            ui.label(self._words("none")).classes("reason")
        for place, one in enumerate(relatives):
            with box("relative") as row:
                row.style(f"padding-left: {1.2 * (one.level - 1):.1f}rem")
                self._link(one.item, f"item.{name}.{place}")
                ui.label(one.text).classes("reason")
        if more:
            ui.label(more).classes("reason")

    def _verdict(self, verdict: Verdict) -> None:
        with box("relative") as row:
            tone(row, verdict.sign.tone)
            ui.icon(verdict.sign.icon).classes("symbol")
            self._machine(verdict.asset)
            ui.label(verdict.text).classes("reason")

    def _link(self, item: str, name: str = "") -> None:
        with box("link", "button") as button:
            button.props["data-item"] = item
            button.on("click", lambda: self._go(item))
            (figure(name) if name else ui.label()).set_text(short(item))

    def _machine(self, asset: str) -> None:
        with box("link", "button") as button:
            button.props["data-machine"] = asset
            button.on("click", lambda: self._on_asset(asset))
            ui.label(asset)
