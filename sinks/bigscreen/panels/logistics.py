"""Logistics."""

from collections.abc import Callable

from sinks.bigscreen.panels.parts import Bars, Factor, body_or_word, box, figure, lead, panel
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.views.logistics import Logistics
from sinks.bigscreen.words import Words


def build(plant: Plant, words: Words) -> Callable[[Logistics | None], None]:
    """Build the panel; gives what shows its content."""
    with panel("logistics", words) as note, body_or_word("logistics") as choice:
        with box("lead"):
            with box("lead-figure"):
                pieces = lead("logistics.pieces", words("stock_pieces"))
                metres = figure("logistics.metres", "word")
            wrong = Factor("logistics.wrong", words("wrong_picks"), "logistics.picks")
            move = Factor("logistics.move", words("move_time"))
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
        wrong.show(view.wrong, view.picks, view.sign)
        move.show(view.move)
        last_wrong.set_text(view.last_wrong)
        last_wrong.set_visibility(bool(view.last_wrong))
        orders.show(view.orders)
        queues.show(view.queues)

    return show
