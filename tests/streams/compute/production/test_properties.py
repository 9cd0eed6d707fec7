"""The engine of production on random logs: an oracle, any cut, any restart."""

from collections import Counter, defaultdict

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.oee import OeeSlice
from streams.checkpoint import Checkpoint, pack, unpack
from tests.streams.compute.production import factory
from tests.streams.compute.production.factory import MINUTE, MONDAY
from tests.streams.compute.production.oracle import Record, Rules
from tests.streams.compute.production.oracle import run as oracle

NIGHT_BREAK = {"start": "00:30", "end": "01:00"}
FACTORY = factory.spec(
    utc_offset="+08:00", lateness="30s",
    shifts={
        "early": {"start": "06:00", "end": "14:00", "breaks": [{"start": "09:00", "end": "09:30"}]},
        "night": {"start": "22:00", "end": "06:00", "days": ["sun", "mon", "tue"], "breaks": [NIGHT_BREAK]},
    },
)  # fmt: skip
RULES = Rules(
    states=dict(FACTORY.states),
    shifts=[
        ((0, 1, 2, 3, 4, 5, 6), 360, 480, [(180, 30)]),
        ((6, 0, 1), 1320, 480, [(150, 30)]),
    ],
    utc_offset=8 * 3_600_000, lateness=30_000,
)  # fmt: skip

_STEPS = (
    0,
    1,
    999,
    5_000,
    20_000,
    61_000,
    250_000,
    301_000,
    900_000,
    900_001,
    3_600_000,
    6 * 3_600_000,
    40 * 3_600_000,
)
_WORDS = (*FACTORY.states, "dancing")


@st.composite
def _logs(draw: st.DrawFn) -> list[Record]:
    """Machines in turn; times mostly go on, some go back, some repeat; the broker is seconds to minutes behind."""
    now = MONDAY + draw(st.integers(0, 7 * 24 * 60)) * MINUTE
    broker = 0
    log: list[Record] = []
    for _ in range(draw(st.integers(1, 60))):
        now += draw(st.sampled_from(_STEPS))
        ts = now - draw(st.sampled_from((0, 0, 0, 0, 1, 15_000, 70_000)))
        broker = max(broker, ts + draw(st.sampled_from((-200_000, 0, 0, 20, 3_000, 400_000))))
        machine = st.sampled_from(("saw-1", "saw-2"))
        reason = st.sampled_from(("", "", "blade"))
        made = draw(st.one_of(
            st.builds(factory.state, st.just(ts), st.sampled_from(_WORDS), reason, machine),
            st.builds(factory.count, st.just(ts), st.integers(0, 3), st.integers(0, 1), machine),
            st.builds(factory.job, st.just(ts), st.sampled_from("AB"), asset=machine),
            st.just(factory.TICK),
            st.sampled_from([record.event for record in log[-3:]] or [factory.TICK]),
        ))  # fmt: skip
        log.append(Record(broker, made))
    return log


_FIELDS = {
    "production": "production_ms", "setup": "setup_ms", "standby": "standby_ms", "down": "down_ms",
    "planned": "planned_stop_ms", "unknown": "unknown_ms", "good": "good", "rejected": "rejected",
    "micro_stops": "micro_stops", "micro_stop_ms": "micro_stop_ms", "failures": "failures",
}  # fmt: skip


def _numbers(row: OeeSlice) -> dict[str, int]:
    return {name: number for name, field in _FIELDS.items() if (number := getattr(row, field))}


@settings(max_examples=40, deadline=None)
@given(_logs())
def test_rows_and_counts_are_those_of_the_oracle(log: list[Record]) -> None:
    one = factory.engine(FACTORY)
    factory.feed(one, log)
    rows = one.drain().rows
    expected = oracle(RULES, log)
    counts = [one.counts.accepted, one.counts.late, one.counts.duplicate, one.counts.dead_letter]
    assert counts == [expected.outcomes.count(word) for word in ("accepted", "late", "duplicate", "dead_letter")]
    found = factory.slices(rows)
    assert len({row.id for row in rows}) == len(rows)
    sums: dict[tuple[str, int, str], Counter[str]] = defaultdict(Counter)
    for row in found:  # an order that is taken up again within a minute has one row more
        sums[row.asset, row.window_start, row.order].update(_numbers(row))
    assert sums == {
        key: {name: number for name, number in slice_.items() if number} for key, slice_ in expected.slices.items()
    }
    assert (
        sorted(
            (row.asset, row.ts, row.end, row.lost_ms, row.state, row.reason, row.micro, row.failure, row.silent)
            for row in factory.stops(rows)
        )
        == expected.stops
    )


@settings(max_examples=30, deadline=None)
@given(_logs(), st.data())
def test_a_restart_at_any_record_changes_nothing(log: list[Record], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(log)))
    first, second = factory.engine(FACTORY), factory.engine(FACTORY)
    factory.feed(first, log[:cut])
    rows = first.drain().rows
    blob = pack(Checkpoint("t", "production.events", 0, cut, 0, 0, first.snapshot()))
    assert second.restore(unpack(blob).engine) == []
    assert second.next_due() == first.next_due()
    factory.feed(second, log[cut:], cut)
    whole = factory.engine(FACTORY)
    factory.feed(whole, log)
    assert [*rows, *second.drain().rows] == whole.drain().rows
    assert msgspec.to_builtins(second.snapshot()) == msgspec.to_builtins(whole.snapshot())


@settings(max_examples=25, deadline=None)
@given(_logs())
def test_planned_busy_time_planned_stops_and_unknown_time_make_up_the_time_of_a_machine(log: list[Record]) -> None:
    rows = factory.slices(factory.run(FACTORY, log))
    passed: dict[tuple[str, int], int] = {}
    for row in rows:
        assert row.planned_ms == row.production_ms + row.setup_ms + row.standby_ms + row.down_ms
        minute = (row.asset, row.window_start)
        passed[minute] = passed.get(minute, 0) + row.planned_ms + row.planned_stop_ms + row.unknown_ms
        assert row.availability is None or 0 <= row.availability <= 1
    assert all(0 <= milliseconds <= MINUTE for milliseconds in passed.values())
