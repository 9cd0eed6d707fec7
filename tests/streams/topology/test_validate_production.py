"""What a topology may say of production, and what it is told where it says something else."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from streams.compute.production.spec import Production
from streams.topology.model import Topology
from streams.topology.validate import problems
from tests.streams.compute.production.factory import spec

Build = Callable[..., Topology]

EARLY = {"start": "06:00", "end": "14:00"}
NIGHT = {"start": "22:00", "end": "06:00"}


def test_production_that_holds_together_has_no_problems(small: Build) -> None:
    lines = {"one": ["stack-1"], "two": ["scrubber-1"]}
    shifts = {"early": EARLY, "night": NIGHT, "weekend": {"start": "14:00", "end": "22:00", "days": ["sat", "sun"]}}
    assert problems(small(production={"lines": lines, "shifts": shifts})) == []


@pytest.mark.parametrize(
    ("declared", "path", "words"),
    [
        ({"lines": {"one": ["stack-9"]}}, ("lines", "one", 0), "did you mean 'stack-1'"),
        ({"lines": {"one": ["stack-1"], "two": ["stack-1"]}}, ("lines", "two", 0), "in line one already"),
        ({"lines": {"one": ["stack-1", "stack-1"]}}, ("lines", "one", 1), "in line one already"),
        ({"lines": {"one": []}}, ("lines", "one"), "is empty"),
        ({"states": {"stopped": "down"}}, ("states",), "no state of category production"),
        ({"shifts": {"a": EARLY, "b": {"start": "13:59", "end": "15:00"}}}, ("shifts", "b"), "before a has ended"),
        ({"shifts": {"a": NIGHT, "b": {"start": "05:00", "end": "06:00"}}}, ("shifts", "b"), "before a has ended"),
        (
            {"shifts": {"a": {**NIGHT, "days": ["sun"]}, "b": {"start": "05:00", "end": "06:00", "days": ["mon"]}}},
            ("shifts", "b"),
            "before a has ended",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(small: Build, declared: dict[str, Any], path: tuple[str, ...], words: str) -> None:
    (problem,) = problems(small(production=declared))
    assert problem.path == ("production", *path)
    assert words in problem.message


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"shifts": {}}, "shifts is empty"),
        ({"states": {}}, "states is empty"),
        ({"states": {"running": "working"}}, "Invalid enum value"),
        ({"silence": "0s"}, "silence 0ms must be longer than 0"),
        ({"silence": "8d"}, "at most 7d"),
        ({"utc_offset": "+8"}, "regex"),
        ({"shifts": {"a": {"start": "6:00", "end": "14:00"}}}, "regex"),
        ({"shifts": {"a": {"start": "06:00", "end": "24:00"}}}, "regex"),
        ({"shifts": {"a": {**EARLY, "days": []}}}, "days is empty"),
        ({"shifts": {"a": {**EARLY, "breaks": [{"start": "10:00", "end": "10:00"}]}}}, "is none"),
        ({"shifts": {"a": {**EARLY, "breaks": [{"start": "13:45", "end": "14:15"}]}}}, "is not within"),
        ({"shifts": {"a": {**NIGHT, "breaks": [{"start": "12:00", "end": "12:30"}]}}}, "is not within"),
    ],
)
def test_what_can_never_be_is_refused_at_once(declared: dict[str, Any], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        spec(**declared)


def test_left_out_there_is_one_shift_a_day_and_the_usual_states() -> None:
    assert Production() == spec(
        shifts={"day": {"start": "00:00", "end": "00:00"}},
        states={
            "running": "production", "setup": "setup", "idle": "standby", "stopped": "down",
            "maintenance": "planned", "break": "planned", "off": "planned",
        },
    )  # fmt: skip
