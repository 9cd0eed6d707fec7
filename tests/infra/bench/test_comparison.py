"""Ratios: the table of systems, and the guard."""

from dataclasses import replace
from pathlib import Path

from infra.bench import comparison, quick
from infra.bench.windows import Outcome

ONE = Outcome(
    name="headrace", title="headrace", events=1_000_000, seconds=2.0, seconds_from_start=4.0, cpu_seconds=2.5,
    cpu_seconds_from_start=4.0, warm_rate=600_000.0, peak_bytes=300 << 20, windows=100_000, wrong=None,
)  # fmt: skip


def other(name: str, seconds: float, wrong: str | None = None) -> Outcome:
    return replace(ONE, name=name, title=name, seconds=seconds, wrong=wrong)


def cells(outcomes: list[Outcome], row: int = 0) -> dict[str, str]:
    return dict(zip(comparison.COLUMNS, comparison.table(outcomes)[row], strict=True))


def test_ratios_are_to_the_rate_of_each_reference() -> None:
    outcomes = [ONE, other("kafka-streams-eos", 8.0), other("faust", 300.0), other("poll", 1.0), other("lean", 0.5)]
    found = cells(outcomes)
    assert found["events/s"] == "500,000"
    assert found["events/CPU s"] == "400,000"
    assert found["x Kafka Streams"] == "4.00"
    assert found["x Faust"] == "150.00"
    assert found["x poll loop"] == "0.50"
    assert found["x lean"] == "0.25"


def test_the_reference_is_the_fastest_exactly_once_variant_of_kafka_streams() -> None:
    outcomes = [
        ONE, other("kafka-streams-eos", 8.0), other("kafka-streams-eos-memory", 4.0), other("kafka-streams-alo", 1.0),
    ]  # fmt: skip
    assert cells(outcomes)["x Kafka Streams"] == "2.00"


def test_nobody_is_a_reference_by_being_wrong() -> None:
    outcomes = [ONE, other("kafka-streams-eos", 0.1, wrong="3 windows are missing")]
    assert cells(outcomes)["x Kafka Streams"] == "-"
    assert cells(outcomes, 1)["windows"] == "WRONG: 3 windows are missing"


def test_the_guard_fails_below_half_of_what_was_recorded() -> None:
    assert quick.Ratio(headrace=50.0, poll=100.0, recorded=1.0).holds
    assert not quick.Ratio(headrace=49.0, poll=100.0, recorded=1.0).holds
    assert quick.Ratio(headrace=1.0, poll=100.0, recorded=None).holds


def test_a_recorded_ratio_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "recorded.json"
    assert quick.load(file) is None
    quick.save(quick.Ratio(headrace=120.0, poll=100.0, recorded=None), 1_000_000, file)
    assert quick.load(file) == quick.Recorded(1.2, 1_000_000)
