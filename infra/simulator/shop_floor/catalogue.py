"""What is made, measured, stored and said on the shop floor. Invented, but of the right order of magnitude."""

from typing import Final, NamedTuple

from infra.simulator.kinds import IDLE, RUNNING, SETUP, STOPPED


class Characteristic(NamedTuple):
    """What is measured on items of one kind of machine."""

    name: str
    mean: float
    """Mean and standard deviation of a process that is in order, in the unit of the topology."""
    sigma: float
    size: int
    """Measurements in a sample."""
    every: int
    """Cycles from one sample to the next."""
    decimals: int


class Work(NamedTuple):
    """What machines of one kind make."""

    products: tuple[str, ...]
    ideal: float
    """Planned seconds per cycle."""
    actual: tuple[float, float]
    """Shortest and longest cycle in fact, as factors of the planned one."""
    batch: int
    """Items per cycle."""
    lot: int
    """Cycles from one inspection to the next."""
    characteristic: Characteristic
    defects: tuple[str, ...]


WORK: Final[dict[str, Work]] = {
    # Two strokes an item, at 40 a minute as planned; the readings show 38.
    "punch": Work(
        ("leg-L100x8", "leg-L125x10", "gusset-12"), 3.0, (1.03, 1.08), 1, 4,
        Characteristic("hole_diameter", 17.6, 0.05, 5, 1, 3), ("burr", "wrong position", "cracked edge"),
    ),
    "saw": Work(
        ("bar-L100x8", "bar-L80x6", "bar-L63x5"), 4.0, (1.0, 1.1), 1, 4,
        Characteristic("length_deviation", 0.0, 0.4, 1, 1, 2), ("short", "slanted cut", "burr"),
    ),
    "weld": Work(
        ("joint-K12", "joint-X20"), 5.0, (1.0, 1.15), 1, 4,
        Characteristic("throat", 6.0, 0.15, 3, 1, 2), ("porosity", "undercut", "spatter", "lack of fusion"),
    ),
    "kettle": Work(
        ("tower-2D", "tower-4B"), 6.0, (1.0, 1.05), 12, 2,
        Characteristic("zinc_thickness", 95.0, 4.0, 5, 1, 1), ("bare spot", "drip", "ash", "dull grey"),
    ),
}  # fmt: skip
SCRAPPED: Final = 0.02
"""Share of the items that are scrap."""
REWORKED: Final = 0.03
"""Share of the items that are good after rework."""
PLANNED: Final = 240
"""Items that an order wants of a machine."""

REASONS: Final[dict[str, tuple[str, ...]]] = {
    RUNNING: ("",),
    IDLE: ("no material", "waiting for crane", "no operator"),
    SETUP: ("order change",),
    STOPPED: ("jam", "tool broken", "hydraulics", "electrical fault"),
}
"""Why a machine is in a state."""


class Steel(NamedTuple):
    """What lies in a bin."""

    bin: str
    grade: str
    section: str
    length_mm: int
    heat: str


STORE: Final = "steel-yard"
STEEL: Final = (
    Steel("A1", "Q355B", "L100x8", 12_000, "H24817"),
    Steel("A2", "Q355B", "L100x8", 12_000, "H24902"),
    Steel("A3", "Q235B", "L100x8", 12_000, "H24655"),
    Steel("B1", "Q355B", "L80x6", 12_000, "H24733"),
    Steel("B2", "Q235B", "L80x6", 9_000, "H24790"),
    Steel("C1", "Q235B", "L63x5", 9_000, "H24588"),
    Steel("C2", "Q235B", "L63x5", 6_000, "H24611"),
)
CUTS_MM: Final = (1_180, 1_460, 2_350, 2_890, 3_940)
"""Lengths that are cut, mm."""
KERF_MM: Final = 4
"""What the saw takes at each cut, mm."""
ROBOT: Final = "robot-1"
