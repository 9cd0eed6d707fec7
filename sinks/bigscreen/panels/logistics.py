"""Logistics."""

from collections.abc import Callable

from nicegui import ui

from sinks.bigscreen.panels.parts import Bars, body_or_word, box, figure, panel, tone
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.views.logistics import Logistics
from sinks.bigscreen.words import Words


def build(plant: Plant, words: Words) -> Callable[[Logistics | None], None]:
    """Build the panel; gives what shows its content."""
    with panel("logistics", words) as note, body_or_word("logistics") as choice:
        with box("lead"):
            pieces = figure("logistics.pieces", "huge")
            with box("beside"):
                metres = figure("logistics.metres")
                ui.label(words("stock_pieces"))
            with box("factors"):
                with box("factor") as wrong_box:
                    wrong = figure("logistics.wrong", "factor-figure")
                    ui.label(words("wrong_picks"))
                    picks = figure("logistics.picks")
                with box("factor"):
                    move = figure("logistics.move", "factor-figure")
                    ui.label(words("move_time"))
        last_wrong = figure("logistics.last_wrong", "last-wrong")
        orders = Bars(words("picked"), "logistics.orders", 3)
        queues = Bars(words("queues"), "logistics.queues", 5)

    def show(view: Logistics | None) -> None:
        choice.show("" if view else words("no_rows" if plant.logistics else "not_declared"))
        if view is None:
            return
        note.set_text(words("last_day"))
        pieces.set_text(view.pieces)
        metres.set_text(view.metres)
        wrong.set_text(view.wrong)
        picks.set_text(view.picks)
        tone(wrong_box, view.sign.tone)
        move.set_text(view.move)
        last_wrong.set_text(view.last_wrong)
        last_wrong.set_visibility(bool(view.last_wrong))
        orders.show(view.orders)
        queues.show(view.queues)

    return show
