"""What a piece of raw material is."""

from typing import NamedTuple

from schemas.logistics import Arrival, Pick, PickLine


class Kind(NamedTuple):
    """What makes pieces interchangeable; the fields stand in the order in which a difference matters to the saw."""

    section: str
    grade: str
    length_mm: int
    heat: str

    def __str__(self) -> str:
        return f"{self.section} {self.grade} {self.length_mm} mm heat {self.heat}"

    def differences(self, other: "Kind", tolerance_mm: int) -> list[str]:
        """Fields in which `other` is another kind, in order; lengths may differ by the tolerance."""
        if self == other:
            return []
        return [
            name
            for name, mine, its in zip(self._fields, self, other, strict=True)
            if (abs(self.length_mm - other.length_mm) > tolerance_mm if name == "length_mm" else mine != its)
        ]


def kind_of(event: Arrival | Pick | PickLine) -> Kind:
    """The kind that an event names."""
    return Kind(event.section, event.grade, event.length_mm, event.heat)


def count(pieces: int) -> str:
    """`1 piece`, `2 pieces`."""
    return f"{pieces} piece{'' if pieces == 1 else 's'}"
