"""The public data sets give the numbers that are known of them."""

import math
from itertools import pairwise
from pathlib import Path

import pytest

from streams.replay.plan import plan
from streams.topology.load import load
from tests.streams.replay.sending import Replayed

TOPOLOGIES = Path(__file__).parents[3] / "infra" / "topologies"


def test_the_steel_works_have_every_quarter_hour_of_the_year_and_its_totals(shared_data: Path) -> None:
    file = shared_data / "steel" / "Steel_industry_data.csv"
    sent = Replayed(plan([file], load(TOPOLOGIES / "steel.yaml")))

    assert len(sent.events) == sent.totals.events == 35_040
    assert {after["ts"] - before["ts"] for before, after in pairwise(sent.events)} == {15 * 60_000}
    energy = math.fsum(event["values"]["usage_kwh"] for event in sent.events)
    co2 = math.fsum(event["values"]["co2_t"] for event in sent.events)
    assert energy == pytest.approx(959_636.71, abs=0.01)
    assert co2 == pytest.approx(403.81, abs=0.005)
    states = [event["state"] for event in sent.events]
    assert {state: states.count(state) for state in set(states)} == {
        "Light_Load": 18_072,
        "Medium_Load": 9_696,
        "Maximum_Load": 7_272,
    }


def test_the_gas_turbine_has_its_rows_of_every_year(shared_data: Path) -> None:
    files = [shared_data / "gas_turbine" / f"gt_{year}.csv" for year in (2011, 2012, 2013)]
    topology = load(TOPOLOGIES / "gas_turbine.yaml")

    counts = [len(Replayed(plan([file], topology)).events) for file in files]
    assert counts == [7_411, 7_628, 7_152]

    sent = Replayed(plan(files, topology))
    assert {len(event["values"]) for event in sent.events} == {11}
    assert all(before["ts"] < after["ts"] for before, after in pairwise(sent.events))
    first_of_2012 = sent.events[7_411]
    assert first_of_2012["ts"] == 1_325_376_000_000
    assert first_of_2012["values"]["nox"] == 82.722
