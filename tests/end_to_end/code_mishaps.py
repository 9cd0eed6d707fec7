"""What the report of the demo tells of mishaps with codes, after a run of the simulated plant."""

from pathlib import Path

import msgspec

from schemas.codes import parse
from sinks.clickhouse import connection
from streams.cli import demo_trace
from streams.cli.demo_report import Label
from streams.settings import Settings
from tests.end_to_end.plant import Plant


def assert_that_mishaps_are_told_of(plant: Plant, labels: Path) -> None:
    """Those for which nothing has to be detected, as the report of the demo tells them."""
    client = connection.connect(connection.parse(plant.environment["HEADRACE_CLICKHOUSE"]))
    mishaps = [msgspec.json.decode(line, type=Label) for line in labels.read_bytes().splitlines()]
    found = {
        one.kind: demo_trace.signs(client, plant.topology.topology, one.kind, one.start, one.end + 60_000)
        for one in mishaps if one.kind in demo_trace.KINDS
    }  # fmt: skip
    assert found.keys() == demo_trace.KINDS
    expected = {
        "repacked_bundle": ["repackaging"], "wrong_event": ["did_not_occur"], "broken_event": ["not_epcis"],
        "repeated_event": ["duplicate"],
    }  # fmt: skip
    assert {kind: found[kind] for kind in expected} == expected
    code_of_a_part = demo_trace.example(plant.topology, Settings.from_environment(plant.environment))
    assert str(parse(code_of_a_part)) == code_of_a_part
    told = demo_trace.figures(client, plant.topology)
    assert told is not None
    assert told.row_count == 5
    client.disconnect()
