"""Histories through the bank, and what is written of them."""

import csv
from pathlib import Path, PurePath

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest
from msgspec import structs

from schemas.errors import UserError
from streams.backtest import scores
from streams.backtest.history import FileHistory, Points, plain_mapping
from streams.backtest.judge import Judge
from streams.backtest.run import Backtest
from streams.compute.detectors.missing import Missing
from streams.replay.refusals import Refusals
from tests.streams.backtest.histories import HIGH, SPIKE, plain, spiky, time, write_csv
from tests.streams.compute.detectors.logs import SECONDS, bits


def written(file: Path, out: Path, backtest: Backtest, skip: bool = False) -> list[dict[str, str]]:
    """The rows that come out."""
    table = plain(file)
    outcome = backtest.run(table, Refusals(skip))
    count = scores.write(table, outcome, out)
    with out.open(newline="") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == count
    return rows


def test_every_row_comes_out_untouched_and_the_spike_is_flagged(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "pump.csv", spiky())
    rows = written(file, tmp_path / "out" / "pump.csv", Backtest([SPIKE, HIGH], {}))
    assert [[row["timestamp"], row["value"]] for row in rows] == spiky()
    assert list(rows[0]) == ["timestamp", "value", "flag", "detector", "reason", "anomaly_score"]
    assert [number for number, row in enumerate(rows) if row["flag"] == "1"] == [12]
    assert rows[12]["detector"] == "spike; high"
    assert rows[12]["reason"].startswith("pump/value: 99.5 is ")
    assert rows[12]["reason"].endswith("; pump/value: 99.5 is above the high limit of 50")
    assert float(rows[12]["anomaly_score"]) > 0.9
    assert {row["anomaly_score"] for row in rows if row["flag"] == "0"} == {"0.0"}


def test_every_point_may_have_a_score_and_the_flags_stay(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", spiky())
    rows = written(file, tmp_path / "out.csv", Backtest([SPIKE], {}, every=True))
    assert [row["flag"] for row in rows] == ["0"] * 12 + ["1"] + ["0"] * 7
    found = [float(row["anomaly_score"]) for row in rows]
    assert found[:5] == [0.0] * 5
    assert [number for number, score in enumerate(found) if score >= 0.5] == [12]
    assert any(0 < score < 0.5 for score in found)


def test_bad_rows_come_out_with_score_0_where_they_stood(tmp_path: Path) -> None:
    rows = spiky()
    rows[3], rows[4], rows[5] = [rows[3][0], "much"], [rows[4][0]], [*rows[5], "1", "2"]
    rows[6][1] = ""
    file = write_csv(tmp_path / "a.csv", rows)
    with pytest.raises(UserError, match=r"a\.csv: row 5: 1 cells where the header has 2"):
        written(file, tmp_path / "out.csv", Backtest([SPIKE], {}))
    found = written(file, tmp_path / "out.csv", Backtest([SPIKE], {}), skip=True)
    assert [row["timestamp"] for row in found] == [time(n) for n in range(20)]
    assert [row["value"] for row in found[3:7]] == ["much", "", "12", ""]
    assert [number for number, row in enumerate(found) if row["flag"] == "1"] == [12]
    assert {row["anomaly_score"] for row in found[3:7]} == {"0.0"}


def test_a_gap_is_flagged_at_the_row_that_ends_it(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", [row for row in spiky() if not time(5) <= row[0] <= time(15)])
    rows = written(file, tmp_path / "out.csv", Backtest([Missing(name="gap", metrics=("*",), timeout=SECONDS[5])], {}))
    assert [row["timestamp"] for row in rows if row["flag"] == "1"] == [time(16)]
    assert "no newer value for 5s" in next(row["reason"] for row in rows if row["flag"] == "1")


def test_stretches_make_no_difference(tmp_path: Path) -> None:
    rows = [[1000 * n, n * n % 101] for n in range(20_000)]
    file = write_csv(tmp_path / "a.csv", rows)
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(file), tmp_path / "a.parquet")
    mapping = plain_mapping(tmp_path / "a.parquet", None, (), "epoch_ms")
    table = FileHistory(tmp_path / "a.parquet", PurePath("a.csv"), mapping, "")
    stretches = list(table.points(Refusals()))
    assert len(stretches) > 1
    row, ts, x = (np.concatenate([getattr(one, name) for one in stretches]) for name in ("row", "ts", "x"))
    whole = Points(row, [key for stretch in stretches for key in stretch.keys], ts, x)
    in_stretches = Backtest([SPIKE], {}).run(table, Refusals()).findings
    assert in_stretches
    at_once = Judge([SPIKE], {}).judge(whole)
    assert bits(finding.flag for finding in in_stretches) == bits(finding.flag for finding in at_once)


def test_one_history_goes_on_and_another_begins_anew(tmp_path: Path) -> None:
    first = write_csv(tmp_path / "m" / "a.csv", [[*row, "m"] for row in spiky(10, spike=99)], ["ts", "value", "asset"])
    second = write_csv(tmp_path / "m" / "b.csv", [[time(10), "99.5", "m"]], ["ts", "value", "asset"])
    going_on = Backtest([SPIKE], {})
    assert going_on.run(plain(first), Refusals()).findings == []
    [finding] = going_on.run(plain(second), Refusals()).findings
    assert (finding.row, finding.detector, finding.flag.value) == (0, "spike", 99.5)
    assert Backtest([SPIKE], {}).run(plain(second), Refusals()).findings == []


def test_a_second_configuration_is_run_beside(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", spiky())
    outcome = Backtest([SPIKE], {}, against=[HIGH]).run(plain(file), Refusals())
    assert [finding.detector for finding in outcome.findings] == ["spike"]
    assert [finding.detector for finding in outcome.against] == ["high"]


def test_the_result_of_a_backtest_is_not_taken_for_history(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", [[time(0), 1, 0]], ["ts", "value", "flag"])
    with pytest.raises(UserError, match=r"a\.csv has a column flag already"):
        written(file, tmp_path / "out.csv", Backtest([SPIKE], {}))


def test_a_machine_that_has_left_a_state_is_learned_anew_as_a_worker_would(tmp_path: Path) -> None:
    """The level changes with the setup: only a detector that forgets is not surprised."""
    rows = [[*row, "running"] for row in spiky(20, spike=-1)]
    rows += [[time(20), "50", "setup"], *([time(n), str(90 + n % 3), "running"] for n in range(21, 40))]
    file = write_csv(tmp_path / "a.csv", rows, ["ts", "value", "state"])
    mapping = structs.replace(plain_mapping(file, "pump", ("value",), "iso"), state_column="state")
    history = FileHistory(file, PurePath(file.name), mapping, "")
    forgets = structs.replace(SPIKE, reset_after=("setup",))
    assert Backtest([SPIKE], {}).run(history, Refusals()).findings
    assert Backtest([forgets], {}).run(history, Refusals()).findings == []
