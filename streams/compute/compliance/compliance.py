"""All rules of a partition: readings in log order in; verdicts, headroom, emitted masses and flags out.

A minute is taken when stream time has passed its end by the lateness, and so is a period: what comes out, and in which
order, follows from the log alone. Silence counts as time passing once it has been decided that there was (`tick`).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.times import utc_offset_ms
from streams.compute.compliance.headroom import RECENT, Headroom
from streams.compute.compliance.mass import Mass
from streams.compute.compliance.minutes import MINUTE, Minutes
from streams.compute.compliance.monitor import Monitor, Watched
from streams.compute.compliance.rule import Compliance as Declared
from streams.compute.compliance.verdict import EXCEEDED, Verdict
from streams.compute.detectors.lane import Flag
from streams.compute.events import LONG_AGO, Floats, Index, Ints
from streams.compute.series import SeriesKey

_NAN = math.nan


class Outcome(NamedTuple):
    """What one call brought about."""

    verdicts: Sequence[Verdict] = ()
    headroom: Sequence[Headroom] = ()
    masses: Sequence[Mass] = ()
    flags: Sequence[Flag] = ()
    """In the order in which they became due."""
    late: int = 0
    """Readings that came too late for their minute."""


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """What several calls brought about, one after the other."""
    return Outcome(
        [verdict for one in outcomes for verdict in one.verdicts],
        [row for one in outcomes for row in one.headroom],
        [mass for one in outcomes for mass in one.masses],
        [flag for one in outcomes for flag in one.flags],
        sum(one.late for one in outcomes),
    )


class Compliance:
    """Running state of all rules in one partition."""

    def __init__(self, declared: Declared, units: Mapping[str, str], lateness: int, first_watcher: int) -> None:
        """`units` by metric; `lateness` in ms; `first_watcher` is the number that flags of the first rule carry."""
        self._monitors = [
            Monitor(index, rule, units.get(rule.metric, ""), utc_offset_ms(declared.utc_offset))
            for index, rule in enumerate(declared.rules)
        ]
        self._units = units
        self._lateness = lateness
        self._first_watcher = first_watcher
        self._minutes = Minutes()
        self._watched: list[int] = []
        """The series of each slot."""
        self._slot_of: NDArray[np.intp] = np.zeros(0, np.intp)
        """By series; -1 for those that no rule needs."""
        self._now = LONG_AGO
        """Stream time, or the time up to which silence was decided."""

    @property
    def watches(self) -> bool:
        """Whether there is a series that a rule needs."""
        return bool(self._watched)

    def grow(self, keys: Sequence[SeriesKey]) -> None:
        """Take in new series; their integers go on from those known so far."""
        known = len(self._slot_of)
        appeared = []
        for series, key in enumerate(keys, known):
            if any(monitor.needs(key) for monitor in self._monitors):
                appeared.append(Watched(key, series, len(self._watched)))
                self._watched.append(series)
        self._slot_of = np.concatenate((self._slot_of, np.full(len(keys), -1)))
        self._slot_of[[one.series for one in appeared]] = [one.slot for one in appeared]
        self._minutes.grow(len(appeared))
        for monitor in self._monitors:
            monitor.grow(appeared)

    def count_watched(self, series: Index) -> int:
        """How many of these readings are of series that a rule needs."""
        return int(np.count_nonzero(self._slot_of[series] >= 0))

    def feed(
        self, series: Index, ts: Ints, x: Floats, flag: NDArray[np.int8], offset: Ints, stream_time: Ints
    ) -> Outcome:
        """Take readings in log order, all arrays of one length; `stream_time` never falls.

        It is the caller's part to leave out duplicates. `advance` has to follow.
        """
        slot = self._slot_of[series]
        watched = slot >= 0
        slot, ts, x, flag, offset = slot[watched], ts[watched], x[watched], flag[watched], offset[watched]
        start = ts - ts % MINUTE
        late = start + (MINUTE + self._lateness) <= np.maximum(stream_time[watched], self._now)
        on_time = ~late
        self._minutes.add(slot[on_time], start[on_time], x[on_time], flag[on_time], offset[on_time])
        return Outcome(late=int(np.count_nonzero(late)))

    def advance(self, stream_time: Ints, offset: Ints) -> Outcome:
        """Close what is due; arrays over the events that `feed` took, in log order, not empty."""
        return self._close(int(stream_time[-1]), stream_time, offset)

    def tick(self, now: int, offset: int) -> Outcome:
        """Close what is due where the caller has decided that event time has come to `now` without records."""
        return self._close(now, np.array([now]), np.array([offset]))

    def next_due(self) -> int | None:
        """Event time at which `tick` would next bring something about; None if time alone does not."""
        first = self._minutes.first()
        ends = [monitor.end for monitor in self._monitors]
        due = [end for end in (first if first is None else first + MINUTE, *ends) if end is not None]
        return min(due) + self._lateness if due else None

    def snapshot(self) -> dict[str, Any]:
        """The whole state."""
        return {
            "now": self._now,
            "watched": np.array(self._watched, np.int64),
            "minutes": self._minutes.snapshot(),
            "rules": {monitor.rule.name: monitor.snapshot() for monitor in self._monitors},
        }

    def restore(self, state: Mapping[str, Any]) -> list[str]:
        """Take over a snapshot, after `grow` with the same series; names the rules that begin without state."""
        if not state["rules"]:  # there were none, or the checkpoint is from before there could be
            return [f"{monitor.rule.name} (new)" for monitor in self._monitors]
        self._now = state["now"]
        slot_of = {series: slot for slot, series in enumerate(self._watched)}
        before = enumerate(state["watched"].tolist())
        self._minutes.restore(state["minutes"], {slot: slot_of[series] for slot, series in before if series in slot_of})
        anew = []
        for monitor in self._monitors:
            name = monitor.rule.name
            if name not in state["rules"]:
                anew.append(f"{name} (new)")
            elif not monitor.restore(state["rules"][name]):
                anew.append(f"{name} (declared otherwise)")
        names = [monitor.rule.name for monitor in self._monitors]
        return anew + [f"{name} (removed)" for name in state["rules"] if name not in names]

    def _close(self, now: int, stream_time: Ints, offset: Ints) -> Outcome:
        self._now = max(self._now, now)
        if not self._watched:
            return Outcome()
        until = self._now - self._lateness
        verdicts: list[Verdict] = []
        headroom: list[Headroom] = []
        masses: list[Mass] = []
        flags: list[Flag] = []

        def brought(end: int) -> int:
            """Offset of the record with which stream time came to the end and the lateness."""
            at = int(np.searchsorted(stream_time, end + self._lateness))
            return int(offset[min(at, len(offset) - 1)])

        def close_periods(until: int) -> None:
            closings = [closing for monitor in self._monitors for closing in monitor.close_until(until)]
            for end, passed, emitted in sorted(closings, key=lambda closing: closing.end):  # stable: then by rule
                verdicts.extend(passed)
                masses.extend(emitted)
                flags.extend(self._exceeded(one, brought(end)) for one in passed if one.finding == EXCEEDED)

        for start in self._minutes.ended(until):
            close_periods(start)
            minute = self._minutes.close(start)
            rows = [row for monitor in self._monitors for row in monitor.add(minute)]
            headroom += rows
            flags += [self._warning(row, brought(row.ts)) for row in rows if row.warns]
        close_periods(until)
        return Outcome(verdicts, headroom, masses, flags)

    def _exceeded(self, verdict: Verdict, offset: int) -> Flag:
        return Flag(
            self._first_watcher + verdict.rule, verdict.series, verdict.end, offset, verdict.judged,
            _score(verdict.judged, verdict.limit), _NAN, _NAN, verdict.limit, verdict.reason, "critical",
        )  # fmt: skip

    def _warning(self, row: Headroom, offset: int) -> Flag:
        unit = self._units.get(self._monitors[row.rule].rule.metric, "")
        rest = f"the remaining {row.remaining_minutes} min may be {row.allowed:.4g} {unit}".rstrip()
        if row.allowed <= 0:
            rest = "nothing emitted in the rest of it would bring it back"
        reason = (
            f"going on as in the last {RECENT} min, the period will end at {row.projected:.4g} {unit}".rstrip()
            + f", above the limit of {row.limit:.4g}; {rest} on average"
        )
        return Flag(
            self._first_watcher + row.rule, row.series, row.ts, offset, row.projected,
            _score(row.projected, row.limit), _NAN, _NAN, row.limit, reason, "warning",
        )  # fmt: skip


def _score(value: float, limit: float) -> float:
    """0.5 at the limit, growing towards 1."""
    return value / (value + limit)
