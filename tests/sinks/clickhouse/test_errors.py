"""Errors of the driver, the network and the server, in the terms of the error tree."""

import socket
import ssl
from typing import Any

import pytest
from clickhouse_driver import Client
from clickhouse_driver import errors as driver

from schemas.errors import SinkError, SinkRejected, SinkUnavailable
from sinks.clickhouse import errors
from sinks.clickhouse.connection import Address
from sinks.clickhouse.errors import REJECTED, RETRY_AFTER_S, SLOW_TO_PASS, sink_error, translated
from sinks.clickhouse.writer import ClickHouseSink

EXPECTED: dict[type[Exception], type[SinkError]] = {
    driver.NetworkError: SinkUnavailable,
    driver.SocketTimeoutError: SinkUnavailable,
    driver.UnexpectedPacketFromServerError: SinkUnavailable,
    driver.UnknownPacketFromServerError: SinkUnavailable,
    driver.ChecksumDoesntMatchError: SinkUnavailable,
    driver.PartiallyConsumedQueryError: SinkUnavailable,
    driver.LogicalError: SinkUnavailable,
    driver.UnknownCompressionMethod: SinkUnavailable,
    driver.TooLargeStringSize: SinkRejected,
    driver.TypeMismatchError: SinkRejected,
    driver.UnknownTypeError: SinkRejected,
    driver.CannotParseUuidError: SinkRejected,
    driver.CannotParseDomainError: SinkRejected,
}


@pytest.mark.parametrize(("error", "expected"), EXPECTED.items(), ids=lambda type_: type_.__name__)
def test_errors_of_the_driver_are_mapped(error: type[Exception], expected: type[SinkError]) -> None:
    assert type(sink_error(error("detail"))) is expected


def test_every_error_of_the_driver_is_in_the_table() -> None:
    assert set(driver.Error.__subclasses__()) - {driver.ServerException} == set(EXPECTED)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(104, "Connection reset by peer"),
        BrokenPipeError(),
        TimeoutError("timed out"),
        socket.gaierror(-2, "Name or service not known"),
        ssl.SSLCertVerificationError("certificate has expired"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_of_the_network_pass(error: Exception) -> None:
    with pytest.raises(SinkUnavailable, match="ClickHouse is away") as caught, translated():
        raise error
    assert caught.value.retry_after == RETRY_AFTER_S
    assert caught.value.__cause__ is error


def test_a_connection_that_ends_in_the_middle_passes() -> None:
    with pytest.raises(SinkUnavailable, match="ClickHouse hung up"), translated():
        raise EOFError("Unexpected EOF while reading bytes")


def test_a_mistake_of_the_program_is_not_disguised() -> None:
    with pytest.raises(ZeroDivisionError), translated():
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("code", "retry_after"),
    [
        (3, 1.0),  # UNEXPECTED_END_OF_FILE
        (159, 1.0),  # TIMEOUT_EXCEEDED
        (164, 10.0),  # READONLY
        (202, 1.0),  # TOO_MANY_SIMULTANEOUS_QUERIES
        (225, 1.0),  # NO_ZOOKEEPER
        (236, 1.0),  # ABORTED
        (241, 2.0),  # MEMORY_LIMIT_EXCEEDED
        (242, 10.0),  # TABLE_IS_READ_ONLY
        (243, 10.0),  # NOT_ENOUGH_SPACE
        (252, 5.0),  # TOO_MANY_PARTS
        (285, 1.0),  # TOO_FEW_LIVE_REPLICAS
        (319, 1.0),  # UNKNOWN_STATUS_OF_INSERT
        (394, 1.0),  # QUERY_WAS_CANCELLED
        (999, 1.0),  # KEEPER_EXCEPTION
        (65_000, 1.0),  # of a version to come
    ],
)
def test_a_server_in_trouble_is_unavailable(code: int, retry_after: float) -> None:
    error = sink_error(driver.ServerException("DB::Exception: trouble. Stack trace:\n\n0. x", code))
    assert isinstance(error, SinkUnavailable)
    assert (str(error), error.retry_after) == (f"ClickHouse error {code}: trouble", retry_after)


@pytest.mark.parametrize("code", [16, 47, 50, 53, 60, 62, 69, 81, 115, 192, 193, 349, 469, 497, 516])
def test_what_only_a_person_can_mend_is_rejected(code: int) -> None:
    assert isinstance(sink_error(driver.ServerException("DB::Exception: no", code)), SinkRejected)


def test_no_code_is_held_both_to_pass_and_to_stay() -> None:
    assert not REJECTED & SLOW_TO_PASS.keys()


def test_codes_bear_the_names_that_the_server_gives_them(client: Client) -> None:
    tables = (errors.SCHEMA_CODES, errors.ROWS_CODES, errors.STATEMENT_CODES, errors.ACCOUNT_CODES)
    named = {code: name for table in tables for code, name in table.items()}
    named |= {code: name for code, (name, _) in SLOW_TO_PASS.items()}
    for code, name in named.items():
        assert client.execute("SELECT errorCodeToName(%(code)s)", {"code": code}) == [(name,)]


def test_a_closed_port_is_unavailable() -> None:
    with pytest.raises(SinkUnavailable, match="ClickHouse is away: Connection refused"):
        ClickHouseSink(Address("127.0.0.1", 1)).write({"readings": []})


def test_the_http_port_is_told_apart(endpoint: Any) -> None:
    with pytest.raises(SinkUnavailable, match="not the port of its native protocol"):
        ClickHouseSink(Address("127.0.0.1", endpoint.http)).write({"readings": []})


def test_a_wrong_password_is_rejected(endpoint: Any) -> None:
    with pytest.raises(SinkRejected, match="516"):
        ClickHouseSink(Address("127.0.0.1", endpoint.tcp, "writer", "wrong")).write({"readings": []})
