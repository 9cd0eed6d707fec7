"""What a soak samples, what it calls flat, and what it sends when it is behind."""

import math
import os
import subprocess
import sys
from collections.abc import Callable

import msgspec
import pytest

from infra.bench.flatness import LIMITS, MEBIBYTE, Finding, Sample, judge, not_ready
from infra.bench.open_loop import Schedule
from infra.bench.soak import Audit, Outcome, document
from infra.bench.soak_report import COLUMNS, lines, table
from infra.bench.steady_load import MOST_BEHIND_SECONDS, Held, overdue
from infra.bench.vitals import vitals
from tests.infra.bench.test_measure import WAIT, program

SECONDS = 1800.0
NAN = float("nan")


def sampled(name: str, value: Callable[[float], float]) -> list[Sample]:
    return [Sample(float(at), {name: value(float(at)), "ready": 1.0}) for at in range(0, int(SECONDS), 5)]


def finding(name: str, value: Callable[[float], float]) -> Finding:
    (found,) = judge(sampled(name, value), SECONDS)
    return found


def test_what_stays_is_flat() -> None:
    found = finding("memory.worker", lambda at: 400.0 * MEBIBYTE)
    assert found.flat
    assert (found.growth, found.per_hour) == (0.0, 0.0)
    assert found.middle == found.last == found.most == 400.0 * MEBIBYTE


def test_what_grows_only_while_it_warms_up_is_flat() -> None:
    assert finding("memory.worker", lambda at: min(at, 600.0) * MEBIBYTE).flat


def test_what_shrinks_is_flat() -> None:
    assert finding("parts.readings", lambda at: 1000.0 - at / 2).flat


def test_what_grows_all_the_time_is_not_flat() -> None:
    found = finding("memory.worker", lambda at: (300.0 + at / 20) * MEBIBYTE)
    assert not found.flat
    assert found.growth == pytest.approx(30 * MEBIBYTE)
    assert found.per_hour == pytest.approx(180 * MEBIBYTE)


def test_a_sawtooth_is_flat_while_its_teeth_do_not_grow() -> None:
    assert finding("memory.broker", lambda at: (300.0 + at % 70) * MEBIBYTE).flat
    assert not finding("memory.broker", lambda at: (300.0 + at % 70 + at / 10) * MEBIBYTE).flat


def test_threads_that_come_and_go_are_flat_and_a_thread_lost_every_minute_is_not() -> None:
    assert finding("threads.publisher", lambda at: 2 + 3 * (at * 7 % 65 < 35)).flat
    assert not finding("threads.publisher", lambda at: 2 + at // 60).flat


def test_three_bytes_kept_of_every_event_are_found() -> None:
    assert not finding("memory.worker", lambda at: 400.0 * MEBIBYTE + 3 * 20_000 * at).flat


def test_a_handle_lost_every_minute_is_found() -> None:
    assert not finding("handles.worker", lambda at: 40 + at // 60).flat


def test_parts_may_grow_with_the_logarithm_of_rows_and_not_with_the_rows() -> None:
    assert finding("parts.readings", lambda at: 10 * math.log(1 + at)).flat
    assert not finding("parts.readings", lambda at: 5 + at / 10).flat


def test_a_lag_that_swings_below_a_second_is_flat_and_a_worker_too_slow_by_one_per_cent_is_not() -> None:
    assert finding("lag", lambda at: 0.5 + 0.4 * math.sin(at)).flat
    assert not finding("lag", lambda at: at / 100).flat


def test_samples_that_could_not_be_taken_do_not_count() -> None:
    assert finding("lag", lambda at: NAN if at % 10 else 0.3).flat


def test_what_was_never_measured_is_not_flat() -> None:
    assert not finding("lag", lambda at: NAN).flat
    assert not finding("lag", lambda at: 0.3 if at < 1200 else NAN).flat


def test_what_has_no_limit_is_not_judged() -> None:
    assert "ready" not in LIMITS
    assert [found.name for found in judge(sampled("lag", lambda at: 0.0), SECONDS)] == ["lag"]


def test_readiness_is_asked_for_after_the_warm_up() -> None:
    samples = [Sample(at, {"ready": float(at not in (0.0, 900.0))}) for at in (0.0, 600.0, 900.0, 1500.0)]
    assert not_ready(samples, SECONDS) == 1


def test_a_live_process_has_memory_handles_and_threads() -> None:
    source = (
        "import threading, time\nblock = bytearray(64 << 20)\nfiles = [open('/dev/null') for _ in range(20)]\n"
        "for _ in range(3): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n" + WAIT
    )
    with program(source) as process:
        found = vitals(process.pid)
        assert found is not None
        assert 64 * MEBIBYTE <= found.memory < 128 * MEBIBYTE
        assert 23 <= found.handles < 40
        assert found.threads == 4


def test_a_process_that_has_ended_has_no_vitals() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert vitals(process.pid) is None, "a zombie"
    process.wait()
    assert vitals(process.pid) is None


def test_a_sender_that_is_behind_leaves_out_what_is_overdue_by_more_than_a_second() -> None:
    schedule = Schedule(4, 1_000, begin=0.0, seconds=60.0)
    assert overdue(schedule, number=100, due=120) == 0
    assert overdue(schedule, number=100, due=100 + int(1_000 * MOST_BEHIND_SECONDS)) == 0
    assert overdue(schedule, number=100, due=10_100) == 10_000 - int(1_000 * MOST_BEHIND_SECONDS)


def outcome(value: Callable[[float], float], events: int = 36_000_000, failed: tuple[str, ...] = ()) -> Outcome:
    samples = sampled("memory.worker", value)
    load = Held(events, 0, SECONDS, 0.1)
    return Outcome(20_000, SECONDS, load, samples, judge(samples, SECONDS), 0, Audit(120, list(failed)))


def test_a_run_is_good_if_nothing_grew_the_load_was_held_and_the_audit_adds_up() -> None:
    assert outcome(lambda at: 400.0 * MEBIBYTE).problems == []


@pytest.mark.parametrize(
    ("run", "problem"),
    [
        (outcome(lambda at: at * MEBIBYTE), "memory.worker grows"),
        (outcome(lambda at: MEBIBYTE, events=18_000_000), "the load was 10,000 events/s, not 20,000"),
        (outcome(lambda at: MEBIBYTE, failed=("readings",)), "audit: readings"),
    ],
)
def test_a_run_that_is_not_good_says_why(run: Outcome, problem: str) -> None:
    assert run.problems == [problem]


def test_json_has_every_sample_and_the_verdict() -> None:
    run = outcome(lambda at: at * MEBIBYTE)
    written = msgspec.json.decode(msgspec.json.encode(document(run)))
    assert len(written["samples"]) == len(run.samples)
    assert written["samples"][1] == {"seconds": 5.0, "values": {"memory.worker": 5 * MEBIBYTE, "ready": 1.0}}
    assert written["load"]["events"] == 36_000_000
    assert [(found["name"], found["flat"]) for found in written["findings"]] == [("memory.worker", False)]
    assert written["problems"] == ["memory.worker grows"]


def test_the_table_shows_units_and_the_verdict() -> None:
    (row,) = table(outcome(lambda at: (300.0 + at / 20) * MEBIBYTE))
    assert dict(zip(COLUMNS, row, strict=True)) == {
        "sampled": "memory.worker MiB",
        "middle third": "344.9",
        "last third": "374.9",
        "growth": "30.0",
        "allowed": "24.0",
        "growth an hour": "180.0",
        "greatest": "389.8",
        "verdict": "GROWS",
    }


def test_the_lines_below_the_table_say_what_load_was_held() -> None:
    held, _, audited = lines(outcome(lambda at: MEBIBYTE, events=18_000_000))
    assert held.startswith("load: 10,000 of 20,000 events/s held; 18,000,000 events sent")
    assert audited == "audit: nothing lost, nothing twice (120 equations)"
