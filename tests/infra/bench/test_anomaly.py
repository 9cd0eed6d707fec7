"""The benchmark of detectors, as far as it needs no data."""

import json
from pathlib import Path

import pytest

from infra.bench import anomaly
from infra.bench.anomaly import COLUMNS, DETECTORS, Nab, Outcome, declaration, run, scores_in, table
from schemas.errors import UserError
from streams.backtest.declared import load

SCORED = """\
standard             best   2.90 at threshold 0.9998   fixed -872.79 at 0.5
low false positives  best   0.00 at threshold inf   fixed -1837.73 at 0.5
low false negatives  best   4.24 at threshold 1   fixed -550.14 at 0.5
"""


def test_every_detector_of_the_table_is_a_declaration(tmp_path: Path) -> None:
    for name in DETECTORS:
        (tmp_path / "d.yaml").write_text(declaration(name))
        [spec] = load(tmp_path / "d.yaml")
        assert (spec.name, spec.metrics) == (name, ("*",))


def test_the_scores_of_all_profiles_are_read() -> None:
    assert scores_in(SCORED) == {
        "standard": Nab(2.9, 0.9998, -872.79),
        "low false positives": Nab(0.0, float("inf"), -1837.73),
        "low false negatives": Nab(4.24, 1.0, -550.14),
    }


def test_a_score_that_is_missing_is_named() -> None:
    with pytest.raises(UserError, match=r"no score for low false positives$"):
        scores_in("\n".join(line for line in SCORED.splitlines() if "positives" not in line))


def test_a_row_has_a_cell_for_every_column() -> None:
    [row] = table([Outcome("tail", scores_in(SCORED), 1234567.8, 57.0, 0.001)])
    assert dict(zip(COLUMNS, row, strict=True)) == {
        "detector": "tail",
        "NAB, best": "2.90",
        "NAB, fixed": "-872.79",
        "low FP, best": "0.00",
        "low FP, fixed": "-1837.73",
        "low FN, best": "4.24",
        "low FN, fixed": "-550.14",
        "points/s a core": "1,234,568",
        "bytes a series": "57",
    }


def test_what_is_absent_is_one_line(tmp_path: Path) -> None:
    scorer = tmp_path / "scorer.py"
    for names, reason in [(["ewma"], "no windows.json in .*: set NAB_DATA"), (["best"], "no detector best; there are")]:
        with pytest.raises(UserError, match=reason):
            run(names, tmp_path, scorer, print)
    (tmp_path / "windows.json").write_text("{}")
    with pytest.raises(UserError, match=r"no scorer at .*scorer\.py: set NAB_SCORER"):
        run(["ewma"], tmp_path, scorer, print)


def test_scores_are_handed_to_the_scorer_and_speed_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, scorer = tmp_path / "data", tmp_path / "scorer.py"
    data.mkdir()
    (data / "windows.json").write_text("{}")
    (data / "a.csv").write_text("timestamp,value\n" + "".join(f"2024-01-01 00:00:{n:02},{n % 5}\n" for n in range(60)))
    seen = tmp_path / "seen.json"
    scorer.write_text(
        "import json, pathlib, sys\n"
        "rows = pathlib.Path(sys.argv[2], 'a.csv').read_text().splitlines()\n"
        f"pathlib.Path({str(seen)!r}).write_text(json.dumps([sys.argv[1], sys.argv[3:], len(rows), rows[0]]))\n"
        f"print({SCORED!r})\n"
    )
    monkeypatch.setattr(anomaly, "DETECTORS", {"quick": {"kind": "rate", "limit": 100}})
    said: list[str] = []
    [outcome] = run(["quick"], data, scorer, said.append)
    assert json.loads(seen.read_text()) == [
        str(data), ["--threshold", "0.5"], 61, "timestamp,value,flag,detector,reason,anomaly_score",
    ]  # fmt: skip
    assert outcome.nab == scores_in(SCORED)
    assert outcome.points_per_second > 0
    assert outcome.bytes_per_series == 8 + 8 + 1  # its newest value and time, and whether it is violated
    assert said
