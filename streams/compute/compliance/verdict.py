"""A verdict: what a rule says of one stack in one period, with everything that it rests on."""

import math
from typing import Final, Literal, NamedTuple

Finding = Literal["compliant", "exceeded", "insufficient_data"]

COMPLIANT: Final = "compliant"
EXCEEDED: Final = "exceeded"
INSUFFICIENT: Final = "insufficient_data"
"""What is missing is never taken for compliant."""


class Coverage(NamedTuple):
    """How the minutes of a period went; they add up to the period."""

    valid: int
    stopped: int
    """The plant did not run."""
    invalid: int
    """Calibration, maintenance, a fault, or oxygen as in air: there are readings, and none that counts."""
    missing: int
    """No reading at all."""


class Verdict(NamedTuple):
    """One verdict. Concentrations are in the metric's unit; NaN stands for none."""

    rule: int
    """Position of the rule in the topology."""
    series: int
    """The series of the pollutant."""
    period: str
    start: int
    """Epoch milliseconds, as `end`, which is exclusive."""
    end: int
    finding: Finding
    reason: str
    """One sentence."""
    raw: float
    """Mean as measured."""
    oxygen: float
    """Mean oxygen in the same minutes, % by volume."""
    corrected: float
    """Mean at the reference oxygen; `raw` where the rule has none."""
    confidence: float
    """What was subtracted from `corrected` as confidence interval."""
    judged: float
    """What was held against the limit."""
    limit: float
    coverage: Coverage
    parts: int
    """Valid parts: minutes or quadrants of the shortest period, hours or half-hours of a day, days of a month."""
    required: int
    """Parts that are needed; for a day of half-hours, those that are left of it after as many as may be discarded."""
    first_offset: int
    """The first record that the verdict rests on, -1 for none."""
    offset: int
    """The last one."""


def at_reference(raw: float, oxygen: float, reference: float, air: float) -> float:
    """Concentration at the reference oxygen: C x (air - reference) / (air - oxygen), all oxygen in % by volume.

    Source: GB 13271-2014, section 4.3. NaN where `oxygen` is that of air or more: no flue gas, nothing to judge.
    """
    return raw * (air - reference) / (air - oxygen) if oxygen < air else math.nan


def confidence_interval(mean: float, share: float, limit: float) -> float:
    """What is subtracted from a mean before it is judged: `share` of the limit, of the mean where that is lower.

    IED annex VI part 6 gives the 95 % confidence interval as a share of the emission limit value of the day. Of a lower
    mean no more than its own share is subtracted, so that what is left is never below 0.
    """
    return share * min(mean, limit)


def highest_mean(limit: float, share: float, daily: float) -> float:
    """The highest mean that still complies with `limit` once the confidence interval is subtracted; `daily` is the
    limit that the interval is a share of."""
    of_mean = limit / (1 - share)
    return of_mean if of_mean <= daily else limit + share * daily
