"""A closed loop of HTTP clients, as lean as Python allows: each sends a request when it has the answer to its last one.

Answers are read from raw streams over connections that are kept, for what a client costs is taken from the server.
"""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from infra.bench.histogram import Ms
from schemas.errors import UserError


@dataclass(frozen=True)
class Load:
    """What a closed loop has seen."""

    latencies: Ms
    """Of each request, in the order of their ends, ms."""
    seconds: float
    unexpected: int
    """Answers that were not what they should be."""


def run(address: str, requests: Iterable[bytes], clients: int, expected: bytes) -> Load:
    """Send requests to `host:port`. An answer is to have status 200 and to contain `expected`."""
    return asyncio.run(_run(address, requests, clients, expected))


def get(path: str, address: str, headers: dict[str, str]) -> bytes:
    """A GET request over a connection that is kept."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {address}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _run(address: str, requests: Iterable[bytes], clients: int, expected: bytes) -> Load:
    host, port = address.rsplit(":", 1)
    waiting = iter(requests)
    latencies: list[float] = []
    unexpected = 0

    async def client() -> None:
        nonlocal unexpected
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            for request in waiting:
                begin = time.perf_counter()
                writer.write(request)
                status, body = await _answer(reader)
                latencies.append(time.perf_counter() - begin)
                unexpected += status != 200 or expected not in body
        finally:
            writer.close()

    begin = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Load(np.array(latencies) * 1000, time.perf_counter() - begin, unexpected)


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
    if not length:
        raise UserError(f"an answer has no length: {head[:200]!r}")
    return int(head.split(b" ", 2)[1]), await reader.readexactly(int(length))
