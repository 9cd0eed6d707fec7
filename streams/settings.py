"""Where things are: the environment, read once at start.

Every variable of `VARIABLES` may also be given as a file, `<NAME>_FILE`, which is how secrets are mounted. What the
environment does not say is taken from the local stack (`headrace up`) if there is one in `.headrace/`.
"""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from schemas.errors import SettingsError

VARIABLES: Final[dict[str, str]] = {
    "HEADRACE_KAFKA": "bootstrap servers, such as broker-1:9092,broker-2:9092",
    "HEADRACE_CLICKHOUSE": "clickhouse://user:password@host:9000/headrace",
    "HEADRACE_TOPOLOGY": "topology file",
    "HEADRACE_METRICS": "address that serves /metrics and /ready, default 127.0.0.1:9464",
    "HEADRACE_KAFKA_SECURITY_PROTOCOL": "PLAINTEXT (default), SSL, SASL_PLAINTEXT or SASL_SSL",
    "HEADRACE_KAFKA_SASL_MECHANISM": "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
    "HEADRACE_KAFKA_SASL_USERNAME": "user name at the broker",
    "HEADRACE_KAFKA_SASL_PASSWORD": "password at the broker (secret)",
    "HEADRACE_KAFKA_SSL_CAFILE": "certificates that sign the brokers' certificates",
}

_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
DEFAULT_DATA: Final = Path(".headrace")
DEFAULT_METRICS: Final = "127.0.0.1:9464"


class Address(msgspec.Struct, frozen=True):
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `host:port`; SettingsError if it is none."""
        host, _, port = text.rpartition(":")
        if not host or not port.isdecimal() or not 0 <= int(port) < 65536:
            raise SettingsError(f"{text!r} is no address: write host:port, such as {DEFAULT_METRICS}")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class KafkaSecurity(msgspec.Struct, frozen=True, kw_only=True):
    """How to log in to the brokers."""

    protocol: str = "PLAINTEXT"
    mechanism: str | None = None
    username: str | None = None
    password: str | None = None
    cafile: str | None = None

    def __post_init__(self) -> None:
        if self.protocol not in _PROTOCOLS:
            raise SettingsError(
                f"HEADRACE_KAFKA_SECURITY_PROTOCOL is {self.protocol!r}; allowed are {', '.join(_PROTOCOLS)}"
            )
        if self.protocol.startswith("SASL") and not (self.mechanism and self.username and self.password):
            raise SettingsError(f"{self.protocol} needs HEADRACE_KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD")

    def __repr__(self) -> str:
        return f"KafkaSecurity(protocol={self.protocol!r}, mechanism={self.mechanism!r}, username={self.username!r})"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one process."""

    kafka: str
    clickhouse: str | None = None
    topology: Path | None = None
    metrics: Address
    security: KafkaSecurity = KafkaSecurity()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ, data: Path = DEFAULT_DATA) -> "Settings":
        """Read the environment, then the local stack in `data`.

        Raises SettingsError for a malformed variable and where no Kafka is named and no local stack is there.
        """
        value = _Reader(environ)
        local = _local_stack(data)
        kafka = value("HEADRACE_KAFKA") or local.get("kafka")
        if not kafka:
            raise SettingsError("no Kafka: start a local one with `headrace up` or set HEADRACE_KAFKA")
        topology = value("HEADRACE_TOPOLOGY")
        return cls(
            kafka=kafka,
            clickhouse=value("HEADRACE_CLICKHOUSE") or local.get("clickhouse"),
            topology=Path(topology) if topology else None,
            metrics=Address.parse(value("HEADRACE_METRICS") or DEFAULT_METRICS),
            security=KafkaSecurity(
                protocol=value("HEADRACE_KAFKA_SECURITY_PROTOCOL") or "PLAINTEXT",
                mechanism=value("HEADRACE_KAFKA_SASL_MECHANISM"),
                username=value("HEADRACE_KAFKA_SASL_USERNAME"),
                password=value("HEADRACE_KAFKA_SASL_PASSWORD"),
                cafile=value("HEADRACE_KAFKA_SSL_CAFILE"),
            ),
        )

    def __repr__(self) -> str:
        return f"Settings(kafka={self.kafka!r}, topology={self.topology!r}, metrics={self.metrics!s})"

    def aiokafka_options(self) -> dict[str, Any]:
        """Keyword arguments that every aiokafka client of this process takes."""
        return self._client_options()

    def kafka_client_options(self) -> dict[str, Any]:
        """Keyword arguments that kafka-python's clients take."""
        return self._client_options()

    def _client_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "bootstrap_servers": [server.strip() for server in self.kafka.split(",")],
            "security_protocol": self.security.protocol,
        }
        if "SSL" in self.security.protocol.split("_"):
            options["ssl_context"] = ssl.create_default_context(cafile=self.security.cafile)
        if self.security.protocol.startswith("SASL"):
            options["sasl_mechanism"] = self.security.mechanism
            options["sasl_plain_username"] = self.security.username
            options["sasl_plain_password"] = self.security.password
        return options


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
            raise SettingsError(f"{name}_FILE names {file}, which cannot be read: {error.strerror}") from None


def _local_stack(data: Path) -> dict[str, str]:
    """What `headrace up` left in `data`: addresses in stack.json, the password beside it."""
    try:
        record = msgspec.json.decode((data / "stack.json").read_bytes(), type=dict[str, Any])
        users = msgspec.json.decode((data / "clickhouse-users.json").read_bytes(), type=dict[str, dict[str, Any]])
        ports = record["ports"]
        password = users["headrace"]["password"]
        return {
            "kafka": f"127.0.0.1:{ports['kafka']}",
            "clickhouse": f"clickhouse://headrace:{password}@127.0.0.1:{ports['clickhouse_tcp']}/headrace",
        }
    except FileNotFoundError:
        return {}
    except (KeyError, msgspec.DecodeError) as error:
        raise SettingsError(
            f"{data}/stack.json cannot be read ({error}); `headrace down` and `headrace up` mend it"
        ) from None
