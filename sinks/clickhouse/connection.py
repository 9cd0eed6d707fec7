"""The address of a ClickHouse server, and a client for it.

`clickhouse://user:password@host:9000/headrace`, with reserved characters of user and password percent-encoded. The
database is always `headrace`. Options stand in the query: `secure=true` for TLS (default port 9440), `verify=false` to
accept any certificate, `ca_certs=/file.pem` for an own authority, `compression=lz4` where the network is dearer than
the processor.
"""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from clickhouse_driver import Client

from schemas.errors import SettingsError

FORM = "clickhouse://user:password@host:9000/headrace"
DATABASE = "headrace"

CONNECT_TIMEOUT_S = 5.0
REPLY_TIMEOUT_S = 60.0

_TRUTH = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Address:
    """Where ClickHouse is and who is asking. Neither `repr` nor `redacted` shows the password."""

    host: str
    port: int
    user: str = "default"
    password: str = field(default="", repr=False)
    secure: bool = False
    verify: bool = True
    ca_certs: str | None = None
    compression: str | None = None

    @property
    def redacted(self) -> str:
        """The address as people may see it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"clickhouse://{quote(self.user)}:***@{host}:{self.port}/{DATABASE}"


def parse(url: str) -> Address:
    """Read an address; SettingsError says what is wrong with it, without repeating it: it may hold a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsError(f"the ClickHouse address has no valid host and port: write {FORM}") from error
    if parts.scheme != "clickhouse" or not parts.hostname:
        raise SettingsError(f"the ClickHouse address must look like {FORM}")
    if "@" in f"{parts.path}{parts.fragment}" or ("@" in parts.query and not parts.username):
        # A sign that ends the log-in stands in it: the rest of a password would be taken for options, and shown.
        raise SettingsError(f"reserved characters of user and password must be percent-encoded: write {FORM}")
    if parts.path not in ("", "/", f"/{DATABASE}"):
        raise SettingsError(f"the ClickHouse address names another database than {DATABASE}: write {FORM}")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    secure = _truth(options, "secure", default=False)
    address = Address(
        host=parts.hostname,
        port=port or (9440 if secure else 9000),
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        secure=secure,
        verify=_truth(options, "verify", default=True),
        ca_certs=_file(options, "ca_certs"),
        compression=_compression(options),
    )
    if options:
        raise SettingsError(
            f"the ClickHouse address has the unknown option {min(options)!r}: "
            "there are secure, verify, ca_certs and compression"
        )
    return address


def connect(address: Address, reply_timeout_s: float = REPLY_TIMEOUT_S) -> Client:
    """A client that dials on first use, and waits so long for each piece of an answer.

    It names no database of its own (every statement does), so that it also works before the first migration.
    """
    # The driver logs every failed attempt with a traceback; the error it raises says the same in a line.
    logging.getLogger("clickhouse_driver.connection").setLevel(logging.ERROR)
    return Client(
        address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        client_name="headrace",
        connect_timeout=CONNECT_TIMEOUT_S,
        send_receive_timeout=reply_timeout_s,
        tcp_keepalive=True,
        secure=address.secure,
        verify=address.verify,
        ca_certs=address.ca_certs,
        compression=address.compression or False,
    )


def _truth(options: dict[str, str], name: str, *, default: bool) -> bool:
    text = options.pop(name, str(default).lower())
    if text not in _TRUTH:
        raise SettingsError(f"{name}={text} in the ClickHouse address: write {name}=true or {name}=false")
    return _TRUTH[text]


def _file(options: dict[str, str], name: str) -> str | None:
    path = options.pop(name, None)
    if path is not None and not Path(path).is_file():  # the driver would say that the server is away
        raise SettingsError(f"{name}={path} in the ClickHouse address: there is no such file")
    return path


def _compression(options: dict[str, str]) -> str | None:
    name = options.pop("compression", None)
    if name not in (None, "lz4"):  # the package that the driver needs for zstd is none of ours
        raise SettingsError(f"compression={name} in the ClickHouse address: write lz4")
    return name
