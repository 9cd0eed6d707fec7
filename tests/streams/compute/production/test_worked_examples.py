"""Published worked examples of OEE, fed as events: what the rows add up to is what was published."""

from typing import Any, NamedTuple

import pytest

from schemas.oee import OeeSlice
from tests.streams.compute.production.factory import MINUTE, MONDAY, count, job, live, run, slices, spec, state

WITHIN = 0.001
"""A tenth of a percentage point."""


class Ratios(NamedTuple):
    """Of rows together: ratios of sums."""

    availability: float
    performance: float
    quality: float

    @property
    def oee(self) -> float:
        return self.availability * self.performance * self.quality


def ratios(rows: list[OeeSlice]) -> Ratios:
    production = sum(row.production_ms for row in rows)
    good, produced = sum(row.good for row in rows), sum(row.good + row.rejected for row in rows)
    ideal = sum(row.ideal_ms for row in rows)
    return Ratios(production / sum(row.planned_ms for row in rows), ideal / production, good / produced)


def worked(minutes: dict[str, int], cycle_ms: float, total: int, rejected: int, **declared: Any) -> list[OeeSlice]:
    """The rows of a machine that is in each state for so many minutes, and counts once a minute while it runs."""
    events = [job(MONDAY, cycle=cycle_ms)]
    now = MONDAY
    for name, duration in minutes.items():
        events.append(state(now, name))
        if name == "running":
            for minute in range(duration):
                made = total * (minute + 1) // duration - total * minute // duration
                bad = rejected * (minute + 1) // duration - rejected * minute // duration
                events.append(count(now + minute * MINUTE + 30_000, made - bad, bad))
        now += duration * MINUTE
    events += [state(now, "off"), state(now + MINUTE, "off")]
    rows = slices(run(spec(silence="2d", lateness="0s", **declared), live(events)))
    return [row for row in rows if row.window_start < now]


def test_the_worksheet_of_vorne_2002() -> None:
    # Vorne Industries, OEE worksheet (oee.com): shift 480 min, breaks 30 + 30 min, down 47 min, 60 pieces a minute.
    rows = worked({"break": 60, "stopped": 47, "running": 373}, 1000.0, 19271, 423)
    assert sum(row.planned_ms for row in rows) == 420 * MINUTE
    assert sum(row.production_ms for row in rows) == 373 * MINUTE
    assert sum(row.good for row in rows) == 18848
    found = ratios(rows)
    assert [*found, found.oee] == pytest.approx([0.8881, 0.8611, 0.9780, 0.7479], abs=WITHIN)


def test_the_worksheet_of_vorne_2002_with_its_breaks_declared() -> None:
    # The machine is said to be idle in the breaks; that they are breaks is in the shift.
    breaks = [{"start": "00:00", "end": "00:30"}, {"start": "00:30", "end": "01:00"}]
    shifts = {"early": {"start": "00:00", "end": "08:00", "breaks": breaks}}
    rows = worked({"idle": 60, "stopped": 47, "running": 373}, 1000.0, 19271, 423, shifts=shifts)
    assert {row.shift for row in rows} == {"early"}
    found = ratios(rows)
    assert [*found, found.oee] == pytest.approx([0.8881, 0.8611, 0.9780, 0.7479], abs=WITHIN)


def test_a_worksheet_over_several_shifts() -> None:
    # Scribd 436966062: 3240 min, breaks 360, a breakdown of 100 min that the sheet takes out of the planned time, down
    # 960, 1.041 pieces a minute. Its quality is cut off, not rounded.
    minutes = {"break": 360, "maintenance": 100, "stopped": 960, "running": 1820}
    rows = worked(minutes, 60_000 / 1.041, 1626, 8)
    assert sum(row.planned_ms for row in rows) == 2780 * MINUTE
    found = ratios(rows)
    assert [*found, found.oee] == pytest.approx([0.6547, 0.8582, 0.9950, 0.5590], abs=WITHIN)


def test_a_changeover_costs_availability() -> None:
    # Willmott & McCarthy, TPM: A Route to World-Class Performance, p. 127: 910 min, unplanned stoppages 115,
    # changeovers 12, 203 cycles of 3 min. The quality is on a page that was not seen.
    rows = worked({"stopped": 115, "setup": 12, "running": 783}, 180_000.0, 203, 0)
    assert ratios(rows)[:2] == pytest.approx((0.860, 0.777), abs=WITHIN)
