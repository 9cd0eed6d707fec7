"""The shipped topologies, and what their detectors find in the real data that they are for."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from streams.topology.load import check, load

ROOT = Path(__file__).parents[3]
DATA = ROOT.parent / "shared" / "data"

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"the real data is not at {DATA}")

Reading = tuple[int, str, dict[str, float]]


@pytest.mark.parametrize("name", ["gas_turbine", "steel", "tower_plant"])
def test_a_shipped_topology_is_valid_without_warnings_and_named_like_its_file(topologies: Path, name: str) -> None:
    checked = check(topologies / f"{name}.yaml")
    assert checked.problems == []
    assert checked.topology is not None
    assert checked.topology.topology == name


def test_every_shipped_topology_is_tested_here(topologies: Path) -> None:
    assert sorted(file.stem for file in topologies.iterdir()) == ["gas_turbine", "steel", "tower_plant"]


def gas_turbine(mapping: dict[str, str]) -> Iterator[Reading]:
    for year in (2011, 2012, 2013):
        start = datetime(year, 1, 1, tzinfo=UTC)
        with (DATA / "gas_turbine" / f"gt_{year}.csv").open() as file:
            for number, row in enumerate(csv.DictReader(file)):
                values = {metric: float(row[column]) for metric, column in mapping.items()}
                yield _ms(start + timedelta(hours=number)), "gt-1", values


def steel(mapping: dict[str, str]) -> Iterator[Reading]:
    with (DATA / "steel" / "Steel_industry_data.csv").open() as file:
        for row in csv.DictReader(file):
            time = datetime.strptime(row["date"], "%d/%m/%Y %H:%M").replace(tzinfo=timezone(timedelta(hours=9)))
            if (time.hour, time.minute) == (0, 0):
                time += timedelta(days=1)
            values = {metric: float(row[column]) for metric, column in mapping.items()}
            yield _ms(time), "steel-works", values


def _ms(time: datetime) -> int:
    return int(time.timestamp()) * 1000


@needs_data
def test_the_gas_turbine_flags_each_hour_above_100_of_nox_and_little_else(
    topologies: Path, judge: Callable[..., Any]
) -> None:
    topology = load(topologies / "gas_turbine.yaml")
    readings = list(gas_turbine(topology.replays["hourly"].values))
    above = [ts for ts, _, values in readings if values["nox"] > 100]

    flags = judge(topology, readings)

    assert [flag.ts for flag in flags if flag.detector == "nox-over-100"] == above
    others = Counter(flag.detector for flag in flags if flag.detector != "nox-over-100")
    assert others == {"co-high": 27, "firing-jump": 22, "filter-clogged": 14, "silent": 2, "analyser-stuck": 1}


@needs_data
def test_the_steel_works_raise_few_flags_and_one_for_the_quarter_without_power(
    topologies: Path, judge: Callable[..., Any]
) -> None:
    topology = load(topologies / "steel.yaml")
    flags = judge(topology, steel(topology.replays["energy"].values))

    counts = Counter(flag.detector for flag in flags)
    assert counts == {"demand-peak": 34, "demand-jump": 21, "poor-power-factor": 6, "no-power": 1}
    [no_power] = [flag for flag in flags if flag.detector == "no-power"]
    assert no_power.ts == _ms(datetime(2018, 11, 7, 15, tzinfo=UTC))  # midnight in Korea that ends the 7th
