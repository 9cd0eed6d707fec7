"""The engine of logistics against an oracle that looks everything up in the whole history."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.rows import Row
from streams.checkpoint import Checkpoint, pack, unpack
from tests.streams.compute.logistics.events import LOGS, decoded, engine
from tests.streams.compute.logistics.oracle import Event, run


def restored(state: dict[str, Any]) -> dict[str, Any]:
    """The state as a checkpoint gives it back."""
    return unpack(pack(Checkpoint("test", "logistics.events", 3, 0, 0, 0, state))).engine


def columns(row: Row, names: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


@given(LOGS)
@settings(max_examples=25, deadline=None)
def test_rows_flags_and_outcomes_are_those_of_the_oracle(log: list[tuple[int, Event]]) -> None:
    running = engine()
    outcomes = []
    for offset, (broker_ts, event) in enumerate(log):
        before = replace(running.counts)
        error = running.feed(offset, broker_ts, decoded(event))
        counted = [
            one for one in ("accepted", "late", "duplicate") if getattr(running.counts, one) > getattr(before, one)
        ]
        outcomes += counted if error is None else [error.reason]
    found, expected = running.drain(), run(log)
    assert outcomes == expected.outcomes
    assert [row.table for row in found.rows] == [table for table, _ in expected.rows]
    assert [columns(row, want) for row, (_, want) in zip(found.rows, expected.rows, strict=True)] == [
        want for _, want in expected.rows
    ]
    assert [(flag.detector, flag.offset, flag.value, flag.expected) for flag in found.anomalies] == expected.flags


@given(LOGS, st.lists(st.integers(0, 59), max_size=4))
@settings(max_examples=25, deadline=None)
def test_any_restart_gives_the_same_rows_flags_and_state(log: list[tuple[int, Event]], restarts: list[int]) -> None:
    steady, restless = engine(), engine()
    rows: list[Row] = []
    flags = []
    for offset, (broker_ts, event) in enumerate(log):
        steady.feed(offset, broker_ts, decoded(event))
        if offset in restarts:
            found = restless.drain()
            rows += found.rows
            flags += found.anomalies
            state = restored(restless.snapshot())
            restless = engine()
            assert restless.restore(state) == []
        restless.feed(offset, broker_ts, decoded(event))
    whole, last = steady.drain(), restless.drain()
    assert whole.rows == rows + last.rows
    assert whole.anomalies == flags + last.anomalies
    assert pack(Checkpoint("", "", 0, 0, 0, 0, steady.snapshot())) == pack(
        Checkpoint("", "", 0, 0, 0, 0, restless.snapshot())
    )
    assert len({row.id for row in whole.rows}) == len(whole.rows)
    assert len({flag.id for flag in whole.anomalies}) == len(whole.anomalies)
