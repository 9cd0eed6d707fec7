"""Where a benchmark takes place: a stack of its own on free ports, in a folder that is gone afterwards."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import UnknownTopicOrPartitionError

from infra.local import stack
from infra.local.ports import free_ports
from schemas.errors import UserError

Progress = Callable[[str], None]

_APPLY_SECONDS = 120
_GONE_SECONDS = 30.0


@dataclass(frozen=True)
class Arena:
    """A running stack, and a folder for whatever the systems write."""

    stack: stack.Stack
    folder: Path

    @property
    def kafka(self) -> str:
        """Bootstrap servers."""
        return self.stack.kafka

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every program that is started here."""
        return {**os.environ, "HEADRACE_KAFKA": self.kafka, "HEADRACE_CLICKHOUSE": self.stack.clickhouse_url}

    def apply(self, topology: str, yaml: str) -> Path:
        """Write a topology file and deploy it; returns the file. Raises UserError with what `apply` said."""
        file = self.folder / f"{topology}.yaml"
        file.write_text(yaml)
        done = subprocess.run(
            [sys.executable, "-m", "streams", "topology", "apply", str(file)],
            env=self.environment, text=True, capture_output=True, check=False, timeout=_APPLY_SECONDS,
        )  # fmt: skip
        if done.returncode:
            raise UserError(f"the topology {topology} cannot be applied: {(done.stderr or done.stdout).strip()}")
        return file

    def create_topic(self, name: str, partitions: int, settings: Mapping[str, str] | None = None) -> None:
        """Create a topic whose timestamps are the broker's, so that every system is timed by one clock."""
        configs = {"message.timestamp.type": "LogAppendTime", **(settings or {})}
        topic = NewTopic(name=name, num_partitions=partitions, replication_factor=1, topic_configs=configs)
        with self._admin() as admin:
            admin.create_topics([topic])

    def delete_topics(self, *names: str) -> None:
        """Delete topics and wait until they are gone; those that do not exist are gone."""
        with self._admin() as admin:
            there = [name for name in names if name in admin.list_topics()]
            if not there:
                return
            try:
                admin.delete_topics(there)
            except UnknownTopicOrPartitionError:
                return
            deadline = time.monotonic() + _GONE_SECONDS
            while set(there) & set(admin.list_topics()):
                if time.monotonic() > deadline:
                    raise UserError(f"Kafka still has {', '.join(there)} {_GONE_SECONDS:g} s after their deletion")
                time.sleep(0.1)

    @contextmanager
    def _admin(self) -> Iterator[KafkaAdminClient]:
        admin = KafkaAdminClient(bootstrap_servers=self.kafka)
        try:
            yield admin
        finally:
            admin.close()


@contextmanager
def arena(progress: Progress) -> Iterator[Arena]:
    """Start a stack; stop it and remove its folder at the end, also after Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as name:
        folder = Path(name)
        data = folder / "stack"
        try:
            started = stack.up(data, stack.Ports(*islice(free_ports(), 3)), progress)
            yield Arena(started, folder)
        finally:
            stack.down(data)
