"""Where things are: the environment, read once at start.

Every variable of `VARIABLES` may also be given as a file, `<NAME>_FILE`, which is how secrets are mounted. What the
environment does not say is taken from the local stack (`headrace up`) if there is one in `.headrace/`.
"""

import base64
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from schemas.errors import SettingsError

VARIABLES: Final[dict[str, str]] = {
    "HEADRACE_KAFKA": "bootstrap servers, such as broker-1:9092,broker-2:9092",
    "HEADRACE_CLICKHOUSE": "clickhouse://user:password@host:9000/headrace (secret); with ?secure=true for TLS",
    "HEADRACE_TOPOLOGY": "topology file",
    "HEADRACE_METRICS": "address that serves /metrics and /ready, default 127.0.0.1:9464",
    "HEADRACE_KAFKA_SECURITY_PROTOCOL": "PLAINTEXT (default), SSL, SASL_PLAINTEXT or SASL_SSL",
    "HEADRACE_KAFKA_SASL_MECHANISM": "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
    "HEADRACE_KAFKA_SASL_USERNAME": "user name at the broker",
    "HEADRACE_KAFKA_SASL_PASSWORD": "password at the broker (secret)",
    "HEADRACE_KAFKA_SSL_CAFILE": "certificates that sign the brokers' certificates",
    "HEADRACE_OUTLETS_METRICS": "address at which `headrace outlets` serves /metrics, default 127.0.0.1:9465",
    "HEADRACE_SCREEN": "address of `headrace screen`, default 127.0.0.1:8700",
    "HEADRACE_RESOLVER": "address of `headrace resolver`, default 127.0.0.1:8800",
    "HEADRACE_RESOLVER_METRICS": "address at which `headrace resolver` serves /metrics, default 127.0.0.1:9466",
    "HEADRACE_EPCIS": "address of `headrace epcis`, default 127.0.0.1:8801",
    "HEADRACE_ALERTMANAGER_USERNAME": "user name at Alertmanager",
    "HEADRACE_ALERTMANAGER_PASSWORD": "password at Alertmanager (secret)",
    "HEADRACE_ALERTMANAGER_TOKEN": "bearer token for Alertmanager, in place of the two (secret)",
    "HEADRACE_WEBHOOK_SECRET": "whsec_ and 24 to 64 bytes in base64 (secret); while it changes two, space between",
    "HEADRACE_CODE_KEYS": "keys of codes, `id:base64` each, space or line between; the first one mints (secret)",
    "HEADRACE_TOKENS": "who may log in at the resolver and at EPCIS: `prefix:digest` each, space or line between",
}

_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
DEFAULT_DATA: Final = Path(".headrace")
DEFAULT_METRICS: Final = "127.0.0.1:9464"
DEFAULT_OUTLETS_METRICS: Final = "127.0.0.1:9465"
"""Beside that of a worker on the same machine."""
DEFAULT_SCREEN: Final = "127.0.0.1:8700"
DEFAULT_RESOLVER: Final = "127.0.0.1:8800"
DEFAULT_RESOLVER_METRICS: Final = "127.0.0.1:9466"
DEFAULT_EPCIS: Final = "127.0.0.1:8801"


@dataclass(frozen=True)
class Address:
    """A host and a port, to listen on or to connect to."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `host:port`; SettingsError if it is none."""
        if "@" in text:  # not shown: what stands before it may be a password
            raise SettingsError(f"an address holds no log-in: write host:port, such as {DEFAULT_METRICS}")
        host, _, port = text.rpartition(":")
        if not host or not port.isdecimal() or len(port) > 5 or int(port) > 65535:
            raise SettingsError(f"{text!r} is no address: write host:port, such as {DEFAULT_METRICS}")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class KafkaSecurity:
    """How to log in to the brokers."""

    protocol: str = "PLAINTEXT"
    mechanism: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    cafile: str | None = None

    def __post_init__(self) -> None:
        if self.protocol not in _PROTOCOLS:
            raise SettingsError(
                f"HEADRACE_KAFKA_SECURITY_PROTOCOL is {self.protocol!r}; allowed are {', '.join(_PROTOCOLS)}"
            )
        if not self.protocol.startswith("SASL"):
            return
        if not (self.mechanism and self.username and self.password):
            raise SettingsError(f"{self.protocol} needs HEADRACE_KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD")
        if self.mechanism not in _MECHANISMS:
            raise SettingsError(
                f"HEADRACE_KAFKA_SASL_MECHANISM is {self.mechanism!r}; allowed are {', '.join(_MECHANISMS)}"
            )


@dataclass(frozen=True, kw_only=True)
class OutletLogins:
    """What the alert outlets log in and sign with."""

    alertmanager_username: str | None = None
    alertmanager_password: str | None = field(default=None, repr=False)
    alertmanager_token: str | None = field(default=None, repr=False)
    webhook_secret: str | None = field(default=None, repr=False)

    def alertmanager_authorization(self) -> str | None:
        """The value of the HTTP header, a secret; none where there is no log-in. SettingsError for half of one."""
        username, password = self.alertmanager_username, self.alertmanager_password
        if self.alertmanager_token:
            if username or password:
                raise SettingsError("HEADRACE_ALERTMANAGER_TOKEN stands in place of _USERNAME and _PASSWORD: not both")
            return f"Bearer {_of_header('HEADRACE_ALERTMANAGER_TOKEN', self.alertmanager_token)}"
        if not username and not password:
            return None
        if not username or not password:
            raise SettingsError("HEADRACE_ALERTMANAGER_USERNAME and HEADRACE_ALERTMANAGER_PASSWORD belong together")
        return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one process. Its `repr` shows no secrets."""

    kafka: str
    """Bootstrap servers, `host:port` each, separated by commas."""
    clickhouse: str | None = field(default=None, repr=False)
    topology: Path | None = None
    metrics: Address
    outlets_metrics: Address
    screen: Address
    resolver: Address
    resolver_metrics: Address
    epcis: Address
    security: KafkaSecurity = KafkaSecurity()
    outlet_logins: OutletLogins = OutletLogins()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ, data: Path = DEFAULT_DATA) -> "Settings":
        """Read the environment, then the local stack in `data`.

        Raises SettingsError for a malformed variable and where no Kafka is named and no local stack is there.
        """
        value = _Reader(environ)
        kafka, clickhouse = value("HEADRACE_KAFKA"), value("HEADRACE_CLICKHOUSE")
        local = _LocalStack() if kafka and clickhouse else _local_stack(data)
        kafka, clickhouse = kafka or local.kafka, clickhouse or local.clickhouse
        if not kafka:
            raise SettingsError("no Kafka: start a local one with `headrace up` or set HEADRACE_KAFKA")
        return cls(
            kafka=",".join(str(_address("HEADRACE_KAFKA", server)) for server in _servers(kafka)),
            clickhouse=clickhouse,
            topology=topology_of(environ),
            metrics=_address("HEADRACE_METRICS", value("HEADRACE_METRICS") or DEFAULT_METRICS),
            outlets_metrics=_address(
                "HEADRACE_OUTLETS_METRICS", value("HEADRACE_OUTLETS_METRICS") or DEFAULT_OUTLETS_METRICS
            ),
            screen=_address("HEADRACE_SCREEN", value("HEADRACE_SCREEN") or DEFAULT_SCREEN),
            resolver=_address("HEADRACE_RESOLVER", value("HEADRACE_RESOLVER") or DEFAULT_RESOLVER),
            resolver_metrics=_address(
                "HEADRACE_RESOLVER_METRICS", value("HEADRACE_RESOLVER_METRICS") or DEFAULT_RESOLVER_METRICS
            ),
            epcis=_address("HEADRACE_EPCIS", value("HEADRACE_EPCIS") or DEFAULT_EPCIS),
            security=KafkaSecurity(
                protocol=value("HEADRACE_KAFKA_SECURITY_PROTOCOL") or "PLAINTEXT",
                mechanism=value("HEADRACE_KAFKA_SASL_MECHANISM"),
                username=value("HEADRACE_KAFKA_SASL_USERNAME"),
                password=value("HEADRACE_KAFKA_SASL_PASSWORD"),
                cafile=value("HEADRACE_KAFKA_SSL_CAFILE"),
            ),
            outlet_logins=OutletLogins(
                alertmanager_username=value("HEADRACE_ALERTMANAGER_USERNAME"),
                alertmanager_password=value("HEADRACE_ALERTMANAGER_PASSWORD"),
                alertmanager_token=value("HEADRACE_ALERTMANAGER_TOKEN"),
                webhook_secret=value("HEADRACE_WEBHOOK_SECRET"),
            ),
        )

    def client_options(self) -> dict[str, Any]:
        """Keyword arguments that every Kafka client takes, aiokafka's and kafka-python's alike.

        They hold the password. Raises SettingsError where the certificates cannot be read.
        """
        options: dict[str, Any] = {
            "bootstrap_servers": self.kafka.split(","),
            "security_protocol": self.security.protocol,
        }
        if self.security.protocol.endswith("SSL"):
            try:
                options["ssl_context"] = ssl.create_default_context(cafile=self.security.cafile)
            except OSError as error:
                raise SettingsError(
                    f"HEADRACE_KAFKA_SSL_CAFILE: {self.security.cafile} cannot be used: {error}"
                ) from None
        if self.security.protocol.startswith("SASL"):
            options["sasl_mechanism"] = self.security.mechanism
            options["sasl_plain_username"] = self.security.username
            options["sasl_plain_password"] = self.security.password
        return options


def clickhouse_of(environ: Mapping[str, str] = os.environ, data: Path = DEFAULT_DATA) -> str | None:
    """The address of ClickHouse, a secret, for what needs no Kafka; None where there is no local stack either."""
    return _Reader(environ)("HEADRACE_CLICKHOUSE") or _local_stack(data).clickhouse


def topology_of(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The topology file, for what needs no server; None where none is named."""
    named = _Reader(environ)("HEADRACE_TOPOLOGY")
    return Path(named) if named else None


def code_keys_of(environ: Mapping[str, str] = os.environ) -> str:
    """The keys of codes as they are written down, a secret; for `KeyRing.parse`. SettingsError where there are none."""
    keys = _Reader(environ)("HEADRACE_CODE_KEYS")
    if not keys:
        raise SettingsError("no keys of codes: set HEADRACE_CODE_KEYS, or HEADRACE_CODE_KEYS_FILE to a file of them")
    return keys


def tokens_of(environ: Mapping[str, str] = os.environ) -> str:
    """Digests of the enterprises' tokens as they are written down, for `Tokens.parse`; empty where there are none."""
    return _Reader(environ)("HEADRACE_TOKENS") or ""


class _Reader:
    """Looks a variable up, itself or as the content of the file that `<NAME>_FILE` names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __call__(self, name: str) -> str | None:
        if name not in VARIABLES:
            raise KeyError(name)
        if self._environ.get(name):
            return self._environ[name]
        file = self._environ.get(f"{name}_FILE")
        if not file:
            return None
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            # Not by its name: whoever confuses the two variables has put the secret there.
            raise SettingsError(f"the file that {name}_FILE names cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise SettingsError(f"the file that {name}_FILE names is no text in UTF-8") from None


def _of_header(name: str, secret: str) -> str:
    """A secret that can stand in an HTTP header."""
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        raise SettingsError(f"{name} is no token: allowed are printable ASCII characters without spaces")
    return secret


def _servers(kafka: str) -> list[str]:
    if "@" in kafka:  # before it is cut: a password may hold a comma
        raise SettingsError("HEADRACE_KAFKA holds a log-in: that is for HEADRACE_KAFKA_SASL_USERNAME and _PASSWORD")
    return kafka.split(",")


def _address(name: str, text: str) -> Address:
    try:
        return Address.parse(text.strip())
    except SettingsError as error:
        raise SettingsError(f"{name}: {error}") from None


@dataclass(frozen=True)
class _LocalStack:
    """Addresses of the local stack, None where there is none."""

    kafka: str | None = None
    clickhouse: str | None = field(default=None, repr=False)


class _Ports(msgspec.Struct):
    kafka: int
    clickhouse_tcp: int


class _Record(msgspec.Struct):
    """What `infra/local/record.py` writes to `stack.json`, as far as it matters here."""

    ports: _Ports


class _User(msgspec.Struct):
    """What `infra/local/clickhouse_server.py` writes to `clickhouse-users.json`, by name."""

    password: str


def _local_stack(data: Path) -> _LocalStack:
    """What `headrace up` left in `data`."""
    try:
        ports = msgspec.json.decode((data / "stack.json").read_bytes(), type=_Record).ports
        users = msgspec.json.decode((data / "clickhouse-users.json").read_bytes(), type=dict[str, _User])
        login = f"headrace:{users['headrace'].password}"
        return _LocalStack(
            f"127.0.0.1:{ports.kafka}", f"clickhouse://{login}@127.0.0.1:{ports.clickhouse_tcp}/headrace"
        )
    except (FileNotFoundError, NotADirectoryError):
        return _LocalStack()
    except OSError as error:
        raise SettingsError(f"the local stack in {data} cannot be read: {error.strerror}") from None
    except (KeyError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"the record of the local stack in {data} is damaged ({error})") from None
