"""Anomaly flags."""

from collections.abc import Callable, Sequence

from nicegui import ui

from sinks.bigscreen.panels.parts import OnAsset, box, panel, tone
from sinks.bigscreen.views.anomalies import Flag
from sinks.bigscreen.words import Words


def build(words: Words, on_asset: OnAsset) -> Callable[[Sequence[Flag]], None]:
    """Build the panel; gives what shows its content. `on_asset` is called with the asset whose flag was clicked."""
    shown: list[Flag] | None = None
    with panel("anomalies", words):
        body = ui.element("div").classes("flags")

    def show(view: Sequence[Flag]) -> None:
        nonlocal shown
        if list(view) == shown:
            return
        shown = list(view)
        body.clear()
        with body:
            flag_rows(view, words, on_asset)

    return show


def flag_rows(flags: Sequence[Flag], words: Words, on_asset: OnAsset | None = None) -> None:
    """A row for each flag."""
    if not flags:
        ui.label(words("none")).classes("instead")
    for flag in flags:
        with box("flag", "button" if on_asset else "div") as row:
            row.props["data-flag"] = flag.asset
            if on_asset:
                row.on("click", lambda asset=flag.asset: on_asset(asset))
            tone(row, flag.sign.tone)
            ui.icon(flag.sign.icon).classes("symbol")
            with box("flag-text"):
                with box("flag-head"):
                    ui.label(flag.title).classes("flag-title")
                    ui.label(flag.time).classes("flag-time")
                ui.label(flag.reason).classes("reason")
