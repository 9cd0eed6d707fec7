"""The map of the plant."""

from collections.abc import Callable, Sequence
from math import ceil

from nicegui import ui

from sinks.bigscreen.areas import Area, areas
from sinks.bigscreen.panels.parts import OnAsset, SignLabel, box, figure, panel, tone
from sinks.bigscreen.plant import Asset, Plant
from sinks.bigscreen.views.equipment import Equipment, Tile
from sinks.bigscreen.words import Words

_ON_THE_WAY = ("cutting", "punching", "welding", "galvanising")
"""Areas from which material goes on to the next."""


def build(plant: Plant, words: Words, on_asset: OnAsset) -> Callable[[Equipment], None]:
    """Build the panel; gives what shows its content. `on_asset` is called with the asset that was clicked."""
    tiles: dict[str, _Tile] = {}
    with panel("equipment", words):
        with box("lead"):
            running = figure("equipment.running", "big")
            with box("beside"):
                total = figure("equipment.total")
                ui.label(words("running"))
        with box("map"):
            for row, tile_rows in _rows(areas(plant)):
                with box("map-row"):
                    for area in row:
                        columns = ceil(len(area.assets) / tile_rows)
                        with box("area") as element:
                            element.style(f"flex-grow: {columns}")
                            onward = " onward" if area.name in _ON_THE_WAY else ""
                            ui.label(words.name("area", area.name)).classes("area-name" + onward)
                            with box("tiles") as grid:
                                grid.style(f"grid-template-columns: repeat({columns}, minmax(0, 1fr))")
                                for asset in area.assets:
                                    tiles[asset.name] = _Tile(asset, on_asset)

    def show(view: Equipment) -> None:
        running.set_text(view.running)
        total.set_text(view.total)
        for asset, tile in tiles.items():
            tile.show(view.tiles[asset])

    return show


def _rows(found: Sequence[Area]) -> list[tuple[list[Area], int]]:
    """Areas in two rows, and in how many rows their tiles are: the first row has more than half of them, in two."""
    total = sum(len(area.assets) for area in found)
    first: list[Area] = []
    rest = list(found)
    while rest and 2 * sum(len(area.assets) for area in first) <= total:
        first.append(rest.pop(0))
    return [(row, tile_rows) for row, tile_rows in ((first, 2), (rest, 1)) if row]


class _Tile:
    """A machine."""

    def __init__(self, asset: Asset, on_asset: OnAsset) -> None:
        with box("tile", "button") as self._box:
            self._box.props["data-asset"] = asset.name
            self._box.on("click", lambda: on_asset(asset.name))
            with box("tile-head"):
                ui.label(asset.name).classes("tile-name")
                self._alarm = ui.icon("warning").classes("symbol alarm")
            self._state = SignLabel(f"equipment.{asset.name}.state")
            with box("tile-value"):
                self._value = figure(f"equipment.{asset.name}.value", "tile-number")
                self._unit = ui.label().classes("unit")

    def show(self, tile: Tile) -> None:
        self._state.show(tile.state, tile.word)
        self._value.set_text(tile.value)
        self._unit.set_text(tile.unit)
        self._alarm.set_visibility(bool(tile.alarm))
        if tile.alarm:
            self._alarm.set_name(tile.alarm)
        tone(self._box, tile.tone)
