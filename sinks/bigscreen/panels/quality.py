"""Quality."""

from collections.abc import Callable

from sinks.bigscreen.panels.parts import Bars, Chart, Factor, SignLabel, body_or_word, box, figure, lead, panel
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.views.quality import Quality
from sinks.bigscreen.words import Words


def build(plant: Plant, words: Words) -> Callable[[Quality | None], None]:
    """Build the panel; gives what shows its content."""
    with panel("quality", words) as note, body_or_word("quality") as choice:
        with box("lead"):
            first_pass = lead("quality.first_pass", words("first_pass"), "%")
            signals = Factor("quality.signals", words("signals"), "quality.charts")
            cpk = Factor("quality.cpk", words("lowest_cpk"), "quality.cpk_of")
        with box("chart-head"):
            drawn = figure("quality.drawn", "subtitle")
            state = SignLabel("quality.drawn_state")
        chart = Chart({}, "control-chart")
        defects = Bars(f"{words('defects')}, {words('last_day')}", "quality.defects", 3)

    def show(view: Quality | None) -> None:
        choice.show("" if view else words("no_rows" if plant.quality else "not_declared"))
        if view is None:
            return
        note.set_text(words("last_day"))
        first_pass.set_text(view.first_pass)
        signals.show(view.signals, view.charts, view.sign)
        cpk.show(view.cpk, view.cpk_of)
        drawn.set_text(view.drawn)
        state.show(view.drawn_sign, view.drawn_state)
        chart.show(view.chart)
        defects.show(view.defects)

    return show
