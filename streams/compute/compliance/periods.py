"""The periods of one rule: minutes become hours or half-hours, these become days, days become months."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from streams.compute.compliance import calendar
from streams.compute.compliance.minutes import MINUTE, NEVER
from streams.compute.compliance.packs import Period
from streams.compute.compliance.reasons import explain
from streams.compute.compliance.rule import Rule
from streams.compute.compliance.tally import Tally, coverage
from streams.compute.compliance.verdict import (
    COMPLIANT,
    EXCEEDED,
    INSUFFICIENT,
    Finding,
    Verdict,
    at_reference,
    confidence_interval,
)
from streams.compute.events import Bools, Floats, Ints

OUT_OF_SERVICE: Final = 92 * calendar.DAY
"""A stack that has sent nothing for a quarter of a year is no longer judged, until it sends again."""

_QUADRANT: Final = 15 * MINUTE


class Measured(NamedTuple):
    """One minute of the rule's stacks, an entry for each."""

    start: int
    raw: Floats
    """Mean of the pollutant, NaN where it was not measured."""
    oxygen: Floats
    """Mean oxygen likewise."""
    stopped: Bools
    """Whether readings say that the plant did not run."""
    first_offset: Ints
    offset: Ints
    """`NEVER` where there is no reading."""


class Closed(NamedTuple):
    """The shortest period, and the longer ones that end with it."""

    start: int
    end: int
    in_service: list[int]
    """The stacks that are judged."""
    gone: list[int]
    """The stacks that were until now."""
    verdicts: list[Verdict]
    """Of the periods that have a limit."""


class Periods:
    """Running state of one rule over its stacks."""

    def __init__(self, index: int, rule: Rule, unit: str, utc_offset: int) -> None:
        """`unit` of the metric, for reasons; `utc_offset` in ms."""
        self.series: list[int] = []
        """The pollutant's series of each stack."""
        self.start: int | None = None
        """Of the shortest period under way."""
        self._index = index
        self._rule = rule
        self._pack = rule.rules()
        self._unit = unit
        self._utc_offset = utc_offset
        self._tallies: dict[Period, Tally] = {period: Tally() for period in self._pack.periods}
        self._base = self._pack.periods[0]
        self._last_data = np.zeros(0, np.int64)
        """Start of the last period with readings, by stack; `NEVER` before the first and once out of service."""

    @property
    def end(self) -> int | None:
        """Of the shortest period under way."""
        return None if self.start is None else calendar.end_of(self._base, self.start, self._utc_offset)

    @property
    def in_service(self) -> Bools:
        """Which stacks are judged."""
        judged: Bools = self._last_data != NEVER
        return judged

    def so_far(self, stack: int) -> tuple[int, float]:
        """Valid minutes of the shortest period under way, and their mean at the reference oxygen."""
        sums = self._tallies[self._base].read(stack)
        return sums["parts"], self._means(self._base, sums)[2]

    def grow(self, series: Sequence[int]) -> None:
        """Take in the stacks of these series."""
        self.series += series
        for tally in self._tallies.values():
            tally.grow(len(series))
        self._last_data = np.concatenate((self._last_data, np.full(len(series), NEVER)))

    def add(self, minute: Measured) -> Bools:
        """Add the next minute, all earlier periods being closed; tells where it is valid."""
        seen: Bools = minute.offset != NEVER
        if not seen.any():
            return seen
        if self.start is None:
            self.start = calendar.start_of(self._base, minute.start, self._utc_offset)
        self._last_data[seen] = self.start
        valid: Bools = ~np.isnan(minute.raw)
        if self._rule.oxygen is not None:
            valid &= minute.oxygen < self._pack.air_oxygen
        stopped = ~valid & minute.stopped
        tally = self._tallies[self._base]
        tally.add_minute(int((minute.start - self.start) // _QUADRANT), valid, stopped, seen & ~valid & ~stopped)
        tally.add_records(minute.first_offset, minute.offset)
        tally.column["raw"] += np.where(valid, minute.raw, 0.0)
        if self._rule.oxygen is not None:
            tally.column["oxygen"] += np.where(valid, minute.oxygen, 0.0)
        return valid

    def close_until(self, until: int) -> Iterator[Closed]:
        """Close the periods that end at `until` or before, in order."""
        while (end := self.end) is not None and end <= until:
            start = calendar.start_of(self._base, end - 1, self._utc_offset)
            gone = self.in_service & (self._last_data < start - OUT_OF_SERVICE)
            self._last_data[gone] = NEVER
            in_service = np.flatnonzero(self.in_service).tolist()
            verdicts: list[Verdict] = []
            for period, tally in self._tallies.items():
                begin = calendar.start_of(period, start, self._utc_offset)
                if calendar.end_of(period, begin, self._utc_offset) != end:
                    break
                verdicts += [self._close(period, stack, begin, end) for stack in in_service]
                tally.clear()
            self.start = end if in_service else None
            yield Closed(
                start,
                end,
                in_service,
                np.flatnonzero(gone).tolist(),
                [one for one in verdicts if not math.isnan(one.limit)],
            )

    def snapshot(self) -> dict[str, Any]:
        """The state."""
        return {
            "series": np.array(self.series, np.int64),
            "start": -1 if self.start is None else self.start,
            "last_data": self._last_data.copy(),
            "tallies": {period: tally.snapshot() for period, tally in self._tallies.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a snapshot of the same stacks."""
        self.start = None if state["start"] < 0 else state["start"]
        self._last_data = np.array(state["last_data"], np.int64)
        for period, tally in self._tallies.items():
            tally.restore(state["tallies"][period])

    def _close(self, period: Period, stack: int, start: int, end: int) -> Verdict:
        """Pass the verdict of a period and make it a part of the next longer one."""
        sums = self._tallies[period].read(stack)
        parts, required = self._required(period, sums, start, end)
        raw, oxygen, corrected, judged = self._means(period, sums)
        limit = self._rule.limits.get(period, math.nan)
        minutes = coverage(sums, (end - start) // MINUTE)
        finding: Finding = INSUFFICIENT
        if parts >= required > 0:
            finding = EXCEEDED if judged > limit else COMPLIANT
        verdict = Verdict(
            self._index, self.series[stack], period, start, end, finding, "", raw, oxygen, corrected,
            corrected - judged, judged, limit, minutes, parts, required, sums["first_offset"], sums["offset"],
        )  # fmt: skip
        longer = self._pack.periods[self._pack.periods.index(period) + 1 :]
        if longer:
            whole = finding != INSUFFICIENT
            means = {"raw": raw, "oxygen": oxygen, "corrected": corrected, "judged": judged} if whole else {}
            self._tallies[longer[0]].add(
                stack, parts=whole, excused=not whole and self._need_not_be_valid(period, minutes.stopped, start, end),
                valid=minutes.valid, stopped=minutes.stopped, invalid=minutes.invalid,
                first_offset=verdict.first_offset, offset=verdict.offset, **means,
            )  # fmt: skip
        return verdict._replace(reason=explain(verdict, self._rule, self._pack, self._unit, sums))

    def _required(self, period: Period, sums: Mapping[str, Any], start: int, end: int) -> tuple[int, int]:
        """Valid parts and how many are needed; 0 where the plant did not run."""
        pack, parts = self._pack, sums["parts"]
        if period == self._base:
            if pack.quadrants:
                ran = 0b1111 & ~(sums["quadrants_stopped"] & ~sums["quadrants_ran"])
                return (sums["quadrants_valid"] & ran).bit_count(), ran.bit_count()
            return parts, pack.minutes
        if pack.discarded is not None:
            # Half-hours from before the first reading are among those that are not valid.
            base = calendar.end_of(self._base, start, self._utc_offset) - start
            not_valid = (end - start) // base - parts - sums["excused"]
            return parts, max(1, parts + not_valid - pack.discarded)
        if period == "day":
            return parts, pack.hours or 0
        february = calendar.month_of(start, self._utc_offset) == 2
        return parts, (pack.february_days if february else pack.days) or 0

    def _need_not_be_valid(self, period: Period, stopped: int, start: int, end: int) -> bool:
        """Whether the plant ran for too short a time for the period to be valid."""
        return period == self._base and (end - start) // MINUTE - stopped < self._pack.minutes

    def _means(self, period: Period, sums: Mapping[str, Any]) -> tuple[float, float, float, float]:
        """Raw, oxygen, at reference oxygen, and less the confidence interval; NaN where nothing is valid."""
        parts, rule = sums["parts"], self._rule
        if not parts:
            return (math.nan,) * 4
        raw = sums["raw"] / parts
        oxygen = sums["oxygen"] / parts if rule.oxygen is not None else math.nan
        if period != self._base:
            return raw, oxygen, sums["corrected"] / parts, sums["judged"] / parts
        corrected = raw
        if rule.oxygen is not None:
            corrected = at_reference(raw, oxygen, rule.oxygen.reference, self._pack.air_oxygen)
        return raw, oxygen, corrected, corrected - confidence_interval(corrected, rule.share(), self.daily_limit)

    @property
    def daily_limit(self) -> float:
        """The limit that the confidence interval is a share of; that of the shortest period where there is none of the
        day."""
        limits = self._rule.limits
        return limits.get("day", limits.get(self._base, math.inf))
