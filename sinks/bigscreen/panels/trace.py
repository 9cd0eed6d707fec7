"""Traceability."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from nicegui import ui

from sinks.bigscreen.panels.parts import Factor, body_or_word, box, figure, lead, panel, tone
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.views.trace import Traceability, TracedRow
from sinks.bigscreen.words import Words

LONGEST_TEXT: Final = 300
"""Characters that somebody may type or paste in place of a code."""


def build(
    plant: Plant, words: Words, on_item: Callable[[str], Awaitable[None]]
) -> Callable[[Traceability | None], None]:  # fmt: skip
    """Build the panel; gives what shows its content. `on_item` is called with what was typed, or clicked."""
    steps = ("made", "packed", "shipped", "received")
    with panel("traceability", words) as note:
        if plant.enterprises:
            _search(words, on_item)
        with body_or_word("traceability") as choice:
            with box("lead"):
                with box("lead-figure"):
                    minted = lead("traceability.minted", words("codes_minted"))
                    minted_all = figure("traceability.minted_all", "word")
                scans = Factor("traceability.scans", words("scans"))
                refused = Factor("traceability.refused", words("forged_void"))
            with box("counts"):
                counts = []
                for name in steps:
                    with box("count"):
                        counts.append(figure(f"traceability.{name}", "count-figure"))
                        ui.label(words(name))
            flags = _Rows("traceability.flags", on_item)
            newest = _Rows("traceability.newest", on_item)

    def show(view: Traceability | None) -> None:
        choice.show("" if view else words("no_rows" if plant.enterprises else "not_declared"))
        if view is None:
            return
        note.set_text(words("today"))
        minted.set_text(view.minted)
        minted_all.set_text(view.minted_all)
        scans.show(view.scans)
        refused.show(view.refused, sign=view.refused_sign)
        for label, text in zip(counts, (view.made, view.packed, view.shipped, view.received), strict=True):
            label.set_text(text)
        flags.show(view.flags)
        newest.show(view.newest)

    return show


def _search(words: Words, on_item: Callable[[str], Awaitable[None]]) -> None:
    """A field for a code; Enter looks it up."""
    field = ui.input(placeholder=words("code_here")).classes("search")
    field.props(f'dense dark borderless clearable maxlength={LONGEST_TEXT} data-figure="traceability.search"')
    field.props["aria-label"] = words("code_here")

    async def look_up() -> None:
        if text := (field.value or "").strip()[:LONGEST_TEXT]:  # the field's own limit is the browser's
            await on_item(text)

    field.on("keydown.enter", look_up)


class _Rows:
    """Items, each of which opens."""

    def __init__(self, name: str, on_item: Callable[[str], Awaitable[None]]) -> None:
        self._name = name
        self._on_item = on_item
        self._shown: Sequence[TracedRow] = ()
        self._box = ui.element("div").classes("traced-rows")

    def show(self, rows: Sequence[TracedRow]) -> None:
        """Show them."""
        if rows == self._shown:
            return
        self._shown = rows
        self._box.clear()
        with self._box:
            for place, row in enumerate(rows):
                with box("traced", "button" if row.item else "div") as element:
                    element.props["data-item"] = row.item
                    if row.item:
                        element.on("click", lambda item=row.item: self._on_item(item))
                    tone(element, row.sign.tone)
                    ui.icon(row.sign.icon).classes("symbol")
                    ui.label(row.name).classes("traced-name")
                    figure(f"{self._name}.{place}", "traced-text").set_text(row.text)
                    ui.label(row.time).classes("flag-time")
