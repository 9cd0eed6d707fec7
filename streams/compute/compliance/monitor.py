"""A monitor: one rule over its stacks, from minutes to verdicts, headroom and emitted mass."""

import math
import re
from collections.abc import Mapping, Sequence
from fnmatch import translate
from typing import Any, NamedTuple

import msgspec
import numpy as np

from streams.compute.compliance.headroom import Headroom, Recent
from streams.compute.compliance.mass import Mass, Masses
from streams.compute.compliance.minutes import MINUTE, NEVER, Minute
from streams.compute.compliance.periods import Measured, Periods
from streams.compute.compliance.rule import Rule
from streams.compute.compliance.verdict import Verdict, highest_mean
from streams.compute.events import Floats, Index
from streams.compute.series import SeriesKey

_UNKNOWN = -1
"""As a slot: no such series yet."""


class Watched(NamedTuple):
    """A series that a rule looks at."""

    key: SeriesKey
    series: int
    slot: int


class Closing(NamedTuple):
    """What the end of a period brings."""

    end: int
    verdicts: list[Verdict]
    masses: list[Mass]


class Monitor:
    """Running state of one rule."""

    def __init__(self, index: int, rule: Rule, unit: str, utc_offset: int) -> None:
        """`index` is the rule's position in the topology, `unit` that of its metric, `utc_offset` in ms."""
        pack = rule.rules()
        self.rule = rule
        self._index = index
        self._pack = pack
        self._base = pack.periods[0]
        self._declared = _identity(rule, utc_offset)
        self._assets = re.compile("|".join(map(translate, rule.assets)))
        self._periods = Periods(index, rule, unit, utc_offset)
        self._recent = Recent()
        self._masses = Masses(index, pack.substitutions, pack.minutes, utc_offset) if rule.flow is not None else None
        self._stacks: list[tuple[str, str]] = []
        """Site and asset."""
        self._slot_of: dict[SeriesKey, int] = {}
        self._slots: dict[str, Index] = {}
        """By metric: the slot of each stack's series."""
        self._metrics = [
            rule.metric,
            *([rule.oxygen.metric] if rule.oxygen else []),
            *([rule.flow] if rule.flow else []),
        ]

    @property
    def end(self) -> int | None:
        """Of the period under way."""
        return self._periods.end

    def needs(self, key: SeriesKey) -> bool:
        """Whether the rule looks at a series."""
        return key.metric in self._metrics and self._assets.fullmatch(key.asset) is not None

    def grow(self, appeared: Sequence[Watched]) -> None:
        """Take in series that have appeared; those that the rule does not need are left out."""
        needed = [one for one in appeared if self.needs(one.key)]
        if not needed:
            return
        self._slot_of |= {one.key: one.slot for one in needed}
        stacks = [one for one in needed if one.key.metric == self.rule.metric]
        self._stacks += [(one.key.site, one.key.asset) for one in stacks]
        self._periods.grow([one.series for one in stacks])
        self._recent.grow(len(stacks))
        if self._masses is not None:
            self._masses.grow(len(stacks))
        for metric in self._metrics:
            slots = [self._slot_of.get(SeriesKey(*stack, metric), _UNKNOWN) for stack in self._stacks]
            self._slots[metric] = np.array(slots, np.intp)

    def add(self, minute: Minute) -> list[Headroom]:
        """Add a minute, all periods that end before it being closed."""
        if not self._stacks:
            return []
        measured = self._measured(minute)
        valid = self._periods.add(measured)
        if self._masses is not None and self.rule.flow is not None:
            self._masses.add(measured, _of(minute.mean, self._slots[self.rule.flow], np.nan))
        if not valid.any() or self._base not in self.rule.limits:
            return []
        self._recent.add(valid, self._corrected(measured.raw, measured.oxygen))
        return self._project(np.flatnonzero(valid).tolist(), minute.start + MINUTE)

    def close_until(self, until: int) -> list[Closing]:
        """Close the periods that end at `until` or before, in order."""
        closings = []
        for start, end, in_service, gone, verdicts in self._periods.close_until(until):
            masses: list[Mass] = []
            if self._masses is not None:
                for stack in gone:
                    masses += self._masses.leave(stack, self._periods.series[stack])
                for stack in in_service:
                    masses += self._masses.close(stack, self._periods.series[stack], start)
                self._masses.begin_hour()
            self._recent.begin_period()
            closings.append(Closing(end, verdicts, masses))
        return closings

    def snapshot(self) -> dict[str, Any]:
        """The state."""
        return {
            "declared": self._declared,
            "periods": self._periods.snapshot(),
            "recent": self._recent.snapshot(),
            "masses": self._masses.snapshot() if self._masses is not None else {},
        }

    def restore(self, state: Mapping[str, Any]) -> bool:
        """Take over a snapshot; False, and nothing is changed, if the rule was declared otherwise."""
        if state["declared"] != self._declared:
            return False
        self._periods.restore(state["periods"])
        self._recent.restore(state["recent"])
        if self._masses is not None:
            self._masses.restore(state["masses"])
        return True

    def _measured(self, minute: Minute) -> Measured:
        raw = self._slots[self.rule.metric]
        oxygen = self._slots[self.rule.oxygen.metric] if self.rule.oxygen is not None else np.full_like(raw, _UNKNOWN)
        first = _of(minute.first_offset, raw, NEVER), _of(minute.first_offset, oxygen, NEVER)
        last = _of(minute.offset, raw, NEVER), _of(minute.offset, oxygen, NEVER)
        # A stack begins with a reading of the pollutant, not with one of its other series.
        judged = self._periods.in_service | (last[0] != NEVER)
        earlier = (first[0] == NEVER) | ((first[1] != NEVER) & (first[1] < first[0]))
        return Measured(
            minute.start,
            _of(minute.mean, raw, np.nan),
            _of(minute.mean, oxygen, np.nan),
            judged & (_of(minute.stopped, raw, False) | _of(minute.stopped, oxygen, False)),
            np.where(judged, np.where(earlier, first[1], first[0]), NEVER),
            np.where(judged, np.maximum(*last), NEVER),
        )

    def _corrected(self, raw: Floats, oxygen: Floats) -> Floats:
        if self.rule.oxygen is None:
            return raw
        air = self._pack.air_oxygen
        with np.errstate(divide="ignore", invalid="ignore"):
            corrected: Floats = raw * (air - self.rule.oxygen.reference) / (air - oxygen)
        return corrected

    def _project(self, stacks: list[int], ts: int) -> list[Headroom]:
        start, end = self._periods.start, self._periods.end
        remaining = ((end or 0) - ts) // MINUTE
        if start is None or end is None or not remaining:
            return []
        limit = highest_mean(self.rule.limits[self._base], self.rule.share(), self._periods.daily_limit)
        rows = []
        for stack in stacks:
            valid, mean = self._periods.so_far(stack)
            found = self._recent.project(stack, valid, remaining, mean, limit)
            if found is not None and not math.isnan(mean):
                projected, allowed, warns = found
                series = self._periods.series[stack]
                rows.append(Headroom(
                    self._index, series, ts, start, end, valid, remaining, mean, projected, allowed, limit, warns,
                ))  # fmt: skip
        return rows


def _of(column: Any, slots: Index, none: float | bool) -> Any:
    """The entries of `slots`, `none` where there is no slot."""
    known = slots != _UNKNOWN
    taken = np.full(len(slots), none, column.dtype)
    taken[known] = column[slots[known]]
    return taken


def _identity(rule: Rule, utc_offset: int) -> str:
    """What the sums of a period depend on: limits may change while a period runs, these may not."""
    parts = (rule.pack, rule.metric, rule.assets, rule.oxygen, rule.flow, rule.changes, utc_offset)
    return msgspec.json.encode(parts).decode()
