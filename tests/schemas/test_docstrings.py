from enum import StrEnum

import msgspec

from schemas import docstrings
from schemas.events import Reason


class Base(msgspec.Struct):
    """A base
    class."""

    inherited: int
    """Stands in
    the base class."""
    overridden: int = 0
    """As the base class says."""


class Derived(Base):
    bare: int = 0
    overridden: int = 1
    """As the derived class says."""
    plain = 5
    """Without a type."""

    def method(self) -> None:
        """Not a field's."""


class Kind(StrEnum):
    ONE = "one"
    """The first."""
    TWO = "two"


def test_a_docstring_belongs_to_the_field_above_it() -> None:
    assert docstrings.of_fields(Derived) == {
        "inherited": "Stands in the base class.",
        "overridden": "As the derived class says.",
        "plain": "Without a type.",
    }


def test_members_of_an_enum_have_docstrings_too() -> None:
    assert docstrings.of_fields(Kind) == {"ONE": "The first."}


def test_a_docstring_is_one_line() -> None:
    assert docstrings.of_class(Base) == "A base class."


def test_every_reason_for_a_dead_letter_is_explained() -> None:
    assert docstrings.of_fields(Reason).keys() == set(Reason.__members__)
