import socket
from itertools import islice

import pytest

from infra.local.errors import StackError
from infra.local.ports import HOST, Ports, answers, free_ports, is_free


def listener(address: str) -> socket.socket:
    return socket.create_server((address, 0))


def test_a_port_that_another_program_listens_on_is_not_free_and_answers() -> None:
    with listener(HOST) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        assert answers(port)


def test_a_port_that_another_program_listens_on_at_all_addresses_is_not_free() -> None:
    with listener("") as server:
        assert not is_free(server.getsockname()[1])


def test_a_port_that_is_bound_but_not_listened_on_is_not_free() -> None:
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        assert not is_free(bound.getsockname()[1])
        assert not answers(bound.getsockname()[1])


def test_a_port_is_free_as_soon_as_its_server_has_ended_whatever_connections_it_had() -> None:
    with listener(HOST) as server:
        port = server.getsockname()[1]
        with socket.create_connection((HOST, port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # the server closes first, so its end lingers in TIME_WAIT
            assert client.recv(1) == b""
    assert is_free(port)
    assert not answers(port)


def test_free_ports_are_distinct_and_lie_below_those_of_outgoing_connections() -> None:
    ports = list(islice(free_ports(), 50))
    assert len(set(ports)) == 50
    assert all(20_000 <= port < 32_768 and is_free(port) for port in ports)


def test_two_parts_cannot_have_the_same_port() -> None:
    with pytest.raises(StackError, match=r"port of its own, not Ports\(kafka=9000, clickhouse_tcp=9000"):
        Ports(kafka=9000)
