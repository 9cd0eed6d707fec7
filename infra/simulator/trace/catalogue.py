"""What carries codes, what steel is called, and who mounts the towers. Invented."""

from typing import Final, NamedTuple

from infra.simulator.assets import SITE
from infra.simulator.shop_floor.catalogue import STEEL
from schemas.trace import Place

PREFIX: Final = "88.118.8"
"""The plant's own, which a topology has to declare."""
DOMAIN: Final = "id.example.com"
BUNDLE: Final = "BUNDLE"
TOWER: Final = "TOWER"
_MILL: Final = "6901234"
"""GS1 company prefix of whoever rolls the steel."""
_SORTS: Final = sorted({(steel.grade, steel.section, steel.length_mm) for steel in STEEL})
PUNCHING: Final = "urn:headrace:step:punching"
GALVANISING: Final = "urn:headrace:step:galvanising"
"""Business steps that the Core Business Vocabulary has no words for."""
GATE: Final = f"https://{DOMAIN}/place/{SITE}/gate"


class Customer(NamedTuple):
    """Who mounts towers, and where."""

    name: str
    place: Place

    @property
    def uri(self) -> str:
        """The place, in events."""
        return f"https://{DOMAIN}/place/{self.name}"


CUSTOMERS: Final = (
    Customer("hami-750kv", Place(latitude=42.83, longitude=93.51)),
    Customer("baotou-500kv", Place(latitude=40.66, longitude=109.84)),
    Customer("kunming-500kv", Place(latitude=25.04, longitude=102.72)),
)
ELSEWHERE: Final = Place(latitude=22.54, longitude=114.06)
"""More than 1,000 km from each of them: where a copied label is read."""


def part(section: str) -> str:
    """The number of parts that are cut from a section."""
    return f"TP-{section.upper()}"


def lot(grade: str, section: str, length_mm: int, heat: str) -> str:
    """The bars of one heat, as a class of items with a lot number: an LGTIN."""
    return f"urn:epc:class:lgtin:{_MILL}.{_SORTS.index((grade, section, length_mm)) + 1:06}.{heat}"


def machine(asset: str) -> str:
    """The read point of a machine of the plant."""
    return f"urn:headrace:asset:{SITE}:{asset}"
