from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta, inspect

from schemas.durations import Duration
from streams import field_tables
from streams.compute.detectors.registry import DetectorSpec
from streams.topology.model import Topology


class Inner(msgspec.Struct):
    """What is inside."""

    x: float = 0.5
    """In metres."""


class Outer(msgspec.Struct):
    """All of it."""

    text: str
    renamed: Annotated[int, Meta(ge=1, le=7)] = msgspec.field(default=3, name="L")
    """One to seven."""
    wait: Duration = Duration(90_000)
    inner: Inner | None = None
    inners: dict[str, tuple[Inner, ...]] = {}
    detectors: tuple[DetectorSpec, ...] = ()
    patterns: tuple[str, ...] = ("*",)
    mode: Literal["a", "b"] = "a"
    whole: int = 0
    flag: bool = True


def test_a_row_has_name_type_default_and_docstring() -> None:
    assert list(field_tables.rows(Outer)) == [
        ("`text`", "text", "**required**", ""),
        ("`L`", "whole number, 1 to 7", "`3`", "One to seven."),
        ("`wait`", "duration", "`90s`", ""),
        ("`inner`", "[Inner](#inner)", "", "What is inside."),
        ("`inners`", "map of text to list of [Inner](#inner)", "", "What is inside."),
        ("`detectors`", "list of [detector](#detectors)", "", ""),
        ("`patterns`", "list of text", '`["*"]`', ""),
        ("`mode`", "`a` or `b`", "`a`", ""),
        ("`whole`", "whole number", "`0`", ""),
        ("`flag`", "true or false", "`true`", ""),
    ]


def test_fields_can_be_left_out() -> None:
    assert list(field_tables.rows(Inner, left_out={"x"})) == []


def test_structs_are_found_at_any_depth_once_and_detectors_not_among_them() -> None:
    assert field_tables.structs(Outer) == [Outer, Inner]
    names = [struct.__name__ for struct in field_tables.structs(Topology)]
    assert names[0] == "Topology"
    assert {"Time", "Window", "ClickHouse", "TimeColumn"} < set(names)
    assert len(names) == len(set(names))


def test_a_type_that_topologies_do_not_use_has_no_name() -> None:
    with pytest.raises(TypeError, match="no name for DateTimeType"):
        field_tables.type_name(inspect.DateTimeType())
