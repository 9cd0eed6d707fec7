"""The dialog of one asset."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from schemas.errors import SinkError
from sinks.bigscreen.panels.anomalies import flag_rows
from sinks.bigscreen.panels.parts import Chart, action, box, figure, tone
from sinks.bigscreen.views.asset import AssetView
from sinks.bigscreen.words import Words

_REFRESH_SECONDS = 5.0


class AssetDialog:
    """Shows one asset at a time, brought up to date while it is open."""

    def __init__(self, words: Words, look_up: Callable[[str], Awaitable[AssetView]]) -> None:
        """`look_up` gives what is shown of an asset, or raises SinkError."""
        self._words = words
        self._look_up = look_up
        self._asset = ""
        self._charts: dict[str, tuple[ui.label, Chart]] = {}
        with ui.dialog() as self._dialog, box("dialog asset-dialog"):
            with box("head"):
                self._title = figure("asset.name", "dialog-title")
                action("", self._dialog.close, icon="close")
            self._body = ui.element("div").classes("asset-body")
        ui.timer(_REFRESH_SECONDS, self._refresh)

    async def open(self, asset: str) -> None:
        """Show an asset."""
        self._asset = asset
        self._title.set_text(asset)
        self._body.clear()
        self._dialog.open()
        try:
            view = await self._look_up(asset)
        except SinkError as error:
            with self._body:
                ui.label(str(error)).classes("instead")
            return
        if asset == self._asset:
            self._body.clear()  # a double click asks twice
            with self._body:
                self._build(view)

    async def _refresh(self) -> None:
        if not self._dialog.value:
            return
        asset = self._asset
        try:
            view = await self._look_up(asset)
        except SinkError:
            return  # the age of the data says it
        if asset != self._asset:
            return  # another one was opened meanwhile
        for trend in view.trends:
            if trend.metric in self._charts:
                label, chart = self._charts[trend.metric]
                label.set_text(trend.value)
                chart.show(trend.chart)

    def _build(self, view: AssetView) -> None:
        words = self._words
        self._charts = {}
        if view.oee:
            with box("factors"):
                for name, text in view.oee:
                    with box("factor"):
                        figure(f"asset.{name}", "factor-figure").set_text(f"{text} %")
                        ui.label(name)
        with box("asset-trends"):
            for trend in view.trends:
                with box("asset-trend"):
                    with box("chart-head"):
                        ui.label(trend.name).classes("subtitle")
                        value = ui.label(trend.value).classes("trend-value")
                    self._charts[trend.metric] = value, Chart(trend.chart, "trend")
        with box("asset-lists"):
            with box("asset-list"):
                ui.label(words("flags")).classes("subtitle")
                flag_rows(view.flags, words)
            with box("asset-list"):
                ui.label(words("history")).classes("subtitle")
                if not view.history:
                    ui.label(words("none")).classes("instead")
                for transition in view.history:
                    with box("flag") as row:
                        tone(row, transition.sign.tone)
                        ui.icon(transition.sign.icon).classes("symbol")
                        with box("flag-text"):
                            with box("flag-head"):
                                ui.label(transition.title).classes("flag-title")
                                ui.label(transition.time).classes("flag-time")
                            ui.label(transition.reason).classes("reason")
