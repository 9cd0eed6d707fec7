"""The events of the benchmarks: a function of their settings alone, so that the oracle sees what the systems see.

Every asset sends a message once a second of event time, so a window of 10 s holds ten points of a series. Gateways
disorder the messages a little, always within the lateness: no system can drop one, whatever it calls late, and all must
agree.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

START_MS = 1_760_000_000_000
"""Event time of the first event: in the past for every broker, on the boundary of a window."""
WINDOW_MS = 10_000
LATENESS_MS = 5_000
SITE = "bench"
_DISORDER_MS = 1_200
_FLUSH_MS = 60_000
"""How far after the last event the flush events lie, which close every window before them."""


@dataclass(frozen=True)
class Events:
    """A stretch of the workload, one entry per event: event time in ms, number of the asset, values per metric."""

    first: int
    ts: Ints
    asset: Ints
    values: Floats


@dataclass(frozen=True)
class Workload:
    """What is sent. Event `i` is of asset `i % assets`, and asset `a` is in partition `a % partitions`."""

    events: int = 2_000_000
    assets: int = 500
    partitions: int = 4
    metrics: int = 1
    event_bytes: int = 160
    """Size of an event's JSON, padded by a field that nobody reads; what does not fit is longer."""
    frame: int = 1
    """Events of one asset in one message, all of one second: a JSON array where it is more than one."""
    flush: bool = True
    """Whether flush events close all windows at the end; without them the last ones stay open."""
    seed: int = 1

    def __post_init__(self) -> None:
        if min(self.events, self.assets, self.partitions, self.metrics, self.frame) < 1:
            raise ValueError("events, assets, partitions, metrics and frame must be 1 or more")

    def chunks(self) -> Iterator[Events]:
        """The events in the order in which they are sent, whole frames, up to about 100,000 at a time."""
        random = np.random.default_rng(self.seed)
        most = max(100_000 // self.frame, 1) * self.frame
        for first in range(0, self.events, most):
            number = np.arange(first, min(first + most, self.events), dtype=np.int64)
            message, place = np.divmod(number, self.frame)
            second, asset = np.divmod(message, self.assets)
            sent = START_MS + _DISORDER_MS + second * 1000 + asset * 1000 // self.assets + place * 1000 // self.frame
            # Its last digit is another one in each of five seconds, so that no two events of an asset have one time:
            # systems do not agree whether those are one reading or two.
            early = 10 * random.integers(0, _DISORDER_MS // 10, int(message[-1] - message[0]) + 1)
            ts = sent - early[message - message[0]] - second % 5
            values = np.round(random.normal(50.0, 2.0, (len(number), self.metrics)) + (asset % 97)[:, None], 3)
            yield Events(first, ts, asset, values)

    def messages(self) -> Iterator[tuple[int, bytes, bytes]]:
        """(partition, key, value) of every message, in order; the flush events are the last, one for each partition."""
        names = [f"m{number}" for number in range(self.metrics)]
        for events in self.chunks():
            rows = zip(events.ts.tolist(), events.asset.tolist(), events.values.tolist(), strict=True)
            encoded = [self._encode(ts, asset, names, values) for ts, asset, values in rows]
            assets = events.asset.tolist()
            for begin in range(0, len(encoded), self.frame):
                frame = encoded[begin : begin + self.frame]
                asset = assets[begin]
                value = frame[0] if self.frame == 1 else b"[" + b",".join(frame) + b"]"
                yield asset % self.partitions, _key(asset), value
        for partition in range(self.partitions if self.flush else 0):
            flush = self.assets - self.assets % -self.partitions + partition
            yield partition, _key(flush), self._encode(self.flush_ms, flush, names, [0.0] * self.metrics)

    @property
    def records(self) -> int:
        """Messages in the topic, the flush events included."""
        return -(-self.events // self.frame) + self.partitions * self.flush

    @property
    def points(self) -> int:
        """Values in the events, without those of the flush events."""
        return self.events * self.metrics

    @property
    def flush_ms(self) -> int:
        """Event time of the flush events; windows from here on are not expected of anyone."""
        seconds = self.events // (self.assets * self.frame) + 2
        return START_MS + _DISORDER_MS + seconds * 1000 + _FLUSH_MS

    def _encode(self, ts: int, asset: int, names: list[str], values: list[float]) -> bytes:
        fields = ",".join(f'"{name}":{value:.3f}' for name, value in zip(names, values, strict=True))
        event = f'{{"ts":{ts},"site":"{SITE}","asset":"{asset_name(asset)}","values":{{{fields}}},"gateway":"'
        return (event + "gw-0".ljust(self.event_bytes - len(event) - 2, ".") + '"}').encode()


def asset_name(number: int) -> str:
    """The name of an asset in events."""
    return f"machine-{number:04d}"


def asset_number(name: str) -> int:
    """The inverse of `asset_name`."""
    return int(name.rpartition("-")[2])


def _key(asset: int) -> bytes:
    return f"{SITE}/{asset_name(asset)}".encode()
