"""The engine of one source partition: decoded events in, results out. Pure; all of its state can be snapshot.

What comes out is a function of the log: any cutting of the same events into calls gives the same results in the same
order, and so does a snapshot taken and restored in between. The one thing that is not in the log, that a partition has
fallen idle, enters as an explicit decision (`declare_idle`), which the caller must make durable before the results of
`settle` leave the house.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np

from streams.compute.alarms.conditions import ConditionBank, Edge
from streams.compute.compliance.compliance import Compliance, Outcome, joined
from streams.compute.control_loop.sampler import Sample, Sampler
from streams.compute.counts import Counts
from streams.compute.detectors.bank import DetectorBank
from streams.compute.detectors.lane import Flag
from streams.compute.detectors.states import Told, code
from streams.compute.duplicates import Duplicates
from streams.compute.events import LONG_AGO, MEASURED, Bools, Events, Index, Ints, Said
from streams.compute.incidents import Incidents
from streams.compute.series import SeriesTable
from streams.compute.window_rows import Rows
from streams.compute.windows import Counted, Windows

_MOST_PLACES = 4_000_000
"""Windows begun in one stretch, times series: bounds the map from them to their cells (4 bytes each)."""

Stage = Callable[[str], AbstractContextManager[None]]
"""Wraps a stage of the work, to time it from outside: compute itself never reads a clock."""


def untimed(stage: str) -> AbstractContextManager[None]:
    """A `Stage` that does nothing."""
    return nullcontext()


class Results(NamedTuple):
    """What one call brought about."""

    aggregates: list[tuple[int, Rows]]
    """Closed windows in pieces, each with the position of its declaration."""
    flags: list[Flag]
    judged: Outcome
    """Its flags are among `flags`."""
    late: Bools
    """Per event of the call: late for every window."""
    repeated: Bools
    """Per point of the call: a duplicate, which went nowhere."""
    edges: list[Edge]
    """Conditions of alarms that came on or went off."""
    levels: list[Sample]
    """Readings that playbooks need."""
    unheard: Sequence[Said] = ()
    """Feedback on flags that cannot have been raised here."""


class Engine:
    """Windows, detectors and rules over the series of one partition."""

    rows: Final[Mapping[str, int]] = {}
    """By table, of those whose rows are structs: none here."""

    def __init__(
        self,
        series: SeriesTable,
        windows: Mapping[str, Windows],
        bank: DetectorBank,
        duplicates: Duplicates,
        compliance: Compliance,
        stage: Stage = untimed,
        conditions: ConditionBank | None = None,
        sampler: Sampler | None = None,
    ) -> None:
        self.series = series
        self.windows = dict(windows)
        self.bank = bank
        self.duplicates = duplicates
        self.compliance = compliance
        self.conditions = conditions or ConditionBank((), {})
        self.sampler = sampler or Sampler({})
        self.incidents = Incidents()
        self._ended: list[Edge] = []
        """Conditions that go off because the topology has changed."""
        self.counts = Counts()
        self.stream_time = LONG_AGO
        self._quiet_until = LONG_AGO
        """Event time up to which an idle partition was decided to have been silent."""
        self._last_offset = -1
        self._known = 0
        self._gone: dict[str, Counted] = {}
        """What windows had counted that the topology no longer has, should they come back."""
        self._stage = stage

    def feed(self, events: Events) -> Results:
        """Take the next events of the log."""
        self._introduce_series()
        results: list[Results] = []
        unheard: list[Said] = []
        begin = 0
        for said in events.feedback:
            if said.before > begin:
                results += map(self._feed, self._parts(events.part(begin, said.before)))
                begin = said.before
            if not self._hear(said):
                unheard.append(said)
        rest = events.part(begin, len(events.ts)) if begin else events
        results += map(self._feed, self._parts(rest))
        if len(results) == 1:
            return results[0]._replace(unheard=unheard)
        return Results(
            [piece for result in results for piece in result.aggregates],
            [flag for result in results for flag in result.flags],
            joined([result.judged for result in results]),
            np.concatenate([result.late for result in results]),
            np.concatenate([result.repeated for result in results]),
            [edge for result in results for edge in result.edges],
            [level for result in results for level in result.levels],
            unheard,
        )

    def _hear(self, said: Said) -> bool:
        """Take in feedback; False if no such flag can have been raised here."""
        series = self.series.get(said.key)
        return series is not None and self.bank.hear(series, said.detector, said.verdict)

    def _parts(self, events: Events) -> list[Events]:
        """Cut events that span very many windows, so that windows are closed in between and memory stays bounded.

        Where a cut is made changes no result.
        """
        if not self.windows or not len(events.ts):
            return [events]
        step = min(windows.advance for windows in self.windows.values())
        bucket = events.ts // (step * max(1, _MOST_PLACES // max(1, len(self.series))))
        edges = np.flatnonzero(np.diff(np.maximum.accumulate(bucket))) + 1
        bounds = [0, *edges.tolist(), len(events.ts)]
        return [events.part(begin, end) for begin, end in pairwise(bounds)] if len(edges) else [events]

    def _feed(self, events: Events) -> Results:
        stream_time = np.maximum(np.maximum.accumulate(events.clock), self.stream_time) if len(events.ts) else events.ts
        late = self._late(events.ts, stream_time)
        repeated = self._repeated(events, late, stream_time)
        self._count(events, late, repeated)
        flags: list[Flag] = []
        edges: list[Edge] = []
        levels: list[Sample] = []
        judged = Outcome()
        if len(events.ts):
            self.stream_time = int(stream_time[-1])
            self._last_offset = int(events.offset[-1])
            new = events.without(repeated)
            flags, edges, levels = self._add_points(new, late, stream_time)
            judged = self._judge(new, late, stream_time)
        return self._results(flags, judged, late, repeated, edges, levels)

    def declare_idle(self, silence: int) -> bool:
        """Decide that the partition has been silent for `silence` ms beyond its last event.

        All open windows become due and missing data can be noticed. True if that changes anything: then the decision
        must be made durable before `settle` is called.
        """
        quiet_until = self.stream_time + silence
        changed = [windows.declare_idle(quiet_until) for windows in self.windows.values()]
        due = [moment for moment in (self.bank.next_due(), self.compliance.next_due()) if moment is not None]
        if due and self.stream_time > LONG_AGO and quiet_until >= min(due):
            self._quiet_until = max(self._quiet_until, quiet_until)
            changed.append(True)
        return any(changed)

    def settle(self) -> Results:
        """What follows from a durable idle decision, or from a changed topology; nothing if it was settled before."""
        flags: list[Flag] = []
        judged = Outcome()
        if self._quiet_until > LONG_AGO:
            flags = self.bank.tick(self._quiet_until, self._last_offset)
            judged = self.compliance.tick(self._quiet_until, self._last_offset)
        self._quiet_until = LONG_AGO  # or else every restart would settle it again, for series that have come back
        edges, self._ended = self._ended, []
        return self._results(flags, judged, np.zeros(0, bool), np.zeros(0, bool), edges, [])

    def snapshot(self) -> dict[str, Any]:
        """The whole state except the names of the series: a tree of dictionaries with arrays and numbers as leaves."""
        return {
            "counts": {field.name: getattr(self.counts, field.name) for field in fields(Counts)},
            "times": [self.stream_time, self._quiet_until, self._last_offset],
            "new_series": self.series.snapshot(),
            "duplicates": self.duplicates.snapshot(self.stream_time),
            "windows": {name: windows.snapshot() for name, windows in self.windows.items()},
            "gone": {name: list(counted) for name, counted in self._gone.items()},
            "detectors": self.bank.snapshot(),
            "compliance": self.compliance.snapshot(),
            "conditions": self.conditions.snapshot(),
            "levels": self.sampler.snapshot(),
            "incidents": self.incidents.snapshot(),
        }

    def restore(self, state: Mapping[str, Any]) -> list[str]:
        """Take over the state of a snapshot and, as `series`, the names of its series. Only for a new object.

        Names what does not go on as it was, and why: windows, detectors and rules that are new or declared otherwise
        start without state; the points in open windows of an old declaration, of which it says how many, are left
        behind.
        """
        self.series.restore(state["series"], state["new_series"])
        self.counts = Counts(**state["counts"])
        self.stream_time, self._quiet_until, self._last_offset = state["times"]
        self._introduce_series()
        self.duplicates.restore(state["duplicates"], self.stream_time)
        anew = self._restore_windows(state) + self.bank.restore(state["detectors"])
        alarms, self._ended = self.conditions.restore(state["conditions"], self.stream_time, self._last_offset)
        self.sampler.restore(state["levels"])
        self.incidents.restore(state.get("incidents", {}))
        return anew + self.compliance.restore(state["compliance"]) + alarms

    def _restore_windows(self, state: Mapping[str, Any]) -> list[str]:
        self._gone = {name: Counted(*counted) for name, counted in state["gone"].items()}
        went_on, anew = set(), []
        for name, saved in state["windows"].items():
            if name in self.windows and self.windows[name].restore(saved):
                went_on.add(name)
            else:
                self._gone[name] = Counted.of(saved)
                how = "declared otherwise" if name in self.windows else "removed"
                anew.append(f"{name} ({how}: {int(saved['count'].sum())} points in open windows left behind)")
        measured = self.counts.points - self.counts.points_invalid
        for name in self.windows.keys() - went_on:
            self.windows[name].begin_late(self._gone.pop(name, Counted()), measured, self.stream_time)
        return [f"{name} (new)" for name in self.windows if name not in state["windows"]] + anew

    def _late(self, ts: Ints, stream_time: Ints) -> Bools:
        late = np.full(len(ts), bool(self.windows))
        for windows in self.windows.values():
            late &= windows.late_for_all(ts, stream_time)
        return late

    def _repeated(self, events: Events, late: Bools, stream_time: Ints) -> Bools:
        """Which points are duplicates. Points of late events are not looked at: they go into no window anyway."""
        with self._stage("window"):
            event, series = events.event, events.series
            looked_at = np.flatnonzero(~late[event]) if late.any() else slice(None)
            event = event[looked_at]
            found = self.duplicates.find(series[looked_at], events.ts[event], stream_time[event])
            repeated = np.zeros(len(series), bool)
            if found is not None:
                repeated[looked_at] = found
            return repeated

    def _count(self, events: Events, late: Bools, repeated: Bools) -> None:
        counts = self.counts
        late_events, duplicates, points = int(np.count_nonzero(late)), 0, int(np.count_nonzero(repeated))
        if points:
            values = np.bincount(events.event, minlength=len(late))
            new = np.bincount(events.event[~repeated], minlength=len(late))
            duplicates = int(np.count_nonzero((values > 0) & (new == 0)))
        counts.events += len(late)
        counts.late += late_events
        counts.duplicate += duplicates
        counts.accepted += len(late) - late_events - duplicates
        counts.points += len(events.x) - points
        counts.points_duplicate += points

    def _introduce_series(self) -> None:
        """Tell everything that looks at series of those that are new."""
        if len(self.series) > self._known:
            appeared = self.series.keys[self._known :]
            for part in (self.bank, self.compliance, self.conditions, self.sampler, self.incidents):
                part.grow(appeared)
            self._known = len(self.series)

    def _add_points(
        self, events: Events, late: Bools, stream_time: Ints
    ) -> tuple[list[Flag], list[Edge], list[Sample]]:
        event, series, x = events.event, events.series, events.x
        if events.flag.any():
            measured = MEASURED[events.flag]
            self.counts.points_invalid += int(np.count_nonzero(~measured))
            event, series, x = event[measured], series[measured], x[measured]
        ts, offset, stream_time = events.ts[event], events.offset[event], stream_time[event]
        clock = events.clock[event]
        with self._stage("window"):
            for windows in self.windows.values():
                windows.add(series, ts, x, offset, stream_time)
        if late.any():
            on_time = ~late[event]
            event, series, x, clock = event[on_time], series[on_time], x[on_time], clock[on_time]
            ts, offset, stream_time = ts[on_time], offset[on_time], stream_time[on_time]
        with self._stage("detect"):
            told = self._told(events, late, event) if self.bank.needs_states else None
            flags = self.bank.feed(series, ts, x, offset, stream_time, told)
            edges = self.conditions.feed(series, ts, x, offset, stream_time)
            return flags, edges, self.sampler.feed(series, clock, x, offset)

    def _told(self, events: Events, late: Bools, event: Index) -> Told:
        """The machine states that events on time tell, flagged values or not; `event` is that of each point fed."""
        first = np.flatnonzero(np.diff(events.event, prepend=-1))
        first = first[(events.state[events.event[first]] > 0) & ~late[events.event[first]]]
        of = events.event[first]
        codes = np.array([code(state) for state in events.states], np.int64)
        return Told(events.series[first], events.ts[of], codes[events.state[of]], np.searchsorted(event, of))

    def _judge(self, events: Events, late: Bools, stream_time: Ints) -> Outcome:
        """Have the rules look at the events that are on time, flagged values too: flags decide what is valid."""
        if not self.compliance.watches:
            return Outcome()
        with self._stage("judge"):
            on_time = ~late[events.event]
            event = events.event[on_time]
            taken = self.compliance.feed(
                events.series[on_time], events.ts[event], events.x[on_time], events.flag[on_time],
                events.offset[event], stream_time[event],
            )  # fmt: skip
            # Points of events that are late for everything are left out of minutes, too.
            self.counts.compliance_late += taken.late + self.compliance.count_watched(events.series[~on_time])
            return self.compliance.advance(stream_time, events.offset)

    def _results(
        self,
        flags: list[Flag],
        judged: Outcome,
        late: Bools,
        repeated: Bools,
        edges: list[Edge],
        levels: list[Sample],
    ) -> Results:
        if judged.flags:
            # By record, which is never cut: so that the order does not depend on the chunk.
            flags = sorted([*flags, *judged.flags], key=lambda flag: flag.offset)
        flags = self.incidents.join(flags)
        aggregates = self._close_due()
        self.counts.aggregates += sum(len(rows.start) for _, rows in aggregates)
        self.counts.anomalies += len(flags)
        self.counts.compliance += len(judged.verdicts)
        self.counts.headroom += len(judged.headroom)
        self.counts.emitted_mass += len(judged.masses)
        self.counts.conditions += len(edges)
        self.counts.levels += len(levels)
        return Results(aggregates, flags, judged, late, repeated, edges, levels)

    def _close_due(self) -> list[tuple[int, Rows]]:
        """Close what is due, in the order in which it became due, so that the order does not depend on the chunk."""
        windows: Sequence[Windows] = list(self.windows.values())
        due = sorted(
            (start + one.size + one.lateness, position, start)
            for position, one in enumerate(windows)
            for start in one.due(self.stream_time)
        )
        pieces: list[tuple[int, list[int]]] = []
        for _, position, start in due:
            if pieces and pieces[-1][0] == position:
                pieces[-1][1].append(start)
            else:
                pieces.append((position, [start]))
        return [(position, windows[position].close(starts)) for position, starts in pieces]
