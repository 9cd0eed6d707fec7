"""A broker and a ClickHouse as a plant has them: TLS, passwords, and rights that somebody had to grant."""

import argparse
import asyncio
import re
import shlex
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import msgspec
from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from infra.local import processes
from infra.local.clickhouse.accounts import Account
from infra.local.clickhouse_server import READER, WRITER, ClickHouseServer, users_file
from infra.local.kafka.broker import Broker
from infra.local.ports import HOST, Ports, free_ports
from infra.local.stack import Stack
from tests.end_to_end.plant import Plant, delete_topics

DOCUMENT = (Path(__file__).parents[2] / "docs" / "SECURITY.md").read_text()

MARK = "pl4nted"
"""Stands in every password, in letters that no encoding changes: whoever finds it has found a password."""
KAFKA_PASSWORD = f"{MARK}-kafka '\"$&\\%s{{}}=,;:/@ö"
CLICKHOUSE_PASSWORD = f"{MARK}-clickhouse /@:%#?&'\"\\ ö+=[]{{}}"
USERS = (
    "worker", "deployer", "outlets", "gateway", "controller", "auditor", "operator", "replayer", "screen", "resolver",
    "epcis",
)  # fmt: skip
"""Those that docs/SECURITY.md gives rights to."""

_RESOURCES = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional_id": ResourceType.TRANSACTIONAL_ID,
}

_ANY = ACLFilter(
    None, "*", ACLOperation.ANY, ACLPermissionType.ANY,
    ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
)  # fmt: skip


@dataclass
class Servers:
    """The servers and what is needed to log in to them."""

    stack: Stack
    """Its broker's address is the administrator's: a listener of its own, without a log-in."""
    folder: Path
    """Certificates, and files with passwords."""
    kafka: str
    clickhouse_port: int
    """Of TLS in front of ClickHouse's native protocol."""
    running: list[processes.Process]

    def login(self, user: str) -> dict[str, str]:
        """The environment of a process that logs in to Kafka as `user`; its passwords stand in files."""
        return {
            "HEADRACE_KAFKA": self.kafka,
            "HEADRACE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "HEADRACE_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "HEADRACE_KAFKA_SASL_USERNAME": user,
            "HEADRACE_KAFKA_SASL_PASSWORD_FILE": self._file("kafka-password", KAFKA_PASSWORD),
            "HEADRACE_KAFKA_SSL_CAFILE": str(self.folder / "ca.pem"),
            "HEADRACE_CLICKHOUSE": "",
            "HEADRACE_CLICKHOUSE_FILE": self._file("clickhouse-url", self.clickhouse_url()),
        }

    @contextmanager
    def deployed(self, yaml: str, folder: Path) -> Iterator[Plant]:
        """A topology that `deployer` has applied; what is run afterwards logs in as `worker`."""
        name = f"t{uuid4().hex[:8]}"
        (file := folder / "topology.yaml").write_text(yaml.replace("topology: NAME", f"topology: {name}"))
        self.grant(name)
        plant = Plant(self.stack, file, folder, self.login("deployer"))
        plant.environment |= self.login("worker")
        try:
            yield plant
        finally:
            for worker in plant.workers:
                worker.kill()
            delete_topics(self.stack.kafka)

    def clickhouse_url(
        self,
        user: str = WRITER,
        password: str = CLICKHOUSE_PASSWORD,
        authority: str = "ca",
        host: str = HOST,
        port: int = 0,
    ) -> str:
        """ClickHouse behind TLS, unless another port is given."""
        login = f"{user}:{quote(password, safe='')}"
        authorities = quote(str(self.folder / f"{authority}.pem"))
        return f"clickhouse://{login}@{host}:{port or self.clickhouse_port}/headrace?secure=true&ca_certs={authorities}"

    def grant(self, topology: str, without: Sequence[str] = ()) -> None:
        """Give the users the rights that docs/SECURITY.md says, but for the command that has all these words."""
        commands = acl_commands(topology)
        left_out = [command for command in commands if without and all(word in command for word in without)]
        assert len(left_out) == bool(without)
        granted = [command for command in commands if command not in left_out]
        admin = KafkaAdminClient(bootstrap_servers=self.stack.kafka)
        try:
            admin.delete_acls([_ANY])
            assert not admin.create_acls([acl for command in granted for acl in _acls(command)])["failed"]
        finally:
            admin.close()

    def _file(self, name: str, content: str) -> str:
        file = self.folder / name
        file.write_text(content)
        return str(file)


def refusal(plant: Plant, *verb: str, **environment: str) -> str:
    """What a verb says that cannot do its work: one line, without a traceback, without a secret."""
    metrics = {"HEADRACE_METRICS": f"{HOST}:{next(free_ports())}"}
    done = plant.command(*verb, check=False, **metrics, **environment)
    assert (done.returncode, done.stdout) == (1, ""), done.stdout + done.stderr
    assert re.fullmatch(r"headrace: [^\n]+\n", done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert MARK not in done.stderr
    return done.stderr


def acl_commands(topology: str) -> list[str]:
    """The `acl` commands of docs/SECURITY.md, for a topology of this name."""
    lines = DOCUMENT.replace("\\\n", " ").replace("$T", topology).splitlines()
    return [line.removeprefix("acl ") for line in lines if line.startswith("acl --")]


def _acls(command: str) -> list[ACL]:
    """What kafka-acls would make of its arguments."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--allow-principal", required=True)
    parser.add_argument("--operation", action="append", required=True)
    parser.add_argument("--resource-pattern-type", default="literal")
    for kind in _RESOURCES:
        parser.add_argument(f"--{kind.replace('_', '-')}", action="append", default=[])
    given = parser.parse_args(shlex.split(command))
    pattern = ACLResourcePatternType[given.resource_pattern_type.upper()]
    resources = [
        ResourcePattern(resource, name, pattern)
        for kind, resource in _RESOURCES.items()
        for name in getattr(given, kind)
    ]
    operations = [ACLOperation[re.sub("(?<=[a-z])(?=[A-Z])", "_", name).upper()] for name in given.operation]
    return [
        ACL(given.allow_principal, "*", operation, ACLPermissionType.ALLOW, resource)
        for resource, operation in product(resources, operations)
    ]


def start(folder: Path) -> Servers:
    """Start both servers, and make their users."""
    certificates(folder)
    kafka, sasl, controller, tcp, http = islice(free_ports(), 5)
    broker = Broker(folder, kafka, _secured(kafka, sasl, controller, folder / "server.pem"))
    accounts = {WRITER: Account(CLICKHOUSE_PASSWORD), READER: Account(CLICKHOUSE_PASSWORD, readonly=2)}
    users_file(folder).write_bytes(msgspec.json.encode(accounts))
    clickhouse = ClickHouseServer(folder, tcp, http)
    running: list[processes.Process] = []
    try:
        running.append(broker.start(folder / "logs" / broker.name, print))
        running.append(clickhouse.start(folder / "logs" / clickhouse.name, print))
        for server, process in zip((broker, clickhouse), running, strict=True):
            while not server.is_ready():
                assert process.is_alive(), (folder / "logs" / server.name).read_text()
                time.sleep(0.05)
        _make_users(f"{HOST}:{kafka}")
        front = TlsFront(tcp, folder / "server.pem")
    except BaseException:
        processes.stop(running, 10)
        raise
    passwords = dict.fromkeys(accounts, quote(CLICKHOUSE_PASSWORD, safe=""))
    stack = Stack(folder, Ports(kafka, tcp, http), (), passwords)
    return Servers(stack, folder, f"{HOST}:{sasl}", front.port, running)


def _secured(kafka: int, sasl: int, controller: int, certificate: Path) -> dict[str, str | int]:
    """SASL_SSL for everybody, with an authorizer; the administrator and the broker itself use a listener apart."""
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
    return {
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "listeners": f"PLAINTEXT://{HOST}:{kafka},SASL_SSL://{HOST}:{sasl},CONTROLLER://{HOST}:{controller}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{scram} required;",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(certificate),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": "User:ANONYMOUS",
    }


def _make_users(kafka: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        wanted = [UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, KAFKA_PASSWORD) for user in USERS]
        assert not any(admin.alter_user_scram_credentials(wanted).values())
    finally:
        admin.close()


def certificates(folder: Path) -> None:
    """An authority (`ca.pem`), the certificate of 127.0.0.1 with its key (`server.pem`), and an authority that signed
    nothing (`other.pem`)."""
    for name in ("ca", "other"):
        _openssl(folder, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    _openssl(
        folder, "-subj", "/CN=server", "-addext", f"subjectAltName=IP:{HOST}",
        "-addext", "basicConstraints=critical,CA:FALSE",
        "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "server.key", "-out", "server.crt",
    )  # fmt: skip
    (folder / "server.pem").write_text((folder / "server.key").read_text() + (folder / "server.crt").read_text())


def _openssl(folder: Path, *arguments: str) -> None:
    new = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    subprocess.run([*new, *arguments], cwd=folder, check=True, capture_output=True)


class TlsFront:
    """TLS in front of a port of this machine that speaks none."""

    def __init__(self, target: int, certificate: Path) -> None:
        self._target = target
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(certificate)
        self.port = next(free_ports())
        self._listening = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        assert self._listening.wait(10)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, HOST, self.port, ssl=self._tls)
        self._listening.set()
        await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            inner_reader, inner_writer = await asyncio.open_connection(HOST, self._target)
            await asyncio.gather(_pass(reader, inner_writer), _pass(inner_reader, writer))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()
