"""`headrace topology` as a user meets it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from infra.local.ports import free_ports
from sinks.clickhouse import connection
from streams.cli import main
from streams.topology.apply import admin_client, live_topics


class Stack(Protocol):
    kafka: str
    clickhouse_url: str


class Ran(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ran]

PLANT = """\
topology: {topology}
site: here
sources:
  emission.events: {{partitions: {partitions}, retention: {retention}}}
windows:
  - {{name: 1m, size: 1m, lateness: 5s}}
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs the command in an empty folder, with the environment that is given."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str, **environment: str) -> Ran:
        for name in ("HEADRACE_KAFKA", "HEADRACE_CLICKHOUSE", "HEADRACE_TOPOLOGY", "HEADRACE_TOPOLOGY_FILE"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main(["topology", *arguments])
        out, err = capsys.readouterr()
        return Ran(int(ended.value.code or 0), out, err)

    return command


@pytest.fixture
def plant(tmp_path: Path) -> Callable[..., str]:
    def file(topology: str = "test-cli", partitions: int = 2, retention: str = "7d", more: str = "") -> str:
        path = tmp_path / "plant.yaml"
        path.write_text(PLANT.format(topology=topology, partitions=partitions, retention=retention) + more)
        return str(path)

    return file


def test_a_valid_file_is_summed_up(run: Run, topologies: Path) -> None:
    ran = run("validate", str(topologies / "tower_plant.yaml"))
    assert ran.code == 0
    assert ran.out.endswith(
        "is valid: 21 assets, 32 metrics, 2 sources, 3 windows, 14 detectors, 3 rules, 6 alarms, 2 playbooks, "
        "8 tariffs\n"
    )


def test_the_environment_may_name_the_file(run: Run, plant: Callable[..., str]) -> None:
    assert run("validate", HEADRACE_TOPOLOGY=plant()).code == 0
    Path("named").write_text(f"{plant()}\n")
    assert run("validate", HEADRACE_TOPOLOGY_FILE="named").code == 0
    ran = run("validate")
    assert ran.code == 2
    assert "Missing argument 'FILE'" in ran.err


def test_every_mistake_of_a_file_is_a_line_and_the_reason_to_fail_is_the_last(
    run: Run, plant: Callable[..., str]
) -> None:
    file = plant(retention="1ms", more="  - {name: 1m, size: 30s}\n")
    ran = run("validate", file)
    assert ran.code == 1
    assert ran.out == ""
    [retention, name, reason] = ran.err.splitlines()
    assert retention.startswith(f'error: {file}:4: sources["emission.events"].retention: is 1ms; ')
    assert name.startswith(f"error: {file}:7: windows[1].name: is '1m', the name of windows[0]")
    assert reason == f"headrace: {file} has 2 errors"


def test_mistakes_are_json_for_programs(run: Run, plant: Callable[..., str]) -> None:
    ran = run("validate", "--json", plant(partitions=0))
    assert ran.code == 1
    told = json.loads(ran.out)
    assert told["valid"] is False
    [problem] = told["problems"]
    assert (problem["level"], problem["line"]) == ("error", 4)
    assert problem["path"] == 'sources["emission.events"].partitions'


def test_an_argument_that_is_no_text_is_one_line(run: Run) -> None:
    ran = run("validate", "\udce4.yaml")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "an argument is not UTF-8 text" in ran.err


def test_the_graph_is_printed_for_a_file_to_take(run: Run, topologies: Path) -> None:
    golden = Path(__file__).parent / "golden" / "steel.mmd"
    assert run("graph", str(topologies / "steel.yaml")) == (0, golden.read_text(encoding="utf-8"), "")


@pytest.mark.parametrize("verb", ["validate", "plan", "apply", "graph"])
def test_every_verb_has_help_with_an_example_and_one_line_for_a_missing_file(run: Run, verb: str) -> None:
    assert f"Example: headrace topology {verb} " in " ".join(run(verb, "--help").out.split())
    ran = run(verb, "missing.yaml", HEADRACE_KAFKA="127.0.0.1:1")
    assert ran.code == 1
    assert ran.err.splitlines()[-1].startswith("headrace: missing.yaml")


def test_without_kafka_the_remedy_is_told(run: Run, plant: Callable[..., str]) -> None:
    ran = run("plan", plant())
    assert (ran.code, ran.out) == (1, "")
    assert "headrace up" in ran.err
    assert "HEADRACE_KAFKA" in ran.err


def test_without_clickhouse_the_remedy_is_told(run: Run, plant: Callable[..., str]) -> None:
    ran = run("plan", plant(), HEADRACE_KAFKA="127.0.0.1:1")
    assert ran.code == 1
    assert "HEADRACE_CLICKHOUSE" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_clickhouse_that_is_away_is_one_line(run: Run, plant: Callable[..., str], stack: Stack) -> None:
    url = f"clickhouse://127.0.0.1:{next(free_ports())}/headrace"
    ran = run("plan", plant(), HEADRACE_KAFKA=stack.kafka, HEADRACE_CLICKHOUSE=url)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("headrace: ClickHouse")
    assert len(ran.err.splitlines()) == 1


def test_a_topology_is_planned_applied_and_then_needs_nothing(
    run: Run, plant: Callable[..., str], stack: Stack
) -> None:
    servers = {"HEADRACE_KAFKA": stack.kafka, "HEADRACE_CLICKHOUSE": stack.clickhouse_url}
    with admin_client({"bootstrap_servers": [stack.kafka]}) as client:
        live = live_topics(client, ["emission.events"])
    partitions = live["emission.events"].partitions if live else 2  # other tests share the topic
    file = plant("test-cli.apply", partitions)

    planned = run("plan", file, **servers)
    assert planned.code == 0
    assert "+ create topic headrace.test-cli.apply.checkpoints" in planned.out

    applied = run("apply", file, **servers)
    assert (applied.code, applied.err) == (0, "")
    assert "✓ create topic headrace.test-cli.apply.checkpoints" in applied.out

    assert run("apply", file, **servers) == (0, "test-cli.apply: nothing to do\n", "")
    told = json.loads(run("plan", "--json", file, **servers).out)
    assert (told["steps"], told["cannot"]) == ([], [])


PRICED = """\
metrics: {{power: {{unit: kW}}}}
assets: {{press: {{kind: press, metrics: [power]}}}}
economics:
  currency: CNY
  window: 1m
  tariffs: [{{name: grid, kind: energy, metrics: [power], price: {price}}}]
"""


def test_a_changed_price_is_planned_and_applied_once_and_holds_from_then_on(
    run: Run, plant: Callable[..., str], stack: Stack
) -> None:
    servers = {"HEADRACE_KAFKA": stack.kafka, "HEADRACE_CLICKHOUSE": stack.clickhouse_url}
    with admin_client({"bootstrap_servers": [stack.kafka]}) as client:
        live = live_topics(client, ["emission.events"])
    partitions = live["emission.events"].partitions if live else 2

    def file(price: float) -> str:
        return plant("test-cli.priced", partitions, more=PRICED.format(price=price))

    assert "✓ tariffs and baseline: 1 new, 0 ended" in run("apply", file(0.7), **servers).out
    planned = run("plan", file(0.9), **servers)
    assert planned.out.splitlines() == [
        "~ tariffs and baseline: 1 new, 1 ended",
        "    - grid: press power 0.7 CNY/kWh",
        "    + grid: press power 0.9 CNY/kWh",
        "test-cli.priced: 1 to change",
    ]
    assert run("apply", file(0.9), **servers).code == 0
    assert run("apply", file(0.9), **servers) == (0, "test-cli.priced: nothing to do\n", "")
    clickhouse = connection.connect(connection.parse(stack.clickhouse_url))
    query = "SELECT price, toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to) FROM headrace.tariffs"
    (first, begin, end), (second, change, never) = clickhouse.execute(
        f"{query} WHERE topology = 'test-cli.priced' ORDER BY valid_from"
    )
    assert (first, second, begin, never) == (0.7, 0.9, 0, None)
    assert end == change > 0


def test_what_cannot_be_changed_is_told_and_apply_fails(run: Run, plant: Callable[..., str], stack: Stack) -> None:
    without = "sinks: {clickhouse: null}\n"
    with admin_client({"bootstrap_servers": [stack.kafka]}) as client:
        live = live_topics(client, ["emission.events"])
    partitions = live["emission.events"].partitions if live else 2
    assert run("apply", plant("test-cli.less", partitions, more=without), HEADRACE_KAFKA=stack.kafka).code == 0

    fewer = plant("test-cli.less", partitions - 1, more=without)
    planned = run("plan", fewer, HEADRACE_KAFKA=stack.kafka)
    assert planned.code == 0
    assert f"! emission.events: cannot change {partitions} partitions to {partitions - 1}: " in planned.out
    applied = run("apply", fewer, HEADRACE_KAFKA=stack.kafka)
    assert applied.code == 1
    assert len(applied.err.splitlines()) == 1
