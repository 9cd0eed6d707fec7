"""How an aiokafka producer is let go of."""

import asyncio
from contextlib import suppress
from typing import Final

from aiokafka import AIOKafkaProducer

_STOP_SECONDS: Final = 5.0
_CANCEL_SECONDS: Final = 1.0


async def stop(producer: AIOKafkaProducer) -> None:
    """Have what is waiting sent, and close. A broker that is away aiokafka would wait for without end: here 5 s."""
    try:
        await asyncio.wait_for(producer.stop(), _STOP_SECONDS)
    except TimeoutError:
        with suppress(TimeoutError):  # or else it would dial again
            await asyncio.wait_for(producer._sender.close(), _CANCEL_SECONDS)
        await producer.client.close()
