"""The labels file."""

import io

import msgspec

from infra.simulator import causes
from infra.simulator.assets import assets
from infra.simulator.faults import schedule
from infra.simulator.labels import Label, Labels

START_MS = 1_760_000_000_000
FAULTS = list(schedule(5, assets(), 0.1, 60.0))


def labels(file: io.BytesIO) -> list[Label]:
    return [msgspec.json.decode(line, type=Label) for line in file.getvalue().splitlines()]


def test_a_label_tells_the_truth_about_its_fault() -> None:
    file = io.BytesIO()
    Labels(iter(FAULTS), START_MS, file).write_until(60)
    assert [(one.asset, one.metric, one.kind) for one in labels(file)] == [
        (fault.asset, fault.metric, fault.kind) for fault in FAULTS
    ]
    assert [(one.start, one.end) for one in labels(file)] == [
        (START_MS + round(fault.start * 1000), START_MS + round(fault.end * 1000)) for fault in FAULTS
    ]
    assert {one.site for one in labels(file)} == {"hongyang"}


def test_a_label_is_written_before_its_fault_begins_and_not_long_before() -> None:
    file = io.BytesIO()
    writer = Labels(iter(FAULTS), START_MS, file)
    for tick in range(600):
        now = tick / 10
        writer.write_until(now)
        written = len(labels(file))
        assert written == sum(fault.start < now + 2 for fault in FAULTS)
        assert writer.begun == sum(fault.start < now for fault in FAULTS) <= written


def test_without_a_file_faults_are_counted_all_the_same() -> None:
    writer = Labels(iter(FAULTS), START_MS, None)
    writer.write_until(60)
    assert writer.begun == len(FAULTS)


def test_a_cause_is_labelled_with_the_stack_and_the_emission_that_will_exceed_its_limit() -> None:
    expected = causes.schedule(5, 2, 120.0)
    file = io.BytesIO()
    Labels(iter(expected), START_MS, file).write_until(120)
    assert [(one.asset, one.metric, one.kind, one.start, one.end) for one in labels(file)] == [
        (
            cause.asset,
            cause.metric,
            cause.kind,
            START_MS + round(cause.start * 1000),
            START_MS + round(cause.end * 1000),
        )
        for cause in expected
    ]
    assert {(one.asset, one.metric) for one in labels(file)} == {("stack-2", "so2"), ("stack-1", "nox")}
