"""How often a client may ask, and how often anybody may ask in vain.

Token buckets: a minute's worth may be used at once, and refills over a minute. Guessing one code of a product takes
2^50 tries on average whatever is done here; the limits keep guessers from wearing out the machine and the archive of
scans, and from learning anything by trying many codes that they half know.
"""

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_MINUTE: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Per minute."""

    lookups: int = 600
    """Of a client."""
    failures: int = 10
    """Of a client: codes that are mistyped, forged or unknown."""
    failures_of_prefix: int = 600
    """Of all clients together under one enterprise's prefix."""


class Buckets:
    """A bucket for each key, of which the least recently used are forgotten beyond `most`."""

    def __init__(self, per_minute: int, most: int) -> None:
        self._capacity = float(per_minute)
        self._per_second = per_minute / _MINUTE
        self._most = most
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """What is left, and when that was, in seconds. Full buckets need no entry."""

    def __len__(self) -> int:
        return len(self._levels)

    def wait(self, key: str, now: float) -> float:
        """Seconds until one token is there; 0 if there is one."""
        level = self._level(key, now)
        return 0.0 if level >= 1.0 else (1.0 - level) / self._per_second

    def take(self, key: str, now: float) -> float:
        """Take a token if there is one: 0; else the seconds until there is."""
        if (wait := self.wait(key, now)) == 0.0:
            self._levels[key] = (self._level(key, now) - 1.0, now)
            self._levels.move_to_end(key)
            if len(self._levels) > self._most:
                self._levels.popitem(last=False)
        return wait

    def _level(self, key: str, now: float) -> float:
        level, then = self._levels.get(key, (self._capacity, now))
        return min(self._capacity, level + (now - then) * self._per_second)


class Limits:
    """The buckets of one process."""

    def __init__(self, rates: Rates, clock: Callable[[], float], most_clients: int = 100_000) -> None:
        """`clock` gives seconds and never goes back."""
        self._clock = clock
        self._lookups = Buckets(rates.lookups, most_clients)
        self._failures = Buckets(rates.failures, most_clients)
        self._prefixes = Buckets(rates.failures_of_prefix, most_clients)

    def refuse(self, client: str) -> int:
        """Before a look-up: 0 if the client may ask, else the whole seconds that it has to wait."""
        now = self._clock()
        return math.ceil(self._failures.wait(client, now) or self._lookups.take(client, now))

    def failed(self, client: str, prefix: str | None) -> int:
        """After one in vain: 0, or the whole seconds to wait where the prefix has had too many."""
        now = self._clock()
        self._failures.take(client, now)
        return math.ceil(self._prefixes.take(prefix, now)) if prefix is not None else 0


def client_of(address: str) -> str:
    """Whom an address stands for: of IPv6 the network of 64 bits, in which anybody has as many as there are."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""  # all that cannot be told apart are one client
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
