"""What panels are made of."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nicegui import ui
from nicegui.element import Element

from sinks.bigscreen.palette import COLOURS, Sign, Tone
from sinks.bigscreen.views.production import Bar
from sinks.bigscreen.words import Words

OnAsset = Callable[[str], Awaitable[None]]
"""What is done with the asset that was clicked."""


@contextmanager
def box(classes: str, tag: str = "div") -> Iterator[Element]:
    """An element to put others in."""
    with ui.element(tag).classes(classes) as element:
        yield element


@contextmanager
def panel(name: str, words: Words) -> Iterator[ui.label]:
    """A panel with its title; gives the label beside that, for a note."""
    with box(f"panel {name}", "section") as section:
        section.props["data-panel"] = name
        with box("head"):
            ui.label(words(name)).classes("title")
            note = ui.label().classes("note")
        yield note


def figure(name: str, classes: str = "") -> ui.label:
    """A label that docs and tests know by a name, such as `production.oee`."""
    label = ui.label().classes(classes)
    label.props["data-figure"] = name
    return label


def tone(element: Element, name: Tone) -> None:
    """Give an element a tone, in place of the one that it has."""
    element.classes(add=f"tone-{name}", remove=" ".join(f"tone-{other}" for other in COLOURS if other != name))


def action(text: str, on_click: Callable[[], Any], lesser: bool = False, icon: str | None = None) -> ui.button:
    """A button."""
    button = ui.button(text, on_click=on_click, icon=icon, color=None)
    return button.props("flat").classes("action lesser" if lesser else "action")


class SignLabel:
    """A symbol and a word beside it, in the colour of the sign."""

    def __init__(self, name: str = "") -> None:
        with box("sign") as self._box:
            self._icon = ui.icon("check").classes("symbol")
            self._label = figure(name) if name else ui.label()

    def show(self, sign: Sign, word: str) -> None:
        """Show a sign."""
        self._icon.set_name(sign.icon)
        self._label.set_text(word)
        tone(self._box, sign.tone)


def lead(name: str, word: str, unit: str = "") -> ui.label:
    """The figure of a panel that is read from afar, with its unit and above its word."""
    with box("lead-figure"):
        with box("lead-number"):
            label = figure(name, "huge")
            ui.label(unit).classes("percent")
        ui.label(word).classes("word")
    return label


class Factor:
    """A lesser figure above its word, and perhaps a note below."""

    def __init__(self, name: str, word: str, note: str = "") -> None:
        """`name` is that of the figure, `note` that of the one below."""
        with box("factor") as self._box:
            self._figure = figure(name, "factor-figure")
            ui.label(word).classes("word")
            self._note = figure(note, "word") if note else None

    def show(self, text: str, note: str = "", sign: Sign | None = None) -> None:
        """Show it, in the colour of a sign if there is one."""
        self._figure.set_text(text)
        if self._note is not None:
            self._note.set_text(note)
        tone(self._box, sign.tone if sign else "normal")


class Bars:
    """Names with figures and bars, as many as there is room for."""

    def __init__(self, title: str, name: str, most: int) -> None:
        """`name` is that of the figures: `name.0` and so on."""
        self._rows = []
        with box("bars"):
            ui.label(title).classes("subtitle")
            for place in range(most):
                with box("bar-row") as row:
                    label = figure(f"{name}.{place}.name", "bar-name")
                    with box("bar"):
                        filled = ui.element("div").classes("filled")
                    value = figure(f"{name}.{place}", "bar-figure")
                row.set_visibility(False)
                self._rows.append((row, label, filled, value))

    def show(self, bars: Sequence[Bar]) -> None:
        """Show the bars; what there is no room for is left out."""
        for place, (row, label, filled, value) in enumerate(self._rows):
            row.set_visibility(place < len(bars))
            if place < len(bars):
                label.set_text(bars[place].name)
                value.set_text(bars[place].figure)
                filled.style(f"width: {100 * bars[place].share:.0f}%")


class Chart:
    """A chart that is redrawn where its options are others."""

    def __init__(self, options: dict[str, object], classes: str) -> None:
        self._chart = ui.echart(options).classes(classes)

    def show(self, options: dict[str, object]) -> None:
        """Draw."""
        if options != self._chart.options:
            self._chart.options.clear()
            self._chart.options.update(options)
            self._chart.update()


class Choice:
    """A panel's body, or a word in its place: not declared, no data yet."""

    def __init__(self, body: Element, word: ui.label) -> None:
        self._body = body
        self._word = word

    def show(self, word: str) -> None:
        """The body where `word` is empty."""
        self._body.set_visibility(not word)
        self._word.set_visibility(bool(word))
        self._word.set_text(word)


@contextmanager
def body_or_word(name: str) -> Iterator[Choice]:
    """The body of a panel."""
    word = figure(f"{name}.word", "instead")
    with box("body") as body:
        yield Choice(body, word)
