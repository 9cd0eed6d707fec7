"""The queue of scans; that they reach the log: tests/end_to_end/test_resolver.py."""

import asyncio

from schemas.trace import Scan
from sinks.resolver.scans import Scans
from tests.sinks.resolver.parts import FakeEvents


def test_scans_that_wait_for_a_broker_when_the_resolver_ends_are_counted() -> None:
    events = FakeEvents()

    async def run() -> None:
        scans = Scans({"bootstrap_servers": "127.0.0.1:1"}, events)
        sending = asyncio.create_task(scans.run())
        for _ in range(3):
            scans.publish(Scan(enterprise="88.118.8", ts=0, code="88.118.8/TP-1/0", found="genuine"))
        await asyncio.sleep(0)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    asyncio.run(run())
    assert events.scans == ["dropped"] * 3
