"""`headrace replay` and `headrace simulate` as their user sees them, with a broker of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

from infra.local import processes
from infra.local.kafka.broker import Broker
from infra.local.ports import free_ports

TOPOLOGY = """
topology: mill
site: mill
metrics: {current: {unit: A}}
assets: {saw-1: {kind: saw, metrics: [current]}}
sources: {machine.events: {partitions: 2}}
replays:
  history:
    files: "history*.csv"
    topic: machine.events
    asset: saw-1
    time: {from: column, column: time, format: epoch_s}
    values: {current: I}
"""
PARTITIONS = {"machine.events": 4, "emission.events": 2}
COMMAND = {
    "id": "r", "adjustment": "a", "ts": 0, "site": "hongyang", "asset": "stack-2", "alarm": "so2-high",
    "playbook": "more-reagent", "mode": "automatic", "target": "scrubber-1", "setpoint": "reagent_flow",
    "direction": "step", "before": 24.0, "after": 36.0, "attempt": 1, "expires_at": None, "status": "commanded",
    "reason": "", "topology": "tower_plant", "topic": "alarm.actions", "partition": 0, "offset": 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("broker")
    broker = Broker(data, next(free_ports()))
    process = broker.start(data / "log.txt", print)
    try:
        while not broker.is_ready():
            assert process.is_alive(), (data / "log.txt").read_text()
            time.sleep(0.1)
        address = f"127.0.0.1:{broker.port}"
        admin = KafkaAdminClient(bootstrap_servers=address)
        admin.create_topics([NewTopic(name, number, 1) for name, number in PARTITIONS.items()])
        admin.close()
        yield address
    finally:
        processes.stop([process], 10)


class Log:
    """What has come into the topics since this was made."""

    def __init__(self, kafka: str, topics: Mapping[str, int] = PARTITIONS) -> None:
        self._consumer = KafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
        self._partitions = [TopicPartition(name, n) for name, number in topics.items() for n in range(number)]
        self._consumer.assign(self._partitions)
        for partition, end in self._consumer.end_offsets(self._partitions).items():
            self._consumer.seek(partition, end)

    def events(self) -> list[dict[str, Any]]:
        ends = self._consumer.end_offsets(self._partitions)
        found = []
        while any(self._consumer.position(partition) < ends[partition] for partition in self._partitions):
            for records in self._consumer.poll(timeout_ms=1000).values():
                found += [msgspec.json.decode(record.value) for record in records]
        return found


@pytest.fixture
def log(kafka: str) -> Iterator[Log]:
    log = Log(kafka)
    yield log
    log._consumer.close()


@pytest.fixture
def process_topics(kafka: str) -> Iterator[Log]:
    """The topics of the process for the time of a test, and what the process says."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    names = ["process.adjustments", "process.acks"]
    admin.create_topics([NewTopic(name, 1, 1) for name in names])
    log = Log(kafka, {"process.acks": 1})
    yield log
    log._consumer.close()
    admin.delete_topics(names)
    admin.close()


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path, kafka: str) -> Start:
    """Starts `headrace` in a folder of its own."""

    def start(*arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "streams", *arguments],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HEADRACE_KAFKA": kafka, "PYTHONPATH": str(Path(__file__).parents[3])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    (tmp_path / "mill.yaml").write_text(TOPOLOGY)
    return start


def finish(process: "subprocess.Popen[str]", *, exit_code: int) -> tuple[str, str]:
    out, err = process.communicate(timeout=60)
    assert process.returncode == exit_code, err
    assert "Traceback" not in err
    return out, err


def test_a_replay_sends_every_row_once_and_says_so(start: Start, log: Log, tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("time,I\n1704067200,1.5\n1704067201,2.5\n1704067202,\n")
    out, _ = finish(start("replay", "history.csv", "--topology", "mill.yaml"), exit_code=0)
    assert log.events() == [
        {"ts": 1704067200000, "site": "mill", "asset": "saw-1", "values": {"current": 1.5}},
        {"ts": 1704067201000, "site": "mill", "asset": "saw-1", "values": {"current": 2.5}},
    ]
    assert out.startswith("2 events from 1 of 1 files in ")
    assert out.endswith("; event time 2024-01-01 00:00:00Z to 2024-01-01 00:00:01Z; 1 rows without any value\n")


def test_a_bad_row_is_one_line_on_standard_error_and_skipped_if_asked(start: Start, log: Log, tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("time,I\n1704067200,1.5\n1704067201,much\n")
    _, err = finish(start("replay", "history.csv", "--topology", "mill.yaml"), exit_code=1)
    assert err.splitlines() == [
        "headrace: history.csv: row 2: column I: 'much' is no finite number "
        "(--skip-bad-rows leaves such rows out and counts them)"
    ]
    assert log.events() == []

    out, err = finish(start("replay", "history.csv", "--topology", "mill.yaml", "--skip-bad-rows"), exit_code=0)
    assert err.splitlines() == ["left out history.csv: row 2: column I: 'much' is no finite number"]
    assert out.endswith("; 1 bad rows left out\n")
    assert len(log.events()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["replay", "absent.csv", "--topology", "mill.yaml"], "headrace: absent.csv: no such file"),
        (["replay", "mill.yaml"], "headrace: no topology: give --topology or set HEADRACE_TOPOLOGY"),
        (["simulate", "--labels", "absent/labels.ndjson"], "headrace: absent/labels.ndjson cannot be written: "),
        (["simulate", "--exceedances", "2"], "headrace: --exceedances are spread over the run: say how long it is"),
        (
            ["simulate", "--exceedances", "2", "--duration", "119s"],
            "headrace: --exceedances 2 --duration 119s: 2 exceedances need at least 120 s, not 119",
        ),
        (["simulate", "--lasting", "90s"], "headrace: --lasting is for the causes of --exceedances: say how many"),
        (
            ["simulate", "--respond", "--assets", "9"],
            "headrace: --exceedances and --respond are for a plant with furnace-",
        ),
        (["simulate", "--respond"], "headrace: Kafka at 127.0.0.1:"),
    ],
)
def test_a_mistake_is_one_line(start: Start, arguments: list[str], message: str) -> None:
    _, err = finish(start(*arguments), exit_code=1)
    assert err.startswith(message)
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["replay", "a.csv", "--speed", "0"],
        ["simulate", "--duration", "20"],
        ["simulate", "--rate", "nan"],
        ["simulate", "--rate", "inf"],
        ["simulate", "--rate", "5e-324"],
        ["simulate", "--disorder", "nan"],
    ],
)
def test_an_impossible_option_is_refused(start: Start, arguments: list[str]) -> None:
    _, err = finish(start(*arguments), exit_code=2)
    assert "Invalid value for '--" in err


def test_a_simulation_sends_its_readings_and_labels_its_faults(start: Start, log: Log, tmp_path: Path) -> None:
    out, _ = finish(start("simulate", "--duration", "2s", "--labels", "labels.ndjson"), exit_code=0)
    events = log.events()
    assert len(events) == 420
    assert out.startswith("420 events of 21 synthetic machines in ")
    labels = [msgspec.json.decode(line) for line in (tmp_path / "labels.ndjson").read_bytes().splitlines()]
    assert len({label["kind"] for label in labels}) == len(labels) == 8
    assert {label["asset"] for label in labels} <= {event["asset"] for event in events}
    assert min(event["ts"] for event in events) < labels[0]["start"] < max(event["ts"] for event in events)


def test_a_simulation_labels_its_exceedances_beside_its_faults(start: Start, log: Log, tmp_path: Path) -> None:
    arguments = ["--duration", "60s", "--exceedances", "1", "--rate", "21", "--labels", "labels.ndjson"]
    process = start("simulate", *arguments)
    labels: list[dict[str, Any]] = []
    deadline = time.monotonic() + 60
    while not labels and time.monotonic() < deadline:
        time.sleep(0.1)
        if (file := tmp_path / "labels.ndjson").exists():
            labels = [msgspec.json.decode(line) for line in file.read_bytes().splitlines()]
    process.send_signal(signal.SIGINT)
    finish(process, exit_code=0)
    assert [(label["asset"], label["metric"], label["end"] - label["start"]) for label in labels] == [
        ("stack-2", "so2", 30_000)
    ]
    assert labels[0]["kind"] in {"valve_sticks", "fouling", "feed_surge"}


def test_a_simulation_that_responds_moves_its_set_points_and_acknowledges(
    start: Start, kafka: str, log: Log, process_topics: Log
) -> None:
    process = start("simulate", "--respond", "--disorder", "0")
    controller = KafkaProducer(bootstrap_servers=kafka, transactional_id="controller", acks="all")
    controller.init_transactions()
    flows: list[float] = []
    acks: list[dict[str, Any]] = []
    sent = False
    deadline = time.monotonic() + 60
    while (not acks or flows[-1] < 34) and time.monotonic() < deadline:
        time.sleep(0.1)
        flows += [event["values"]["reagent_flow"] for event in log.events() if event["asset"] == "scrubber-1"]
        acks += process_topics.events()
        if flows and not sent:
            controller.begin_transaction()
            for adjustment, after in (("a1", 36.0), ("a2", 90.0), ("a1", 36.0)):
                command = {**COMMAND, "adjustment": adjustment, "after": after}
                controller.send("process.adjustments", msgspec.json.encode(command), key=b"hongyang/stack-2")
            controller.commit_transaction()
            sent = True
    controller.close()
    process.send_signal(signal.SIGINT)
    out, _ = finish(process, exit_code=0)
    assert flows[0] < 27
    assert flows[-1] >= 34
    assert [(ack["adjustment"], ack["status"], ack["value"]) for ack in acks] == [
        ("a1", "done", 36.0),
        ("a2", "rejected", 36.0),
        ("a1", "done", 36.0),
    ]
    assert {(ack["site"], ack["asset"]) for ack in acks} == {("hongyang", "stack-2")}
    assert out.endswith(", commands: 1 done, 1 rejected\n")


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_endless_simulation_in_order(start: Start, log: Log, tmp_path: Path, sign: int) -> None:
    process = start("simulate", "--rate", "2000", "--labels", "labels.ndjson")
    deadline = time.monotonic() + 60
    while not (events := log.events()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(sign)
    out, _ = finish(process, exit_code=0)
    assert int(out.split()[0].replace(",", "")) == len(events) + len(log.events()) > 0


def test_a_replay_that_is_interrupted_says_how_far_it_came_and_fails(start: Start, log: Log, tmp_path: Path) -> None:
    rows = "".join(f"{1704067200 + hour * 3600},1\n" for hour in range(100))
    (tmp_path / "history.csv").write_text("time,I\n" + rows)
    process = start("replay", "history.csv", "--topology", "mill.yaml", "--speed", "3600")
    deadline = time.monotonic() + 60
    while not (events := log.events()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = finish(process, exit_code=130)
    sent = len(events) + len(log.events())
    assert 0 < sent < 100
    assert out.startswith(f"{sent} events from 0 of 1 files in ")
