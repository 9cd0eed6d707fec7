"""What `headrace screen` tells the screen of a topology, and what it refuses."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.local.ports import free_ports
from schemas.errors import UserError
from sinks.bigscreen.plant import Emission, Limit
from streams.cli import cli
from streams.cli.screen import plant_of
from streams.topology.load import load

TOPOLOGY = """
topology: t
site: s
metrics:
  nox: {unit: mg/m3}
  o2: {unit: "%"}
  vibration: {unit: mm/s}
assets:
  stack-1: {kind: stack, metrics: [nox, o2]}
  stack-2: {kind: stack, metrics: [o2]}
  punch-1: {kind: punch, metrics: [vibration]}
  yard-1: {kind: store}
sources: {machine.events: {}}
windows:
  - {name: sliding, size: 5s, advance: 1s}
  - {name: long, size: 1m}
  - {name: short, size: 10s}
compliance:
  utc_offset: "+08:00"
  rules:
    - {name: nox-rule, pack: cn-hj75-2017, metric: nox, assets: ["stack-*"], limits: {day: 150, hour: 200}}
alarms:
  - {name: shaking, metrics: ["*vibration"], high: 7.1}
alarm_system: {longest_shelf: 1h}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (file := tmp_path / "topology.yaml").write_text(TOPOLOGY)
    return file


def test_a_plant_is_what_its_topology_declares(file: Path) -> None:
    plant = plant_of(load(file))
    assert (plant.topology, plant.site, plant.utc_offset_ms) == ("t", "s", 8 * 3_600_000)
    assert [(asset.name, asset.kind, asset.metrics) for asset in plant.assets] == [
        ("stack-1", "stack", ("nox", "o2")),
        ("stack-2", "stack", ("o2",)),
        ("punch-1", "punch", ("vibration",)),
    ]
    assert plant.emissions == (Emission(rule="nox-rule", metric="nox", assets=("stack-1",), limit=200),)
    assert plant.limits == (Limit(asset="punch-1", metric="vibration", low=None, high=7.1),)
    assert (plant.production, plant.quality, plant.logistics) == (False, False, False)
    assert plant.longest_shelf_ms == 3_600_000


def test_trends_are_of_the_shortest_window_that_does_not_overlap(file: Path) -> None:
    assert plant_of(load(file)).window == "short"


def test_without_windows_there_are_no_trends(file: Path) -> None:
    file.write_text(TOPOLOGY.replace("  - {name: long, size: 1m}\n  - {name: short, size: 10s}\n", ""))
    assert plant_of(load(file)).window == ""


def test_the_parts_of_the_shop_floor_are_known_where_they_are_declared(file: Path) -> None:
    file.write_text(TOPOLOGY + "production: {}\nlogistics: {}\n")
    plant = plant_of(load(file))
    assert (plant.production, plant.quality, plant.logistics) == (True, False, True)


def test_codes_are_shown_of_all_enterprises_or_of_one_that_is_declared(file: Path) -> None:
    assert (plant_of(load(file)).enterprises, plant_of(load(file)).tenant) == ((), None)
    file.write_text(TOPOLOGY + 'trace: {enterprises: [{prefix: "88.1", name: a}, {prefix: "77.1", name: b}]}\n')
    assert plant_of(load(file)).enterprises == ("88.1", "77.1")
    alone = plant_of(load(file), "77.1")
    assert (alone.enterprises, alone.tenant) == (("77.1",), "77.1")
    with pytest.raises(UserError, match="declares 88"):
        plant_of(load(file), "99.1")


@pytest.mark.parametrize(
    ("environment", "more", "reason"),
    [
        ({"HEADRACE_KAFKA": "127.0.0.1:1"}, "", "the screen reads ClickHouse"),
        ({"HEADRACE_KAFKA": "127.0.0.1:1", "HEADRACE_CLICKHOUSE": "clickhouse://u:p@127.0.0.1:1/headrace"},
         "sinks: {clickhouse: {readings: false}}\n", "sinks.clickhouse.readings"),
        ({"HEADRACE_KAFKA": "127.0.0.1:1", "HEADRACE_CLICKHOUSE": "clickhouse://u:p@127.0.0.1:1/headrace"},
         "", "no Kafka broker answers"),
        ({"HEADRACE_KAFKA": "127.0.0.1:1", "HEADRACE_CLICKHOUSE": "clickhouse://u:p@127.0.0.1:1/headrace",
          "HEADRACE_SCREEN": "nowhere"}, "", "HEADRACE_SCREEN"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_refused_in_a_line(
    file: Path, environment: dict[str, str], more: str, reason: str
) -> None:
    file.write_text(TOPOLOGY + more)
    arguments = ["screen", "--topology", str(file), "--data", str(file.parent)]
    free = {"HEADRACE_SCREEN": f"127.0.0.1:{next(free_ports())}"}  # a demo may be running
    result = CliRunner().invoke(cli, arguments, env={**free, **environment})
    assert isinstance(result.exception, UserError)
    assert reason in str(result.exception)
