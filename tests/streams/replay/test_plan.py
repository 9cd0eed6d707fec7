"""Which mapping and topic a file gets."""

from pathlib import Path

import pytest

from schemas.errors import UserError
from streams.replay.plan import plan
from streams.topology.model import Source, Topology
from tests.streams.replay.sending import mapping, write_text

MACHINES = mapping()
STACKS = mapping(files="stack_*.csv", topic="emission.events")
TOPOLOGY = Topology(
    topology="mill",
    site="mill",
    sources={"machine.events": Source(), "emission.events": Source()},
    replays={"machines": MACHINES, "stacks": STACKS, "old": mapping(files="readings_old*.csv")},
)


def file(folder: Path, name: str) -> Path:
    return write_text(folder / name, "")


def test_the_pattern_of_a_mapping_chooses_it_also_for_compressed_files(tmp_path: Path) -> None:
    files = [file(tmp_path, "readings.csv"), file(tmp_path, "stack_1.csv.gz")]
    assert [(found.path, found.topic, found.mapping, found.site) for found in plan(files, TOPOLOGY)] == [
        (files[0], "machine.events", MACHINES, "mill"),
        (files[1], "emission.events", STACKS, "mill"),
    ]


def test_a_mapping_and_a_topic_that_are_named_are_taken_for_every_file(tmp_path: Path) -> None:
    files = [file(tmp_path, "a.parquet"), file(tmp_path, "readings_old.csv")]
    found = plan(files, TOPOLOGY, mapping="stacks", topic="machine.events")
    assert [(one.topic, one.mapping) for one in found] == [("machine.events", STACKS)] * 2


def test_ndjson_that_no_mapping_is_for_holds_events_and_needs_a_topic_where_there_are_two(tmp_path: Path) -> None:
    events = file(tmp_path, "events.ndjson")
    with pytest.raises(UserError, match=r"say with --topic where to \(machine\.events, emission\.events\)"):
        plan([events], TOPOLOGY)
    assert [(one.topic, one.mapping) for one in plan([events], TOPOLOGY, topic="emission.events")] == [
        ("emission.events", None)
    ]
    one_source = Topology(topology="mill", site="mill", sources={"machine.events": Source()})
    assert [one.topic for one in plan([events], one_source)] == ["machine.events"]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("readings.csv", {"mapping": "trains"}, "has no mapping trains; it has machines, stacks, old"),
        ("readings.csv", {"topic": "aggregates"}, r"reads no topic aggregates; it reads machine\.events, emission"),
        ("readings_old.csv", {}, "mappings machines, old are all for readings_old.csv: choose one with --mapping"),
        ("other.csv", {}, r"no mapping of topology mill is for other.csv: name one with --mapping \(machines,"),
        ("readings.xlsx", {"mapping": "machines"}, r"readings\.xlsx: unknown kind of file"),
        ("readings.parquet.gz", {"mapping": "machines"}, "unknown kind of file"),
    ],
)
def test_what_cannot_be_decided_is_one_line_that_says_what_to_do(
    tmp_path: Path, name: str, options: dict[str, str], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        plan([file(tmp_path, name)], TOPOLOGY, **options)


def test_a_file_that_is_absent_is_found_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.csv: no such file"):
        plan([file(tmp_path, "readings.csv"), tmp_path / "absent.csv"], TOPOLOGY)


def test_a_name_that_no_file_may_have_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"\.csv cannot be read: File name too long"):
        plan([tmp_path / f"{'x' * 300}.csv"], TOPOLOGY)
