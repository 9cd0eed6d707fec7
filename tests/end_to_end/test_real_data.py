"""Replays of real plants' data, counted in ClickHouse."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.plant import Plant

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
TOPOLOGIES = ROOT / "infra" / "topologies"


def deployed(deploy: Callable[[str], Plant], topology: str, *files: str) -> Plant:
    paths = [DATA / file for file in files]
    if not all(path.exists() for path in paths):
        pytest.skip(f"the data of {files[0]} is not there: {DATA}")
    yaml = (TOPOLOGIES / f"{topology}.yaml").read_text()
    yaml = yaml.replace(f"topology: {topology}", "topology: NAME").replace("idle_timeout: 10s", "idle_timeout: 2s")
    plant = deploy(yaml)
    plant.command("replay", *map(str, paths))
    plant.run_to_the_end()
    return plant


def test_the_steel_plants_energy_and_co2_add_up_in_readings_and_in_windows(deploy: Callable[[str], Plant]) -> None:
    plant = deployed(deploy, "steel", "steel/Steel_industry_data.csv")
    mine = f"topology = '{plant.topology.topology}'"
    events = plant.query(f"SELECT uniqExact(partition, offset, index) FROM headrace.readings WHERE {mine}")
    assert events == [(35_040,)]
    for metric, expected, tolerance in (("usage_kwh", 959_636.71, 0.01), ("co2_t", 403.81, 0.005)):
        values = f"headrace.readings WHERE {mine} AND metric = '{metric}'"
        readings = plant.query(f"SELECT sum(value), count() FROM {values}")
        assert readings[0] == (pytest.approx(expected, abs=tolerance), 35_040)
        for window in plant.topology.windows:
            windows = plant.query(
                f"SELECT sum(sum), sum(count) FROM headrace.aggregates "
                f"WHERE {mine} AND metric = '{metric}' AND window = '{window.name}'"
            )
            assert windows[0] == (pytest.approx(expected, abs=tolerance), 35_040), window.name
    costs = f"headrace.costs_per_hour WHERE {mine} GROUP BY metric ORDER BY metric"
    (co2, emitted), (energy, used) = (
        row[1:] for row in plant.query(f"SELECT metric, sum(quantity), sum(money) FROM {costs}")
    )
    assert (energy, co2) == (pytest.approx(959_636.71, abs=0.01), pytest.approx(403.81, abs=0.005))
    assert used == pytest.approx(money_for_energy(), rel=1e-9)
    assert emitted == pytest.approx(co2 * 9000)
    assert "nothing lost, nothing twice" in plant.command("audit").stdout


def money_for_energy() -> float:
    """What the topology's bands make of each row of the file, by the hour that is written in it."""
    with (DATA / "steel/Steel_industry_data.csv").open(newline="") as rows:
        used = [(int(row["date"][-5:-3]), float(row["Usage_kWh"])) for row in csv.DictReader(rows)]
    peak, valley = {10, 11, 13, 14, 15, 16}, {23, *range(9)}
    return sum(kwh * (190 if hour in peak else 60 if hour in valley else 110) for hour, kwh in used)


def test_every_nox_value_over_100_of_the_gas_turbine_is_flagged_once(deploy: Callable[[str], Plant]) -> None:
    files = [f"gas_turbine/gt_{year}.csv" for year in (2011, 2012, 2013)]
    plant = deployed(deploy, "gas_turbine", *files)
    mine = f"topology = '{plant.topology.topology}'"
    over = 0
    for file in files:
        with (DATA / file).open(newline="") as rows:
            over += sum(float(row["NOX"]) > 100 for row in csv.DictReader(rows))
    assert over > 0
    nox = f"{mine} AND detector = 'nox-over-100'"
    assert plant.query(f"SELECT count(), uniqExact(ts) FROM headrace.anomalies WHERE {nox}") == [(over, over)]
    readings = plant.query(f"SELECT metric, count() FROM headrace.readings WHERE {mine} GROUP BY metric")
    assert sorted(readings) == sorted((metric, 22_191) for metric in plant.topology.metrics)
    assert len(readings) == 11
    assert "nothing lost, nothing twice" in plant.command("audit").stdout
