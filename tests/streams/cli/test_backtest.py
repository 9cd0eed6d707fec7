"""`headrace backtest` as its user sees it."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

import pyarrow.csv
import pyarrow.parquet
import pytest

from streams.cli import main
from tests.streams.backtest.histories import spiky, time, write_csv

SPIKE = '- {name: spike, kind: robust_z, metrics: ["*"], window: 5}\n'
HIGH = '- {name: high, kind: limit, metrics: ["*"], high: 50}\n'
TOPOLOGY = """
topology: mill
site: mill
metrics: {current: {unit: A}}
sources: {machine.events: {}}
detectors: [{name: high, kind: limit, metrics: [current], high: 50}]
replays:
  history:
    files: "pump*.csv"
    topic: machine.events
    asset_column: machine
    time: {from: column, column: time}
    values: {current: I}
"""


class Stack(Protocol):
    clickhouse_url: str
    reader_url: str


class Ran(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs the command in a folder with a history and two lists of detectors."""
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "pump.csv", spiky())
    (tmp_path / "spike.yaml").write_text(SPIKE)
    (tmp_path / "high.yaml").write_text(HIGH)
    (tmp_path / "mill.yaml").write_text(TOPOLOGY)

    def command(*arguments: str, clickhouse: str = "") -> Ran:
        monkeypatch.setenv("HEADRACE_CLICKHOUSE", clickhouse)
        with pytest.raises(SystemExit) as ended:
            main(["backtest", *arguments])
        out, err = capsys.readouterr()
        return Ran(int(ended.value.code or 0), out, err)

    return command


def rows(file: str) -> list[dict[str, str]]:
    with Path(file).open(newline="") as text:
        return list(csv.DictReader(text))


def flagged(file: str) -> list[int]:
    return [number for number, row in enumerate(rows(file)) if row["flag"] == "1"]


def test_a_csv_file_gives_scores_a_plot_and_a_table(run: Run) -> None:
    code, out, err = run("pump.csv", "--detectors", "spike.yaml", "--out", "out")
    assert (code, err) == (0, "")
    assert flagged("out/pump.csv") == [12]
    assert len(rows("out/pump.csv")) == 20
    assert Path("out/pump.plots/pump.value.png").read_bytes().startswith(b"\x89PNG")
    [line] = [line for line in out.splitlines() if "pump/value" in line]
    assert line.split("│")[1:4] == [" spike    ", " pump/value ", "     1 "]
    assert out.endswith("20 rows of 1 histories; 1 plots\nout/pump.csv\n")


def test_parquet_gives_what_csv_gives(run: Run) -> None:
    pyarrow.parquet.write_table(pyarrow.csv.read_csv("pump.csv"), "pump.parquet")
    assert run("pump.csv", "--detectors", "spike.yaml", "--no-plots", "--out", "a").code == 0
    assert run("pump.parquet", "--detectors", "spike.yaml", "--no-plots", "--out", "b").code == 0
    found = ["flag", "detector", "reason", "anomaly_score"]
    assert [[row[name] for name in found] for row in rows("a/pump.csv")] == [
        [row[name] for name in found] for row in rows("b/pump.csv")
    ]


def test_a_second_configuration_is_compared_by_series(run: Run) -> None:
    values = [[time(n), {8: 60, 9: 60, 15: 20}.get(n, 10 + n % 3)] for n in range(20)]
    write_csv(Path("pump.csv"), values)
    told = json.loads(
        run("pump.csv", "--detectors", "spike.yaml", "--against", "high.yaml", "--json", "--no-plots").out
    )
    [difference] = told["differences"]
    assert difference == {"asset": "pump", "metric": "value", "only_first": 1, "only_second": 0, "both": 1}
    assert [(one["detector"], one["flags"]) for one in told["flags"]] == [("spike", 2)]
    out = run("pump.csv", "--detectors", "spike.yaml", "--against", "high.yaml", "--tolerance", "10s", "--no-plots").out
    assert "only --against" in out
    assert [cell.strip() for cell in out.splitlines()[-4].split("│")[1:-1]] == ["pump/value", "0", "0", "2"]


def test_a_topology_has_the_detectors_units_and_columns(run: Run) -> None:
    write_csv(
        Path("pump.csv"),
        [[f"{time(n)}Z", f"m-{n % 2}", 40 + 20 * (n == 3)] for n in range(6)],
        ["time", "machine", "I"],
    )
    assert run("pump.csv", "--topology", "mill.yaml", "--out", "out", "--no-plots").code == 0
    assert flagged("out/pump.csv") == [3]
    assert rows("out/pump.csv")[3]["reason"] == "m-1/current: 60 A is above the high limit of 50 A"


def test_bad_rows_are_named_and_counted_if_asked(run: Run) -> None:
    write_csv(Path("pump.csv"), [*spiky()[:13], [time(13), "much"]])
    code, out, err = run("pump.csv", "--detectors", "high.yaml", "--no-plots")
    assert (code, out) == (1, "")
    assert err.startswith("headrace: pump.csv: row 14: column value: 'much' is no finite number")
    code, out, err = run("pump.csv", "--detectors", "high.yaml", "--no-plots", "--skip-bad-rows")
    assert (code, err) == (0, "left out pump.csv: row 14: column value: 'much' is no finite number\n")
    assert "14 rows of 1 histories, 1 bad rows not judged" in out
    assert rows("backtest/pump.csv")[13] == {
        "timestamp": time(13), "value": "much", "flag": "0", "detector": "", "reason": "", "anomaly_score": "0.0",
    }  # fmt: skip


def test_detectors_without_a_flag_are_named(run: Run) -> None:
    Path("high.yaml").write_text(HIGH.replace("50", "500"))
    assert "no flags: high\n" in run("pump.csv", "--detectors", "high.yaml", "--no-plots").out


def test_a_plot_whose_axis_would_leave_the_calendar_is_one_line(run: Run) -> None:
    Path("old.csv").write_text("ts,v\n0001-01-01T00:00:00Z,1\n0001-01-01T00:00:01Z,500\n")
    ran = run("old.csv", "--detectors", "high.yaml")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "cannot be drawn: " in ran.err
    assert run("old.csv", "--detectors", "high.yaml", "--no-plots").code == 0


def test_series_whose_names_no_file_can_have_get_plots_of_their_own(run: Run) -> None:
    write_csv(Path("pump.csv"), [[time(0), 1, 2]], ["time", "a/b", "a:b"])
    told = json.loads(run("pump.csv", "--detectors", "high.yaml", "--json").out)
    assert told["histories"][0]["plots"] == ["backtest/pump.plots/pump.a_b.png", "backtest/pump.plots/pump.a_b_.png"]
    assert all(Path(plot).stat().st_size for plot in told["histories"][0]["plots"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pump.csv"], "no detectors: give --detectors"),
        (["--detectors", "spike.yaml"], "name files, or give --query"),
        (["pump.csv", "--query", "SELECT 1", "--detectors", "spike.yaml"], "name files, or give --query"),
        (["absent.csv", "--detectors", "spike.yaml"], "absent.csv: no such file"),
        (["pump.csv", "--detectors", "absent.yaml"], "absent.yaml: there is no such file"),
        (["pump.csv", "--detectors", "spike.yaml", "--metric", "flow"], "pump.csv has no column flow"),
        (["pump.csv", "--detectors", "spike.yaml", "--time-format", "%Q"], "time format '%Q' of column timestamp"),
        (["pump.csv", "--topology", "mill.yaml", "--asset", "m-1"], "--asset, --metric and --time-format are for"),
        (["pump.csv", "--detectors", "spike.yaml", "--out", "pump.csv/out"], "pump.csv/out/pump.csv cannot be written"),
        (["pump.csv", "--detectors", "spike.yaml", "--out", "."], "the scores of pump.csv would be written over it"),
        (["--query", "SELECT 1", "--detectors", "spike.yaml"], "--query needs ClickHouse: set HEADRACE_CLICKHOUSE"),
    ],
)
def test_a_mistake_is_one_line(run: Run, arguments: list[str], message: str) -> None:
    code, _, err = run(*arguments)
    assert code == 1
    assert err.startswith(f"headrace: {message}")
    assert len(err.splitlines()) == 1


def test_a_tolerance_that_is_no_duration_is_refused(run: Run) -> None:
    code, _, err = run("pump.csv", "--detectors", "spike.yaml", "--tolerance", "soon")
    assert code == 2
    assert "Invalid value for '--tolerance'" in err


def test_a_query_is_history_too_and_may_change_nothing(run: Run, stack: Stack) -> None:
    url = stack.clickhouse_url
    select = (
        "SELECT toDateTime64(1704067200 + number, 3, 'UTC') AS ts, 'pump-1' AS asset, 'flow' AS metric, "
        "if(number = 12, 99.5, 10 + number % 3) AS value FROM numbers(20) ORDER BY ts"
    )
    for account, out in ((url, "writer"), (stack.reader_url, "reader")):
        ran = run("--query", select, "--detectors", "spike.yaml", "--out", out, "--no-plots", clickhouse=account)
        assert (ran.code, ran.err) == (0, "")
        assert "pump-1/flow" in ran.out
        assert flagged(f"{out}/query.csv") == [12]
        assert rows(f"{out}/query.csv")[12]["ts"] == "2024-01-01T00:00:12+00:00"

    for query, reason in [
        ("CREATE TABLE default.of_a_backtest (n Int8) ENGINE = Memory", "readonly"),
        ("SELECT 1 AS ts", "the query gives no column asset, metric, value; it gives ts"),
        ("SELEC", "the query failed: ClickHouse error 62"),
    ]:
        code, _, err = run("--query", query, "--detectors", "spike.yaml", clickhouse=url)
        assert code == 1, query
        assert reason in err
        assert len(err.splitlines()) == 1
