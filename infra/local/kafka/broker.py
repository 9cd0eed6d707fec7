"""A Kafka broker of one node: broker and controller in one process (KRaft), on the loopback interface alone."""

import base64
import os
import subprocess
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from infra.local import processes
from infra.local.errors import StackError
from infra.local.kafka import jars
from infra.local.kafka.java import find_java
from infra.local.ports import HOST, answers, free_ports

MEBIBYTE = 1024 * 1024

_LOG4J = Path(__file__).with_name("log4j2.properties")

# Paths in the configuration are relative to the working folder and Java reads file names as UTF-8, so that the data
# folder may have any name: a properties file is Latin-1, and log.dirs splits at commas.
_ENVIRONMENT = {"LC_ALL": "C.UTF-8"}


def server_properties(port: int, controller_port: int) -> Mapping[str, str | int]:
    """The broker's configuration; what is not here is Kafka's default."""
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        # A static quorum is not stored in the data, so the controller may have another port at every start.
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "log.dirs": "log",
        "log.segment.bytes": 128 * MEBIBYTE,
        # A checkpoint of 100,000 series and a frame of many events are single messages.
        "message.max.bytes": 16 * MEBIBYTE,
        "replica.fetch.max.bytes": 16 * MEBIBYTE,
        # The default of 128 MiB is a quarter of this heap.
        "log.cleaner.dedupe.buffer.size": 16 * MEBIBYTE,
        # Topics are declared in the topology; a misspelt one is to be an error.
        "auto.create.topics.enable": "false",
        # One node holds the only replica of everything.
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # The default is 50 partitions each: 100 folders, opened at every start.
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.num.partitions": 4,
        # A broker that was killed may join again when its old session has ended, 9 s by default.
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        # A worker that is killed and started again is back in seconds.
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
    }


@dataclass(frozen=True)
class Broker:
    """A broker on `port`, with its data below `data`."""

    data: Path
    port: int
    more: Mapping[str, str | int] = field(default_factory=dict)
    """Configuration on top of `server_properties`, or in place of it."""
    name: ClassVar[str] = "kafka"
    title: ClassVar[str] = "Kafka"

    def start(self, log: Path, progress: Callable[[str], None]) -> processes.Process:
        """Start it with its messages appended to `log`. Raises StackError, also for a missing Java or Maven."""
        java = find_java()
        class_path = ["-cp", f"{jars.fetch(progress)}/*", f"-Dlog4j2.configurationFile={_LOG4J.as_uri()}"]
        home = self.data / "kafka"
        home.mkdir(mode=0o700, exist_ok=True)
        properties = {**server_properties(self.port, controller_port=next(free_ports())), **self.more}
        (home / "server.properties").write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
        if not (home / "log" / "meta.properties").exists():  # the last file that formatting writes
            progress("formatting Kafka's log folder")
            _format([java, *class_path], home)
        # Out of memory, a broker half works; one that ended is started again by the next `up`.
        command = [java, "-Xmx512m", "-XX:+ExitOnOutOfMemoryError", *class_path, "kafka.Kafka", "server.properties"]
        return processes.start(command, home, log, _ENVIRONMENT)

    def is_ready(self) -> bool:
        """Whether the broker serves requests and has joined its own cluster, so that topics can be created."""
        if not answers(self.port):  # the client would try for a second, and log each time
            return False
        try:
            admin = KafkaAdminClient(
                bootstrap_servers=f"{HOST}:{self.port}",
                bootstrap_timeout_ms=1000,
                reconnect_backoff_max_ms=100,
                request_timeout_ms=5000,
            )
            try:
                return any(not broker["is_fenced"] for broker in admin.describe_cluster()["brokers"])
            finally:
                admin.close()
        except KafkaError:
            return False


def _format(java: list[str], home: Path) -> None:
    """Make the log folder that `server.properties` names. Raises StackError."""
    # With "=", because an id may begin with a hyphen.
    cluster_id = "--cluster-id=" + base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    tool = subprocess.run(
        [*java, "kafka.tools.StorageTool", "format", "--config", "server.properties", cluster_id],
        cwd=home,
        env={**os.environ, **_ENVIRONMENT},
        umask=0o077,
        capture_output=True,
        text=True,
        check=False,
    )
    if tool.returncode != 0:
        said = [line for line in (tool.stderr + tool.stdout).splitlines() if line.strip()]
        raise StackError(f"Kafka cannot format {home / 'log'}: {said[0] if said else f'exit {tool.returncode}'}")
