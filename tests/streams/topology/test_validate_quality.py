"""What the quality part names has to exist, and every characteristic can be reached."""

from collections.abc import Callable
from typing import Any

import pytest

from streams.topology.model import Topology
from streams.topology.problems import Where
from streams.topology.validate import problems

Build = Callable[..., Topology]
BORE: dict[str, Any] = {"name": "bore", "unit": "mm", "assets": ["stack-*"], "charts": [{"kind": "xbar_r"}]}


def test_a_quality_part_that_holds_together_has_no_problems(small: Build) -> None:
    declared = [BORE, {**BORE, "assets": ["*"]}, {**BORE, "products": ["p"], "assets": ["scrubber-1"]}]
    assert problems(small(quality={"characteristics": declared[:2]})) == []
    assert problems(small(quality={"characteristics": [declared[2], *declared[:2]]})) == []


@pytest.mark.parametrize(
    ("characteristics", "where", "words"),
    [
        ([{**BORE, "name": "nonconforming"}], (0, "name"), "the name of the p charts"),
        ([{**BORE, "assets": ["stack-1", "stakc-1"]}], (0, "assets", 1), "did you mean 'stack-1'?"),
        ([BORE, {**BORE, "products": ["p"]}], (1,), "bore is never reached"),
        ([{**BORE, "assets": ["*"]}, BORE], (1,), "bore is never reached"),
    ],
)
def test_a_problem_names_its_place_and_the_remedy(
    small: Build, characteristics: list[Any], where: Where, words: str
) -> None:
    [problem] = problems(small(quality={"characteristics": characteristics}))
    assert problem.path == ("quality", "characteristics", *where)
    assert words in problem.message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lower": 3, "upper": 2}, "lower 3 must be below upper 2"),
        ({"lower": 1, "upper": 2, "target": 3}, "target 3 must be within the specification limits"),
        ({"charts": [{"kind": "ewma"}, {"kind": "ewma", "L": 2}]}, "two of one kind"),
        ({"charts": [{"kind": "xbar_r", "rules": ["nelsen"]}]}, "nelsen"),
        ({"charts": [{"kind": "individuals", "rules": []}]}, "length >= 1"),
        ({"assets": []}, "must name at least one"),
        ({"baseline": {"sigma": 0}}, "1e-100"),
    ],
)
def test_impossible_settings_are_refused(small: Build, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        small(quality={"characteristics": [{**BORE, **changes}]})


def test_a_share_in_control_is_not_so_small_that_limits_vanish(small: Build) -> None:
    assert problems(small(quality={"inspections": {"fraction": 1e-9}})) == []
    [problem] = problems(small(quality={"inspections": {"fraction": 5e-324}}))
    assert problem.path == ("quality", "inspections", "fraction")
