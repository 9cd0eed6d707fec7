"""`headrace outlets` between a real broker, a real Alertmanager and a real webhook."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from infra.local.ports import free_ports
from infra.local.stack import Stack
from schemas.codec import encode
from schemas.results import Alarm
from streams.scrape import Metrics, scrape
from streams.settings import Address
from tests.end_to_end.plant import Plant, delete_topics
from tests.end_to_end.test_worker_life import pid_of
from tests.sinks.alertmanager.server import Server
from tests.sinks.transitions import transition
from tests.sinks.webhook.receiver import SECRET, Receiver

PARTITIONS = 2
TOPOLOGY = """
topology: NAME
site: hongyang
metrics: {nox: {unit: mg/m3}}
sources: {emission.events: {partitions: 2}}
sinks:
  alertmanager: {urls: ["ALERTMANAGER"]}
  webhook: {url: "WEBHOOK"}
"""


class Outlets:
    """A process of `headrace outlets`."""

    def __init__(self, plant: Plant, name: str, **environment: str) -> None:
        self.address = Address("127.0.0.1", next(free_ports()))
        self.log = plant.folder / f"{name}.log"
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams", "outlets", "--metrics", str(self.address)],
                env={**plant.environment, "HEADRACE_WEBHOOK_SECRET": SECRET, **environment},
                stdout=output, stderr=output,
            )  # fmt: skip

    def metrics(self) -> Metrics:
        return scrape(self.address) or Metrics("")

    def wait_for(self, what: str, condition: Callable[[], object], seconds: float = 200.0) -> None:
        """Wait until so; AssertionError with the log's end if it does not come."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{what} did not come; log:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)

    def wait_until_ready(self) -> "Outlets":
        self.wait_for("readiness", lambda: self.metrics().ready)
        return self

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(60)


class Site:
    """A topology with its outlets, all of its own."""

    def __init__(self, plant: Plant, alertmanager: Server, webhook: Receiver) -> None:
        self.plant = plant
        self.alertmanager = alertmanager
        self.webhook = webhook
        self.running: list[Outlets] = []

    def outlets(self, name: str = "o1", **environment: str) -> Outlets:
        self.running.append(Outlets(self.plant, name, **environment))
        return self.running[-1]

    def transition(self, *arguments: str, **changes: object) -> Alarm:
        name = self.plant.topology.topology
        return transition(*arguments, topology=name, **changes)  # type: ignore[arg-type]

    def write(self, *alarms: Alarm) -> None:
        """To the partition of their asset."""
        self.plant.send("alarms", [(int(alarm.asset[-1]) % PARTITIONS, encode(alarm)) for alarm in alarms])

    def told(self) -> list[str]:
        """Ids of what the webhook was told, each when it first came."""
        return list(dict.fromkeys(alarm.id for alarm in self.webhook.taken))


@pytest.fixture
def webhook() -> Iterator[Receiver]:
    """In a thread of its own."""
    begun, end = threading.Event(), threading.Event()
    found: list[Receiver] = []

    async def serve() -> None:
        async with Receiver.listening() as receiver:
            found.append(receiver)
            begun.set()
            await asyncio.to_thread(end.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert begun.wait(60)
    yield found[0]
    end.set()
    thread.join()


@pytest.fixture
def site(deploy: Callable[[str], Plant], tmp_path: Path, webhook: Receiver) -> Iterator[Site]:
    (folder := tmp_path / "alertmanager").mkdir()
    alertmanager = Server(folder).start()
    yaml = TOPOLOGY.replace("ALERTMANAGER", alertmanager.url).replace("WEBHOOK", webhook.url)
    site = Site(deploy(yaml), alertmanager, webhook)
    yield site
    for outlets in site.running:
        outlets.kill()
    alertmanager.stop()


def test_alarms_reach_alertmanager_and_the_webhook_and_end_there(site: Site) -> None:
    raised = [site.transition(asset=f"stack-{number}") for number in range(4)]
    site.write(*raised)
    outlets = site.outlets().wait_until_ready()
    site.alertmanager.wait_for("the alarms", lambda alerts: len(alerts) == 4)
    ended = [site.transition("normal", asset="stack-1"), site.transition("shelved", asset="stack-2")]
    site.write(*ended)
    site.alertmanager.wait_for("their end", lambda alerts: len(alerts) == 2)
    assert site.alertmanager.firing() == ["stack-0", "stack-3"]
    outlets.wait_for("the webhook", lambda: len(site.told()) == 6)
    assert set(site.told()) == {alarm.id for alarm in (*raised, *ended)}
    assert site.webhook.forged == 0
    outlets.wait_for("the end of the log", lambda: not outlets.metrics().total("headrace_consumer_lag"))
    assert outlets.metrics().total("headrace_alarms_standing") == 2
    assert outlets.metrics().total("headrace_outlet_request_seconds_count", outlet="webhook") == 6
    assert outlets.stop() == 0


def test_kill_9_loses_nothing_and_what_was_told_is_not_told_again(site: Site) -> None:
    first = [site.transition(asset=f"stack-{number % 4}") for number in range(8)]
    site.write(*first)
    outlets = site.outlets()
    outlets.wait_for("the webhook", lambda: len(site.told()) == 8)
    outlets.wait_for("the commit", lambda: outlets.metrics().all("headrace_consumer_lag"))
    outlets.wait_for("the commit", lambda: not outlets.metrics().total("headrace_consumer_lag"))
    site.webhook.most = 8 + 130  # each partition's first batch is told in part, or its second
    flood = [site.transition(asset=f"stack-{number % 10}") for number in range(400)]
    site.write(*flood)
    outlets.wait_for("some of it", lambda: len(site.webhook.taken) >= 138)
    outlets.kill()
    site.webhook.most = None
    site.write(end := site.transition("normal", asset="stack-1"))
    site.outlets("o2").wait_for("the rest", lambda: len(site.told()) == 409)
    assert set(site.told()) == {alarm.id for alarm in (*first, *flood, end)}
    for number in range(10):
        of_alarm = [alarm.id for alarm in (*first, *flood, end) if alarm.asset == f"stack-{number}"]
        assert [id_ for id_ in site.told() if id_ in set(of_alarm)] == of_alarm
    repeats = [alarm.id for alarm in site.webhook.taken]
    assert all(repeats.count(alarm.id) == 1 for alarm in first)
    site.alertmanager.wait_for("the standing ones", lambda alerts: len(alerts) == 9)
    assert "stack-1" not in site.alertmanager.firing()


def test_a_webhook_that_is_away_holds_up_no_alert(site: Site) -> None:
    yaml = site.plant.file.read_text().replace(site.webhook.url, f"http://127.0.0.1:{next(free_ports())}/")
    site.plant.file.write_text(yaml)
    outlets = site.outlets().wait_until_ready()
    for number in range(3):
        site.write(site.transition(asset=f"stack-{number}"))
        site.alertmanager.wait_for("the alarm", lambda alerts, count=number + 1: len(alerts) == count)
    outlets.wait_for("its lag", lambda: outlets.metrics().total("headrace_outlet_errors_total", outlet="webhook") > 1)
    begin = time.monotonic()
    assert outlets.stop() == 0
    assert time.monotonic() - begin < 10


def test_what_was_never_committed_is_never_told(site: Site) -> None:
    aborted, committed = site.transition(asset="stack-0"), site.transition(asset="stack-2")

    async def write() -> None:
        kafka = site.plant.stack.kafka
        async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=site.plant.topology.topology) as producer:
            await producer.begin_transaction()
            await producer.send_and_wait("alarms", encode(aborted), partition=0)
            await producer.abort_transaction()
            async with producer.transaction():
                await producer.send_and_wait("alarms", encode(committed), partition=0)

    asyncio.run(write())
    outlets = site.outlets().wait_until_ready()
    site.alertmanager.wait_for("the other one", lambda alerts: bool(alerts))
    assert site.alertmanager.firing() == ["stack-2"]
    outlets.wait_for("the webhook", site.told)
    outlets.wait_for("the end of the log", lambda: len(outlets.metrics().all("headrace_consumer_lag")) == PARTITIONS)
    outlets.wait_for("the end of the log", lambda: not outlets.metrics().total("headrace_consumer_lag"))
    assert site.told() == [committed.id]


def test_two_processes_share_the_partitions_and_one_takes_over_from_the_other(site: Site) -> None:
    one, other = site.outlets("o1"), site.outlets("o2")
    for outlets in (one, other):
        outlets.wait_for("its share", lambda o=outlets: len(o.metrics().all("headrace_consumer_lag")) == 1)
        outlets.wait_until_ready()
    raised = [site.transition(asset=f"stack-{number}") for number in range(6)]
    site.write(*raised)
    site.alertmanager.wait_for("the alarms", lambda alerts: len(alerts) == 6)
    one.wait_for("the webhook", lambda: len(site.told()) == 6)
    assert [outlets.metrics().total("headrace_alarms_standing") for outlets in (one, other)] == [3, 3]
    one.kill()
    ended = [site.transition("normal", asset=f"stack-{number}") for number in range(4)]
    site.write(*ended)
    site.alertmanager.wait_for("their end", lambda alerts: len(alerts) == 2)
    assert site.alertmanager.firing() == ["stack-4", "stack-5"]
    other.wait_for("the webhook", lambda: len(site.told()) == 10)
    assert set(site.told()) == {alarm.id for alarm in (*raised, *ended)}
    assert other.metrics().total("headrace_alarms_standing") == 2


def test_sigterm_with_the_broker_away_leaves_within_ten_seconds(site: Site, stack: Stack) -> None:
    site.write(site.transition(asset="stack-1"))
    outlets = site.outlets().wait_until_ready()
    os.kill(pid_of(stack, "kafka"), signal.SIGSTOP)
    try:
        time.sleep(1)
        begin = time.monotonic()
        assert outlets.stop() == 0
        took = time.monotonic() - begin
    finally:
        os.kill(pid_of(stack, "kafka"), signal.SIGCONT)
    assert took < 10
    assert "Traceback" not in outlets.log.read_text()


def test_no_secret_is_in_the_log_or_in_the_metrics(site: Site) -> None:
    site.write(site.transition(asset="stack-1"))
    outlets = site.outlets(HEADRACE_ALERTMANAGER_TOKEN="s3cret-hunter2").wait_until_ready()
    site.alertmanager.wait_for("the alarm", lambda alerts: bool(alerts))
    outlets.wait_for("the webhook", site.told)
    assert outlets.stop() == 0
    log = outlets.log.read_text()
    assert "alarms_known" in log
    assert "s3cret" not in log
    assert SECRET.removeprefix("whsec_") not in log
    assert "/hook" not in log


def refusal(plant: Plant, *arguments: str, **environment: str) -> str:
    """What the verb says that cannot do its work: one line."""
    given = {"HEADRACE_OUTLETS_METRICS": f"127.0.0.1:{next(free_ports())}", "HEADRACE_WEBHOOK_SECRET": SECRET}
    done = plant.command("outlets", *arguments, check=False, **{**given, **environment})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("headrace: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_what_is_amiss_is_told_in_one_line(deploy: Callable[[str], Plant], tmp_path: Path) -> None:
    yaml = TOPOLOGY.replace("ALERTMANAGER", "http://127.0.0.1:9093").replace("WEBHOOK", "http://127.0.0.1:8080/")
    plant = deploy(yaml)
    assert "no topology: name a file" in refusal(plant, HEADRACE_TOPOLOGY="")
    assert "set HEADRACE_WEBHOOK_SECRET" in refusal(plant, HEADRACE_WEBHOOK_SECRET="")
    assert "no secret of a webhook" in refusal(plant, HEADRACE_WEBHOOK_SECRET="s3cret")
    assert "belong together" in refusal(plant, HEADRACE_ALERTMANAGER_USERNAME="plant")
    assert "no Kafka broker answers" in refusal(plant, HEADRACE_KAFKA=f"127.0.0.1:{next(free_ports())}")
    kafka = plant.stack.kafka
    assert f"cannot serve metrics at {kafka}" in refusal(plant, "--metrics", kafka)
    (bare := tmp_path / "bare.yaml").write_text(yaml.partition("sinks:")[0].replace("NAME", "bare"))
    assert "declares no outlet: sinks.alertmanager or sinks.webhook" in refusal(plant, "--topology", str(bare))


def test_without_the_topic_the_way_out_is_told(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY.replace("ALERTMANAGER", "http://127.0.0.1:9093").replace("WEBHOOK", "http://h/"))
    delete_topics(plant.stack.kafka)
    assert "Kafka has no topic alarms: run `headrace topology apply` first" in refusal(plant)
