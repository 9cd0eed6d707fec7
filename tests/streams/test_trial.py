"""`headrace topology test`: a topology over a file of events, without any server."""

from pathlib import Path

import pytest

from streams.cli import main

TOPOLOGY = """
topology: trial
site: s
sources: {machine.events: {}}
windows: [{name: 10s, size: 10s}]
detectors: [{name: hot, kind: limit, metrics: [t], high: 5}]
"""
EVENTS = """
{"ts": 1760000000000, "site": "s", "asset": "a", "values": {"t": 1}}
{"ts": 1760000001000, "site": "s", "asset": "a", "values": {"t": 9}}
{"ts": "yesterday", "site": "s", "asset": "a", "values": {"t": 9}}
""".lstrip()


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "t.yaml").write_text(TOPOLOGY)
    (tmp_path / "e.ndjson").write_text(EVENTS)
    return str(tmp_path / "t.yaml"), str(tmp_path / "e.ndjson")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["topology", "test", *arguments])
    return int(ended.value.code or 0)


def test_it_prints_windows_flags_and_dead_letters(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*files) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split('"')[3] for line in lines] == ["dead.letters", "anomalies", "aggregates"]


def test_it_passes_where_the_results_are_as_expected(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(*files)
    expected = tmp_path / "expected.ndjson"
    expected.write_text(capsys.readouterr().out)
    assert run(*files, "--expect", str(expected)) == 0
    assert capsys.readouterr().out == "3 results, as expected\n"


def test_what_is_expected_has_to_be_utf_8(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = tmp_path / "expected.ndjson"
    expected.write_bytes("säge".encode("latin-1"))
    assert run(*files, "--expect", str(expected)) == 1
    assert capsys.readouterr().err == f"headrace: {expected} is not UTF-8 text\n"


def test_it_shows_the_difference_and_fails_where_they_are_not(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = tmp_path / "expected.ndjson"
    expected.write_text("")
    assert run(*files, "--expect", str(expected)) == 1
    shown = capsys.readouterr()
    assert "+{" in shown.out
    assert shown.err.endswith(f"the results differ from {expected}\n")
