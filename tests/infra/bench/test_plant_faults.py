"""Detectors on the simulated plant."""

from typing import Any

import pytest

from infra.bench import plant_faults
from schemas.errors import UserError


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """Two days without faults, and every fault."""
    return plant_faults.run(2)


def test_a_plant_in_which_nothing_is_wrong_keeps_to_the_budget(found: dict[str, Any]) -> None:
    month = found["month"]
    assert month["series"] > 70
    assert 0 < month["flags"] <= month["budget"] * month["days"] * month["series"]


def test_every_fault_is_found_within_the_delay_that_the_documents_state(found: dict[str, Any]) -> None:
    first = {
        str(one["fault"]): min(delay for delay in one["delays"].values() if delay is not None)
        for one in found["faults"]
    }
    assert {fault.split(",")[0]: delay for fault, delay in first.items()} == {
        "spike": 1,
        "level shift": 1,
        "drift": 41,
        "stuck": 16,
        "noise": 4,
        "oscillation": 3,
        "correlation break": 5,
    }


def test_a_program_that_fails_is_told_in_one_line() -> None:
    with pytest.raises(UserError, match="the simulated plant failed: ValueError"):
        plant_faults.run(float("nan"))
