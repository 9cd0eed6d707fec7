"""A whole run with log-ins and TLS on every connection and hostile names in its events, looked at from all sides."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

from schemas.events import LARGEST_RECORD
from schemas.topics import ALARMS, RESULTS, checkpoint_topic
from streams.audit import SHOP_FLOOR_TABLES
from streams.checkpoint import unpack
from tests.end_to_end.plant import Plant
from tests.security.servers import MARK, Servers

TOPOLOGY = """
topology: NAME
site: s
time: {idle_timeout: 2s}
sources: {machine.events: {partitions: 2, max_message: 2097152}}
windows: [{name: 10s, size: 10s, lateness: 5s}]
detectors: [{name: high, kind: limit, metrics: ["*"], high: 90}]
alarms: [{name: high, metrics: ["*"], high: 90}, {name: m-high, metrics: [m], high: 85}]
playbooks:
  - {name: less, alarm: m-high, asset: a, mode: automatic, improvement: 1,
     setpoint: {asset: b, metric: n, initial: 5, low: 0, high: 9, step: -1}}
"""
START = 1_760_000_000_000

HOSTILE = [
    "'; DROP TABLE headrace_store.readings; --",
    "') ; TRUNCATE TABLE headrace_store.aggregates -- ",
    "x`; DROP DATABASE headrace; `",
    '"double"',
    "%(asset)s",
    "%s%%",
    "{}{{}}{asset}",
    "$1 ${HOME} `id`",
    "back\\slash\\'\\0",
    "new\nline\r\n\ttab",
    "nul\0nul",
    "/../../",
    "[red]markup[/red]",
    "größe 温度 🔥 \u202eright-to-left",
    "\x1b[31mterminal",
    "NULL",
    "</script><script>alert(1)</script>",
    "a" * 200,
]


@dataclass
class Run:
    """What a worker left, and what was to be seen of it while it ran."""

    plant: Plant
    log: str
    processes: dict[str, bytes]
    """By what they are: command line and environment of each process of the worker."""
    metrics: str
    listening: set[str]


@pytest.fixture(scope="module")
def run(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A worker at log level debug over events whose names are each of `HOSTILE` in turn, and some that are refused."""
    with servers.deployed(TOPOLOGY, tmp_path_factory.mktemp("plant")) as plant:
        plant.send("machine.events", [(n % 2, json.dumps(event).encode()) for n, event in enumerate(events())])
        plant.send("machine.events", [(0, json.dumps(name).encode()) for name in HOSTILE])
        plant.send("machine.events", [(1, b"[" * 1_000_000), (1, b" " * (LARGEST_RECORD + 1))])
        worker = plant.worker("w1", "--log-level", "debug")
        worker.wait_until_drained()
        pids = [worker.process.pid, *children(worker.process.pid)]
        with urlopen(f"http://{worker.address}/metrics") as page:
            metrics = page.read().decode()
        processes = {f"{part} of {pid}": Path(f"/proc/{pid}/{part}").read_bytes() for pid in pids for part in PARTS}
        listening = {address for pid in pids for address in listeners(pid)}
        assert worker.stop() == 0
        yield Run(plant, worker.log.read_text(), processes, metrics, listening)


PARTS = ("cmdline", "environ")


def events() -> list[dict[str, object]]:
    """Every name once as site, asset, metric and state of an event; some values above the detector's limit."""
    events: list[dict[str, object]] = []
    for name in HOSTILE:
        for field in ("site", "asset", "metric", "state"):
            names = {"site": "s", "asset": "a", "metric": "m", "state": "on"} | {field: name}
            event = {"ts": START + 500 * len(events), "values": {names.pop("metric"): 80.0 + len(events) % 20}}
            events.append(event | names)
    return events


def children(pid: int) -> list[int]:
    """Processes that a process has started: the publisher."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def listeners(pid: int) -> set[str]:
    """Addresses that a process listens on, in the kernel's hexadecimal."""
    links = [link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    sockets = {match[1] for link in links if (match := re.fullmatch(r"socket:\[(\d+)\]", link))}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in sockets:
                found.add(fields[1].partition(":")[0])
    return found


def test_topics_and_tables_hold_what_an_undisturbed_run_gives(run: Run, servers: Servers) -> None:
    run.plant.assert_as_undisturbed()
    assert "nothing lost, nothing twice" in run.plant.command("audit", **servers.login("auditor")).stdout


def test_every_name_is_in_clickhouse_as_it_was_sent(run: Run) -> None:
    rows = run.plant.query(
        "SELECT toUnixTimestamp64Milli(ts), site, asset, metric, value, state FROM headrace.readings ORDER BY ts"
    )
    sent = [
        (event["ts"], event["site"], event["asset"], metric, value, event["state"])
        for event in events()
        for metric, value in event["values"].items()
    ]
    assert rows == sent
    letters = run.plant.query("SELECT payload FROM headrace.dead_letters WHERE reason = 'wrong_type'")
    assert sorted(payload for (payload,) in letters) == sorted(json.dumps(name) for name in HOSTILE)


def test_names_were_data_and_nothing_else(run: Run) -> None:
    tables = run.plant.query("SELECT name FROM system.tables WHERE database = 'headrace_store' ORDER BY name")
    others = [
        "adjustments", "aggregates", "alarms", "anomalies", "compliance", "dead_letters", "emitted_mass", "feedback",
        "headroom", "ledger", "migrations", "readings", "tariffs", "baselines",
    ]  # fmt: skip
    of_the_shop_floor = [table for tables in SHOP_FLOOR_TABLES.values() for table in tables]
    assert [name for (name,) in tables] == sorted(others + of_the_shop_floor)
    flags = run.plant.query("SELECT DISTINCT metric FROM headrace.anomalies")
    assert {"m"} < {metric for (metric,) in flags} <= {"m", *HOSTILE}


def test_a_message_that_is_too_large_or_nested_too_deep_costs_itself_alone(run: Run) -> None:
    letters = run.plant.query("SELECT reason, count() FROM headrace.dead_letters GROUP BY reason ORDER BY reason")
    assert letters == [("malformed", 1), ("too_large", 1), ("wrong_type", len(HOSTILE))]


def test_a_terminal_is_shown_no_control_characters_of_dead_letters(run: Run, servers: Servers) -> None:
    shown = run.plant.command("dlq", "list", **servers.login("replayer")).stdout
    assert f"{len(HOSTILE) + 2} dead letters" in shown
    assert all(sign.isprintable() or sign == "\n" for sign in shown)


def test_a_terminal_is_shown_no_control_characters_of_alarms(run: Run, servers: Servers) -> None:
    shown = run.plant.command("alarm", "list", **servers.login("operator")).stdout
    assert "unacknowledged" in shown
    assert "·[31mterminal" in shown
    assert all(sign.isprintable() or sign == "\n" for sign in shown)


def test_no_password_is_in_the_log(run: Run) -> None:
    assert "level=debug" in run.log
    assert "partition_opened" in run.log
    assert "Traceback" not in run.log
    assert MARK not in run.log


def test_no_password_is_to_be_seen_by_who_lists_the_processes(run: Run) -> None:
    assert len(run.processes) == 2 * len(PARTS)  # of worker and publisher
    assert sum(b"HEADRACE_KAFKA" in content for content in run.processes.values()) == 2
    assert [seen for seen, content in run.processes.items() if MARK.encode() in content] == []


def test_no_password_is_in_the_metrics(run: Run) -> None:
    assert "headrace_events_total" in run.metrics
    assert MARK not in run.metrics


@pytest.mark.parametrize("topic", [*sorted({*RESULTS} - {ALARMS.name}), "checkpoints"])
def test_no_password_is_in_any_topic(topic: str, run: Run) -> None:
    name = checkpoint_topic(run.plant.topology.topology) if topic == "checkpoints" else topic
    records = run.plant.log(name)
    assert records
    for record in records:
        packed = topic == "checkpoints" and not record.key.endswith(b"/out")
        value = repr(unpack(record.value)).encode() if packed else record.value
        assert MARK.encode() not in b"".join([record.key or b"", value, *(content for _, content in record.headers)])


def test_letters_go_back_with_the_rights_that_are_documented_for_it(run: Run, servers: Servers) -> None:
    sent = run.plant.command("dlq", "replay", "--reason", "malformed", **servers.login("replayer")).stdout
    assert "1 messages sent for 1 of 1 dead letters" in sent


def test_an_alarm_is_acknowledged_with_the_rights_that_are_documented_for_it(run: Run, servers: Servers) -> None:
    login = servers.login("operator")
    listed = json.loads(run.plant.command("alarm", "list", "--json", **login).stdout)["alarms"]
    said = run.plant.command("alarm", "ack", listed[0]["alarm"], "--by", HOSTILE[0], "--reason", "seen", **login).stdout
    assert said.startswith("acknowledge sent for high of ")


def test_everything_listens_on_the_loopback_interface_alone(run: Run, servers: Servers) -> None:
    loopback = {"0100007F", "0000000000000000FFFF00000100007F"}
    assert run.listening <= loopback
    assert run.listening
    for process in servers.running:
        assert listeners(process.pid) <= loopback
        assert listeners(process.pid)
