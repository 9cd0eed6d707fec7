"""Production."""

from collections.abc import Callable

from nicegui import ui

from sinks.bigscreen.panels.parts import Bars, Factor, body_or_word, box, figure, lead, panel
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.views.production import LINES, Production
from sinks.bigscreen.words import Words


def build(plant: Plant, words: Words) -> Callable[[Production | None], None]:
    """Build the panel; gives what shows its content."""
    parts = ("availability", "performance", "quality")
    with panel("production", words) as note, body_or_word("production") as choice:
        with box("lead"):
            oee = lead("production.oee", words("oee"), "%")
            factors = [
                Factor(f"production.{part}", words("good_share" if part == "quality" else part)) for part in parts
            ]
        with box("counts"):
            counts = []
            for part in ("good", "rejected", "plan"):
                with box("count"):
                    counts.append(figure(f"production.{part}", "count-figure"))
                    ui.label(f"% {words('plan')}" if part == "plan" else words(part))
        lines = Bars(words("lines"), "production.lines", LINES)
        downtime = Bars(words("downtime"), "production.downtime", 3)

    def show(view: Production | None) -> None:
        choice.show("" if view else words("no_rows" if plant.production else "not_declared"))
        if view is None:
            return
        note.set_text(view.note)
        oee.set_text(view.oee)
        for factor, text in zip(factors, (view.availability, view.performance, view.quality), strict=True):
            factor.show(text)
        for label, text in zip(counts, (view.good, view.rejected, view.plan), strict=True):
            label.set_text(text)
        lines.show(view.lines)
        downtime.show(view.downtime)

    return show
