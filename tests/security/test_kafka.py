"""Kafka with TLS, SCRAM and an authorizer: the rights that docs/SECURITY.md lists are enough, and what is amiss is told
in a line."""

import asyncio
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka.admin import ACL, ACLOperation, ACLPermissionType, NewTopic, ResourcePattern, ResourceType
from structlog.testing import capture_logs

from schemas.errors import UserError
from schemas.topics import ALARM_ACTIONS, ANOMALIES, MACHINE_EVENTS, PROCESS_ACKS, TRACE_EVENTS, checkpoint_topic
from schemas.trace import Scan
from sinks.bigscreen.actions import Actions
from sinks.bigscreen.feed import Feed
from sinks.epcis.log import Log
from sinks.resolver.scans import Scans
from streams.adjustment_reader import AdjustmentReader
from streams.event_producer import EventProducer
from streams.settings import Settings
from streams.topology import rights
from streams.topology.apply import admin_client
from streams.transaction import Transactions
from tests.end_to_end.plant import Plant
from tests.security.servers import MARK, Servers, refusal
from tests.sinks.bigscreen.known import alarm
from tests.sinks.resolver.parts import FakeEvents

TOPOLOGY = """
topology: NAME
site: s
time: {idle_timeout: 2s}
metrics: {t: {unit: °C}}
sources: {machine.events: {partitions: 2}}
windows: [{name: 10s, size: 10s, lateness: 5s}]
detectors: [{name: high, kind: limit, metrics: [t], high: 90}]
alarms: [{name: hot, metrics: [t], high: 7}]
"""
WRITTEN = [
    f"WRITE on {topic}" for topic in ("aggregates", "alarms", "anomalies", "dead.letters", "process.adjustments")
]
HISTORY = "".join(
    f'{{"ts": {1_760_000_000_000 + n}, "site": "s", "asset": "a", "values": {{"t": {n}}}}}\n' for n in range(9)
)


@pytest.fixture(scope="module")
def deployed(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """A topology that `deployer` has applied with the rights that are documented."""
    with servers.deployed(TOPOLOGY, tmp_path_factory.mktemp("plant")) as plant:
        yield plant


def test_a_worker_that_lacks_a_right_ends_with_one_line(deployed: Plant, servers: Servers) -> None:
    servers.grant(deployed.topology.topology, without=("User:worker", "--topic aggregates"))
    told = refusal(deployed, "worker")
    assert f"does not grant {', '.join(WRITTEN)}: see docs/SECURITY.md" in told


@pytest.mark.parametrize(
    ("user", "arguments", "says"),
    [
        ("gateway", "replay HISTORY --topic machine.events", "9 events from 1 of 1 files"),
        ("replayer", "dlq list", "0 dead letters"),
        ("replayer", "dlq replay", "0 messages sent"),
        ("deployer", "topology plan TOPOLOGY", "nothing to do"),
    ],
)
def test_every_verb_does_with_the_rights_that_are_documented_for_it(
    user: str, arguments: str, says: str, deployed: Plant, servers: Servers
) -> None:
    servers.grant(deployed.topology.topology)
    (history := deployed.folder / "history.ndjson").write_text(HISTORY)
    words = arguments.replace("HISTORY", str(history)).replace("TOPOLOGY", str(deployed.file)).split()
    assert says in deployed.command(*words, **servers.login(user)).stdout


def test_the_control_system_reads_commands_and_acknowledges_with_its_rights_and_others_do_not(
    deployed: Plant, servers: Servers
) -> None:
    servers.grant(deployed.topology.topology)
    admin = KafkaAdminClient(bootstrap_servers=servers.stack.kafka)
    admin.create_topics([NewTopic(PROCESS_ACKS.name, 1, 1)])  # the topology here has no playbooks
    admin.close()

    async def respond(user: str) -> int:
        options = Settings.from_environment(servers.login(user)).client_options()
        async with AdjustmentReader(options) as reader, EventProducer(options) as acks:
            await acks.send(PROCESS_ACKS.name, [(b"s/a", b"{}")])
            assert await reader.newest() == []
        return acks.acknowledged

    assert asyncio.run(respond("controller")) == 1
    with pytest.raises(UserError, match=r"has no topic process\.adjustments, process\.acks"):
        asyncio.run(respond("gateway"))


def need_trace_events(servers: Servers) -> None:
    """The topic of codes, which the topology here does not have; tests share the broker."""
    admin = KafkaAdminClient(bootstrap_servers=servers.stack.kafka)
    if TRACE_EVENTS.name not in admin.list_topics():
        admin.create_topics([NewTopic(TRACE_EVENTS.name, 2, 1)])
    admin.close()


def test_the_resolver_sends_scans_with_its_rights_and_does_nothing_else(deployed: Plant, servers: Servers) -> None:
    servers.grant(deployed.topology.topology)
    need_trace_events(servers)
    events = FakeEvents()

    async def publish() -> None:
        scans = Scans(Settings.from_environment(servers.login("resolver")).client_options(), events)
        scans.publish(Scan(enterprise="88.118.8", ts=1, code="88.118.8/A/0", found="forged"))
        task = asyncio.ensure_future(scans.run())
        while not events.scans:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(publish())
    assert events.scans == ["sent"]
    options = Settings.from_environment(servers.login("resolver")).client_options()

    async def meddle() -> None:
        async with EventProducer(options) as producer:
            await producer.send(ALARM_ACTIONS.name, [(b"s/a", b"{}")])

    with pytest.raises(UserError):
        asyncio.run(meddle())


def test_the_screen_reads_and_acts_with_its_rights(deployed: Plant, servers: Servers) -> None:
    servers.grant(deployed.topology.topology)
    options = Settings.from_environment(servers.login("screen")).client_options()

    async def look_and_act() -> None:
        reading = asyncio.Event()
        feed = Feed(options, "t", lambda _: None, lambda _: None)
        task = asyncio.ensure_future(feed.run(reading.set))
        await reading.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        actions = Actions(options, longest_shelf_ms=1)
        await actions.send(alarm("a", 1), "acknowledge", "Wang Fang", "seen")
        await actions.stop()

    asyncio.run(look_and_act())


def test_epcis_captures_and_asks_how_far_the_workers_are_with_its_rights(deployed: Plant, servers: Servers) -> None:
    servers.grant(deployed.topology.topology)
    need_trace_events(servers)
    options = Settings.from_environment(servers.login("epcis")).client_options()

    async def capture() -> None:
        async with Log(options, deployed.topology.topology) as log:
            job = await log.send("88.118.8", [b"{}"] * 3, proceed=False)
            assert len(job.offsets) == 3
            assert not await log.is_archived(job)

    asyncio.run(capture())


def test_a_topic_that_a_worker_sees_and_may_not_write_to_does_not_keep_it_from_taking_over(
    deployed: Plant, servers: Servers
) -> None:
    """It is none of the topology's, and somebody has a transaction open there."""
    name = deployed.topology.topology
    servers.grant(name, without=("User:worker", "--topic aggregates"))
    admin = KafkaAdminClient(bootstrap_servers=servers.stack.kafka)
    seen = ResourcePattern(ResourceType.TOPIC, ANOMALIES.name)
    admin.create_acls([ACL("User:worker", "*", ACLOperation.DESCRIBE, ACLPermissionType.ALLOW, seen)])
    admin.close()

    async def take_over() -> None:
        other = AIOKafkaProducer(bootstrap_servers=servers.stack.kafka, transactional_id="other")
        await other.start()
        await other.begin_transaction()
        for topic in (ANOMALIES.name, checkpoint_topic(name)):
            await other.send_and_wait(topic, b"open", b"other", partition=0)
        options = Settings.from_environment(servers.login("worker")).client_options()
        mine = Transactions(options, name, MACHINE_EVENTS.name, 0, {})
        with capture_logs() as logs:
            await mine.start()
        assert [len(line["partitions"]) for line in logs] == [2, 1]
        await other.abort_transaction()
        await mine.keep(b"state", 0)
        await mine.stop(2)
        await other.stop()

    asyncio.run(take_over())


LACKING = {
    "Write --topic machine.events": ["READ on machine.events", "WRITE on machine.events"],
    "Read --topic anomaly.feedback": ["READ on anomaly.feedback"],
    "Write --topic aggregates": WRITTEN,
    "Write --topic alarm.actions": ["READ on alarm.actions", "WRITE on alarm.actions"],
    "--topic headrace.NAME.checkpoints": ["READ on headrace.NAME.checkpoints", "WRITE on headrace.NAME.checkpoints"],
    "--group headrace.NAME": ["READ on group headrace.NAME"],
    "--transactional-id headrace.NAME.": ["WRITE on transactional ids that begin with headrace.NAME."],
}


@pytest.mark.parametrize("command", LACKING)
def test_every_right_that_a_worker_lacks_is_named_before_it_begins(
    command: str, deployed: Plant, servers: Servers
) -> None:
    name = deployed.topology.topology
    servers.grant(name, without=("User:worker", command.replace("NAME", name)))
    settings = Settings.from_environment(servers.login("worker"))
    with pytest.raises(UserError) as told, admin_client(settings.client_options()) as client:
        rights.check(client, deployed.topology)
    lacking = ", ".join(LACKING[command]).replace("NAME", name)
    assert str(told.value) == f"Kafka does not grant {lacking}: see docs/SECURITY.md"


OUTLETS_LACKING = {
    "": "",
    "Read --topic alarms": "READ on alarms",
    "--group headrace.NAME.outlets": "READ on group headrace.NAME.outlets",
}


@pytest.mark.parametrize("command", OUTLETS_LACKING)
def test_the_outlets_need_the_rights_that_are_documented_and_name_the_one_that_they_lack(
    command: str, deployed: Plant, servers: Servers
) -> None:
    name = deployed.topology.topology
    servers.grant(name, without=("User:outlets", command.replace("NAME", name)) if command else ())
    settings = Settings.from_environment(servers.login("outlets"))
    told = ""
    try:
        with admin_client(settings.client_options()) as client:
            rights.check_outlets(client, deployed.topology)
    except UserError as error:
        told = str(error)
    lacking = OUTLETS_LACKING[command].replace("NAME", name)
    assert told == (f"Kafka does not grant {lacking}: see docs/SECURITY.md" if lacking else "")


WRONG = {
    "the password": (
        {"HEADRACE_KAFKA_SASL_PASSWORD": f"{MARK}, but another"},
        "refuses the log-in of worker: Authentication failed",
    ),
    "the user": ({"HEADRACE_KAFKA_SASL_USERNAME": "nobody"}, "refuses the log-in of nobody: Authentication failed"),
    "the mechanism": ({"HEADRACE_KAFKA_SASL_MECHANISM": "PLAIN"}, "does not offer PLAIN"),
    "the authority": ({"HEADRACE_KAFKA_SSL_CAFILE": "FOLDER/other.pem"}, "is not trusted (unable to get local issuer"),
    "no authority": ({"HEADRACE_KAFKA_SSL_CAFILE": ""}, "is not trusted (unable to get local issuer certificate)"),
    "the host's name": ({"HEADRACE_KAFKA": "localhost:PORT"}, "is not trusted (Hostname mismatch"),
    "no TLS": ({"HEADRACE_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"}, "is no Kafka broker with SASL_PLAINTEXT"),
}


@pytest.mark.parametrize("amiss", WRONG)
def test_what_is_amiss_with_the_log_in_is_told_in_one_line(amiss: str, servers: Servers) -> None:
    environment, says = WRONG[amiss]
    port = servers.kafka.rpartition(":")[2]
    given = {
        name: value.replace("FOLDER", str(servers.folder)).replace("PORT", port) for name, value in environment.items()
    }
    settings = Settings.from_environment(servers.login("worker") | given)
    with pytest.raises(UserError) as told, admin_client(settings.client_options()):
        pass
    assert says in str(told.value)
    assert "\n" not in str(told.value)
    assert MARK not in str(told.value)
