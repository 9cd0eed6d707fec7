"""Where assets stand on the map: by their kind, in the order in which material goes through the plant."""

from typing import Final, NamedTuple

from sinks.bigscreen.plant import Asset, Plant

_AREAS: Final = {
    "cutting": ("saw", "cutter"),
    "punching": ("punch", "drill"),
    "welding": ("weld",),
    "galvanising": ("pickling", "scrubber", "furnace", "kettle"),
    "yard": ("crane", "truck", "robot"),
    "stacks": ("stack",),
}


class Area(NamedTuple):
    """A part of the plant."""

    name: str
    """One of the above, or the kind of its assets."""
    assets: tuple[Asset, ...]


def areas(plant: Plant) -> list[Area]:
    """The areas that have assets; kinds that are in none have one of their own, behind the others."""
    kinds = [(name, kinds) for name, kinds in _AREAS.items()]
    known = {kind for _, kinds_of in kinds for kind in kinds_of}
    kinds += [(kind, (kind,)) for kind in dict.fromkeys(asset.kind for asset in plant.assets) if kind not in known]
    found = [
        Area(name, tuple(asset for kind in kinds_of for asset in plant.assets if asset.kind == kind))
        for name, kinds_of in kinds
    ]
    return [area for area in found if area.assets]
