"""The comparison of the control loop's modes: what it deploys, and what it makes of the rows in ClickHouse."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from infra.bench import control_report
from infra.bench.control import MODES, REPAIR_SECONDS, SLOT_SECONDS, TOPOLOGY, declare
from infra.bench.control_report import COLUMNS, EXCEEDANCE_COLUMNS, exceedances, problems, totals
from infra.bench.control_rows import Above, Episode, Move, Rule, Transition, episode
from infra.simulator.causes import schedule
from infra.simulator.labels import Label
from schemas.durations import Duration
from streams.topology.load import load

LABEL = Label("hongyang", "stack-2", "so2", "fouling", 100_000, 195_000)
RULE = Rule("stack-2", "so2", "so2-high", 200, "3s", "10m")
RAISED, RETURNED = Transition("raised", 118_000, 118_200), Transition("returned", 160_000, 160_100)


def read(*rows: Transition | Move, since: int | None = 115_000) -> Episode:
    alarms = [row for row in rows if isinstance(row, Transition)]
    moves = [row for row in rows if isinstance(row, Move)]
    return episode("automatic", LABEL, RULE, Above(since, 42.0), alarms, moves)


def test_an_exceedance_that_the_loop_ends_is_timed_from_the_limit_to_the_alarm_and_from_there_to_its_return() -> None:
    moves = [Move("a", "commanded", 118_300), Move("a", "acknowledged", 118_400), Move("a", "effective", 138_400)]
    found = read(RAISED, RETURNED, *moves, Move("b", "commanded", 138_400))
    assert found == Episode(
        mode="automatic", asset="stack-2", metric="so2", cause="fouling", lasted=95.0, alarm=0.2, raised=1, back=42.0,
        alone=True, escalated=None, time_limit=600.0, exceeded=42.0, adjustments=2,
    )  # fmt: skip
    assert problems([found]) == []


def test_a_return_after_the_cause_was_removed_is_a_persons() -> None:
    found = read(RAISED, Transition("returned", 210_000, 210_100))
    assert (found.back, found.alone) == (92.0, False)
    assert problems([found]) == ["1 stack-2 so2: fouling was neither brought back nor told to a person in time"]


def test_an_alarm_that_comes_on_again_is_back_when_it_returns_for_good() -> None:
    again = read(RAISED, RETURNED, Transition("raised", 170_000, 170_100), Transition("returned", 190_000, 190_100))
    assert (again.raised, again.back, again.alone) == (2, 72.0, True)
    standing = read(RAISED, RETURNED, Transition("raised", 170_000, 170_100))
    assert (standing.back, standing.alone) == (None, False)


@pytest.mark.parametrize(("after_ms", "holds"), [(600_000, True), (600_001, False)])
def test_a_person_is_called_in_time_up_to_the_time_limit(after_ms: int, holds: bool) -> None:
    found = read(RAISED, Move("a", "escalated", RAISED.ts + after_ms))
    assert found.called_in_time is holds
    assert (problems([found]) == []) is holds


def test_an_exceedance_without_an_alarm_or_with_a_late_one_does_not_hold() -> None:
    assert problems([read()]) == ["1 stack-2 so2: fouling was not alarmed"]
    late = read(RAISED._replace(logged=120_100), RETURNED)
    assert problems([late]) == ["1 stack-2 so2: fouling was alarmed 2.1 s after the on-delay"]


def test_the_other_modes_are_not_held_to_anything() -> None:
    assert problems([replace(read(), mode="advise"), replace(read(), mode="none")]) == []


@pytest.fixture
def run() -> list[Episode]:
    """Two exceedances in each mode."""
    ended, called = (
        read(RAISED, RETURNED, Move("a", "commanded", 118_300)),
        read(RAISED, Move("b", "escalated", 119_000)),
    )
    there = Transition("returned", 218_000, 218_100)
    left = replace(read(RAISED, there), exceeded=108.0)
    return [ended, called, *(replace(left, mode=mode) for mode in ("advise", "advise", "none", "none"))]


def test_totals_are_those_of_each_mode(run: list[Episode]) -> None:
    automatic, _, none = (dict(zip(COLUMNS, row, strict=True)) for row in totals(run))
    assert automatic == {
        "mode": "automatic", "exceedances": "2", "alarmed": "2", "median alarm s": "0.20", "latest alarm s": "0.20",
        "back alone": "1", "called in time": "1", "neither": "0", "median back s": "42", "longest back s": "42",
        "above the limit min": "1.4", "adjustments": "1",
    }  # fmt: skip
    assert (none["mode"], none["neither"], none["longest back s"], none["above the limit min"]) == (
        "none", "2", "100", "3.6",
    )  # fmt: skip


def test_an_exceedance_is_a_row_with_what_came_of_it_in_each_mode(run: list[Episode]) -> None:
    first, second = (dict(zip(EXCEEDANCE_COLUMNS, row, strict=True)) for row in exceedances(run))
    assert first == {
        "exceedance": "1 stack-2 so2: fouling", "alarm s": "0.20 / 0.20 / 0.20", "automatic": "back alone 42",
        "advise": "back 100", "none": "back 100", "above the limit s": "42 / 108 / 108",
    }  # fmt: skip
    assert second["automatic"] == "called 1, not back"


def test_what_happened_is_told_in_its_order() -> None:
    late = read(RAISED, RETURNED, Move("a", "escalated", 283_000))
    early = read(RAISED, Transition("returned", 218_000, 218_100), Move("a", "escalated", 120_000))
    rows = exceedances([late, replace(early, mode="advise"), replace(early, mode="none")])
    assert rows[0][2:4] == ["back alone 42, called 165", "called 2, back 100"]


def test_the_record_has_both_tables_and_replaces_them(run: list[Episode], tmp_path: Path) -> None:
    file = tmp_path / "CONTROL.md"
    for _ in range(2):
        control_report.record(run, "1.0, 1.0, 1.0", file)
    text = file.read_text()
    assert text.startswith("# The control loop, with and without\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## Each mode", "## Each exceedance"]
    assert "- load average: 1.0, 1.0, 1.0" in text


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_differs_from_the_plants_topology_in_its_playbooks_alone(mode: str, tmp_path: Path) -> None:
    file = tmp_path / "tower_plant.yaml"
    file.write_text(declare(mode, TOPOLOGY.read_text())[0])
    deployed, original = load(file), load(TOPOLOGY)
    assert {book.mode for book in deployed.playbooks} == ({mode} if mode != "none" else set())
    as_it_is = tuple(msgspec.structs.replace(book, mode="automatic") for book in deployed.playbooks)
    assert as_it_is == (original.playbooks if mode != "none" else ())
    assert msgspec.structs.replace(deployed, playbooks=original.playbooks) == original


def test_the_rules_are_those_of_the_alarms_that_are_answered_and_of_every_cause() -> None:
    _, rules = declare("none", TOPOLOGY.read_text())
    assert rules == [RULE, Rule("stack-1", "nox", "nox-high", 200, "3s", "10m")]
    assert {str(Duration(book.time_limit)) for book in load(TOPOLOGY).playbooks} == {"10m"}
    causes = schedule(1, 10, 10 * SLOT_SECONDS, REPAIR_SECONDS)
    assert {(cause.asset, cause.metric) for cause in causes} == {(rule.asset, rule.metric) for rule in rules}
