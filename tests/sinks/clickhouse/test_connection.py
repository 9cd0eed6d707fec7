"""Addresses of ClickHouse."""

import logging
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import SettingsError, SinkRejected, SinkUnavailable
from sinks.clickhouse.connection import Address, parse
from sinks.clickhouse.writer import ClickHouseSink


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("clickhouse://localhost", Address("localhost", 9000)),
        ("clickhouse://localhost/headrace", Address("localhost", 9000)),
        ("clickhouse://ch.plant.example:19000/", Address("ch.plant.example", 19000)),
        ("clickhouse://anna:pass@h:9000/headrace", Address("h", 9000, "anna", "pass")),
        ("clickhouse://anna@h/headrace", Address("h", 9000, "anna")),
        ("clickhouse://:pass@h/headrace", Address("h", 9000, "default", "pass")),
        ("clickhouse://[::1]:9000/headrace", Address("::1", 9000)),
        ("clickhouse://h?secure=true", Address("h", 9440, secure=True)),
        ("clickhouse://h:9441?secure=1&verify=false", Address("h", 9441, secure=True, verify=False)),
        (f"clickhouse://h?secure=true&ca_certs={__file__}", Address("h", 9440, secure=True, ca_certs=__file__)),
    ],
)
def test_an_address_is_read(url: str, address: Address) -> None:
    assert parse(url) == address


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "must look like"),
        ("localhost:9000", "must look like"),
        ("http://u:hunter2@h:8123/headrace", "must look like"),
        ("clickhouse://u:hunter2@:9000/headrace", "must look like"),
        ("clickhouse://u:hunter2@h:port/headrace", "host and port"),
        ("clickhouse://u:hunter2@h:99999/headrace", "host and port"),
        ("clickhouse://u:hunter2@[::1/headrace", "host and port"),
        ("clickhouse://u:hunter2@h:9000/default", "another database"),
        ("clickhouse://u:hunter2@h?secure=maybe", "secure=true or secure=false"),
        ("clickhouse://u:hunter2@h?compression=zstd", "write lz4"),
        ("clickhouse://u:hunter2@h?secure=true&ca_certs=/no.pem", "ca_certs=/no.pem .* there is no such file"),
        ("clickhouse://u:hunter2@h?databse=x", "databse"),
        ("clickhouse://u:1?hunter2@h:9000/headrace", "percent-encoded"),
        ("clickhouse://u:1#hunter2@h:9000/headrace", "percent-encoded"),
        ("clickhouse://u:1/hunter2@h:9000/headrace", "percent-encoded"),
    ],
)
def test_a_bad_address_is_refused_in_one_line_without_its_password(url: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        parse(url)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


@given(user=st.text(min_size=1), password=st.text())
def test_any_user_and_password_can_be_written_percent_encoded(user: str, password: str) -> None:
    address = parse(f"clickhouse://{quote(user, safe='')}:{quote(password, safe='')}@h:9000/headrace")
    assert (address.user, address.password) == (user, password)


@pytest.mark.parametrize("host", ["h", "::1"])
def test_a_redacted_address_leads_to_the_same_server(host: str) -> None:
    address = Address(host, 9000, "anna maria", "hunter2")
    again = parse(address.redacted)
    assert (again.host, again.port, again.user) == (host, 9000, "anna maria")


def test_a_password_is_neither_shown_nor_logged(endpoint: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    address = Address("127.0.0.1", endpoint.tcp, "writer", "hunter2")
    assert "hunter2" not in repr(address) + str(address) + address.redacted
    with pytest.raises(SinkRejected) as wrong:
        ClickHouseSink(address).write({"readings": []})
    with pytest.raises(SinkUnavailable) as closed:
        ClickHouseSink(Address("127.0.0.1", 1, "writer", "hunter2")).write({"readings": []})
    assert "hunter2" not in str(wrong.value) + str(wrong.value.__cause__) + str(closed.value) + caplog.text
