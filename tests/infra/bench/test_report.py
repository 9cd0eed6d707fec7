"""What is kept of a benchmark."""

import platform
from pathlib import Path

import msgspec

from infra.bench import machine, report

RAN_ON = {"processor": "2 cores"}


def test_a_section_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    report.record("Windows", ["system", "events/s"], [["headrace", "1"]], "First.", file, RAN_ON)
    report.record("Latency", ["rate", "p99"], [["10,000", "250"]], "Open loop.", file, RAN_ON)
    report.record("Windows", ["system", "events/s"], [["headrace", "2"]], "Second.", file, RAN_ON)
    text = file.read_text()
    assert text.count("# Results of the benchmarks") == 1
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## Windows", "## Latency"]
    assert "| headrace | 2 |" in text
    assert "First." not in text
    assert "| 10,000 | 250 |" in text


def test_recording_the_same_again_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    texts = []
    for _ in range(2):
        for section in ("Windows", "Scale"):
            report.record(section, ["a", "b"], [["x", "1"]], "Notes.", file, RAN_ON)
        texts.append(file.read_text())
    assert texts[0] == texts[1]


def test_json_has_the_results_and_the_machine(tmp_path: Path) -> None:
    report.save_json(tmp_path / "out.json", "windows", [{"name": "headrace"}])
    document = msgspec.json.decode((tmp_path / "out.json").read_bytes())
    assert document["results"] == [{"name": "headrace"}]
    assert document["machine"].keys() == machine.describe().keys()


def test_the_description_of_the_machine_has_its_versions_and_not_its_name() -> None:
    described = machine.describe()
    assert all(described.values())
    assert "Kafka Streams 4." in described["kafka"]
    assert described["flink"][0].isdigit()
    assert platform.node() not in " ".join(described.values()).split()
