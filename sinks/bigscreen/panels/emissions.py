"""Emissions."""

from collections.abc import Callable, Sequence

from nicegui import ui

from sinks.bigscreen.panels.parts import Chart, OnAsset, SignLabel, box, figure, panel, tone
from sinks.bigscreen.plant import Emission, Plant
from sinks.bigscreen.views.emissions import FULL, STACKS, Pollutant, Stack
from sinks.bigscreen.words import Words


def build(plant: Plant, words: Words, on_asset: OnAsset) -> Callable[[Sequence[Pollutant]], None]:
    """Build the panel; gives what shows its content. `on_asset` is called with the stack that was clicked."""
    rows = []
    with panel("emissions", words):
        if not plant.emissions:
            figure("emissions.word", "instead").set_text(words("not_declared"))
        with box("pollutants"):
            rows = [_Row(emission, on_asset) for emission in plant.emissions]

    def show(view: Sequence[Pollutant]) -> None:
        for row, pollutant in zip(rows, view, strict=True):
            row.show(pollutant)

    return show


class _Row:
    """A rule."""

    def __init__(self, emission: Emission, on_asset: OnAsset) -> None:
        stacks = emission.assets[:STACKS]
        with box("pollutant") as row:
            row.style(f"--stacks: {len(stacks)}")
            with box("pollutant-name"):
                self._name = ui.label().classes("name")
                self._limit = figure(f"emissions.{emission.rule}.limit", "limit")
            self._stacks = [_Stack(emission.rule, on_asset) for _ in stacks]
            self._chart = Chart({}, "trend")

    def show(self, view: Pollutant) -> None:
        self._name.set_text(view.name)
        self._limit.set_text(f"≤ {view.limit}")
        for element, stack in zip(self._stacks, view.stacks, strict=True):
            element.show(stack)
        self._chart.show(view.chart)


class _Stack:
    """A pollutant of a stack. Which stack may change: those nearest to the limit are shown."""

    def __init__(self, rule: str, on_asset: OnAsset) -> None:
        self._rule = rule
        self._asset = ""
        with box("stack", "button") as self._box:
            self._box.on("click", lambda: on_asset(self._asset))
            with box("stack-head"):
                self._name = ui.label().classes("stack-name")
                self._sign = SignLabel()
            self._value = figure("", "big")
            with box("headroom"):
                with box("bar"):
                    self._mean = ui.element("div").classes("filled")
                    self._projected = ui.element("div").classes("projected")
                    ui.element("div").classes("at-limit").style(f"left: {100 / FULL:.0f}%")
                self._period = figure("", "period")
                self._allowed = figure("", "period")

    def show(self, stack: Stack) -> None:
        if stack.asset != self._asset:
            self._asset = stack.asset
            self._name.set_text(stack.asset)
            self._box.props["data-asset"] = stack.asset
            for label, name in ((self._value, "value"), (self._period, "period"), (self._allowed, "allowed")):
                label.props["data-figure"] = f"emissions.{self._rule}.{stack.asset}.{name}"
                label.update()
            self._box.update()
        self._value.set_text(stack.value)
        self._sign.show(stack.sign, stack.word)
        self._mean.style(f"width: {100 * stack.mean:.1f}%")
        self._projected.set_visibility(stack.projected is not None)
        self._projected.style(f"left: {100 * (stack.projected or 0):.1f}%")
        self._period.set_text(stack.period)
        self._allowed.set_text(stack.allowed)
        tone(self._box, stack.sign.tone)
