"""Who may ask how often, by a hand-turned clock."""

import pytest

from sinks.resolver.limits import Buckets, Limits, Rates, client_of


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_worth_may_be_used_at_once_and_comes_back_bit_by_bit() -> None:
    clock = Clock()
    limits = Limits(Rates(lookups=60, failures=10, failures_of_prefix=100), clock)
    assert [limits.refuse("a") for _ in range(60)] == [0] * 60
    assert limits.refuse("a") == 1
    assert limits.refuse("b") == 0
    clock.now = 2.0
    assert [limits.refuse("a") for _ in range(3)] == [0, 0, 1]


def test_a_client_that_fails_too_often_is_not_answered_at_all_until_it_has_waited() -> None:
    clock = Clock()
    limits = Limits(Rates(lookups=600, failures=3, failures_of_prefix=100), clock)
    for _ in range(3):
        assert limits.refuse("a") == 0
        assert limits.failed("a", "88.118.8") == 0
    assert limits.refuse("a") == 20
    clock.now = 20.0
    assert limits.refuse("a") == 0


def test_all_clients_together_may_fail_so_often_under_a_prefix() -> None:
    limits = Limits(Rates(failures_of_prefix=5), Clock())
    assert [limits.failed(f"client {number}", "88.118.8") for number in range(7)] == [0, 0, 0, 0, 0, 12, 12]
    assert limits.failed("client 8", "6901234") == 0
    assert limits.failed("client 9", None) == 0


def test_memory_is_bounded_and_the_least_recently_used_are_forgotten() -> None:
    buckets = Buckets(per_minute=1, most=100)
    for number in range(1_000):
        assert buckets.take(str(number), 0.0) == 0.0
    assert len(buckets) == 100
    assert buckets.wait("999", 0.0) > 0
    assert buckets.wait("0", 0.0) == 0.0


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_a_network_of_ipv6_is_one_client_and_what_cannot_be_read_is_one_too(address: str, client: str) -> None:
    assert client_of(address) == client
