"""The benchmark itself, small, on a stack of its own."""

import pytest

from infra.bench import windows
from infra.bench.oracle import expected
from infra.bench.systems import SYSTEMS
from infra.bench.workload import Workload
from schemas.errors import UserError


def test_headrace_and_both_limits_run_and_every_window_is_right() -> None:
    names = ["headrace-readings", "poll", "lean"]
    workload = Workload(events=20_000)
    outcomes, failures = windows.run(names, workload, print)
    assert failures == {}
    assert [outcome.name for outcome in outcomes] == names
    assert [outcome.wrong for outcome in outcomes] == [None] * 3
    assert [outcome.windows for outcome in outcomes] == [len(expected(workload)), None, None]
    for outcome in outcomes:
        assert 0 < outcome.seconds < outcome.seconds_from_start
        assert outcome.cpu_seconds > 0
        assert outcome.peak_bytes > 10 << 20


def test_an_unknown_system_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"no system kafka; there are headrace, .*lean"):
        windows.run(["kafka"], Workload(events=10_000), print)


def test_only_headrace_and_the_limits_must_read_everything() -> None:
    assert {name for name, system in SYSTEMS.items() if system.most_events} == {"faust", "quix-streams"}
