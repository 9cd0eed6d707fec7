"""What every verb says where a server is away or refuses: one line, no traceback, no secret."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.ports import free_ports
from streams.cli import main
from tests.security.servers import CLICKHOUSE_PASSWORD, KAFKA_PASSWORD, MARK, Servers

TOPOLOGY = """
topology: refused
site: s
sources: {machine.events: {partitions: 1}}
"""
EVENT = '{"ts": 1760000000000, "site": "s", "asset": "a", "values": {"t": 1}}\n'

Refusal = Callable[[str], str]

KAFKA_VERBS = [
    "topology plan FILE", "topology apply FILE", "audit --topology FILE", "dlq list --topology FILE",
    "dlq replay --topology FILE", "replay HISTORY --topology FILE --topic machine.events", "simulate --duration 1s",
]  # fmt: skip
CLICKHOUSE_VERBS = ["topology plan FILE", "topology apply FILE", "audit --topology FILE"]


@pytest.fixture
def somebody(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of somebody who may do what the verbs do, with the passwords in variables."""
    servers.grant("refused")
    for name, value in servers.login("deployer").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HEADRACE_KAFKA_SASL_PASSWORD", KAFKA_PASSWORD)
    monkeypatch.setenv("HEADRACE_CLICKHOUSE", servers.clickhouse_url())
    return monkeypatch


@pytest.fixture
def refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Refusal:
    """Runs a verb that cannot do its work, and returns what it says."""
    (file := tmp_path / "topology.yaml").write_text(TOPOLOGY)
    (history := tmp_path / "history.ndjson").write_text(EVENT)

    def run(verb: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(verb.replace("FILE", str(file)).replace("HISTORY", str(history)).split())
        said = capsys.readouterr()
        assert (ended.value.code, said.out) == (1, "")
        assert re.fullmatch(r"headrace: [^\n]+\n", said.err), said.err
        assert MARK not in said.err + caplog.text
        return said.err

    caplog.set_level("DEBUG")
    return run


@pytest.mark.parametrize("verb", KAFKA_VERBS)
def test_a_wrong_password_at_kafka_is_told(verb: str, somebody: pytest.MonkeyPatch, refusal: Refusal) -> None:
    somebody.setenv("HEADRACE_KAFKA_SASL_PASSWORD", f"{MARK}, but another")
    assert "refuses the log-in of deployer: Authentication failed" in refusal(verb)


@pytest.mark.parametrize("verb", KAFKA_VERBS)
def test_a_broker_whose_certificate_nobody_trusts_is_told(
    verb: str, somebody: pytest.MonkeyPatch, servers: Servers, refusal: Refusal
) -> None:
    somebody.setenv("HEADRACE_KAFKA_SSL_CAFILE", str(servers.folder / "other.pem"))
    assert f"the certificate of Kafka at {servers.kafka} is not trusted" in refusal(verb)


@pytest.mark.parametrize("verb", KAFKA_VERBS)
def test_a_broker_that_is_away_is_told(verb: str, somebody: pytest.MonkeyPatch, refusal: Refusal) -> None:
    somebody.setenv("HEADRACE_KAFKA", f"127.0.0.1:{next(free_ports())}")
    assert "no Kafka broker answers at 127.0.0.1:" in refusal(verb)


@pytest.mark.parametrize("verb", CLICKHOUSE_VERBS)
def test_a_wrong_password_at_clickhouse_is_told(
    verb: str, somebody: pytest.MonkeyPatch, servers: Servers, refusal: Refusal
) -> None:
    somebody.setenv("HEADRACE_CLICKHOUSE", servers.clickhouse_url(password=f"{MARK}, but another"))
    assert "ClickHouse error 516: headrace: Authentication failed" in refusal(verb)


@pytest.mark.parametrize("verb", CLICKHOUSE_VERBS)
def test_a_clickhouse_that_is_away_is_told(
    verb: str, somebody: pytest.MonkeyPatch, servers: Servers, refusal: Refusal
) -> None:
    somebody.setenv("HEADRACE_CLICKHOUSE", servers.clickhouse_url(port=next(free_ports())))
    assert "ClickHouse is away: Connection refused" in refusal(verb)


@pytest.mark.parametrize("verb", CLICKHOUSE_VERBS)
def test_a_malformed_address_is_not_repeated(verb: str, somebody: pytest.MonkeyPatch, refusal: Refusal) -> None:
    somebody.setenv("HEADRACE_CLICKHOUSE", f"clickhouse://headrace:{CLICKHOUSE_PASSWORD}@host:9000/headrace")
    assert "the ClickHouse address" in refusal(verb)
