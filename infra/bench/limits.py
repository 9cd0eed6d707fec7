"""Two limits, as programs of their own: `python -m infra.bench.limits poll|lean TOPIC EVENTS` with HEADRACE_KAFKA.

`poll` is the bare poll loop of aiokafka: `getmany`, and count. `lean` takes the values out of the record batches
beneath it and decodes them with msgspec, with nothing behind it: what the log and JSON cost whoever reads them.
"""

import asyncio
import os
import sys
import time
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import FetchResult

from schemas.events import Event

_LINGER_SECONDS = 0.3
"""A process that has ended can no longer be measured."""


async def _poll(consumer: Any, records: int) -> None:
    seen = 0
    while seen < records:
        for batch in (await consumer.getmany(timeout_ms=200)).values():
            seen += len(batch)


async def _lean(consumer: Any, records: int) -> None:
    seen = 0
    decode = msgspec.json.Decoder(Event).decode
    fetcher = consumer._fetcher
    while seen < records:
        for where, result in list(fetcher._records.items()):
            if isinstance(result, FetchResult):
                seen += _decode(result, decode)
            fetcher._records.pop(where, None)
            fetcher._notify(fetcher._wait_consume_future)
            await asyncio.sleep(0)
        if seen < records and not fetcher._records:
            await asyncio.wait([fetcher._create_fetch_waiter()], timeout=0.2)


def _decode(result: Any, decode: Any) -> int:
    """Decode all that one fetch brought."""
    fetched, count = result._partition_records, 0
    while fetched._records.has_next():
        batch = fetched._records.next_batch()
        begin = fetched.next_fetch_offset
        for record in batch:
            if record.offset >= begin:
                decode(record.value)
                count += 1
        fetched.next_fetch_offset = batch.next_offset
    result._update_position()
    result._partition_records = None
    return count


async def _run(limit: str, topic: str, records: int) -> None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=os.environ["HEADRACE_KAFKA"],
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=2 << 20,
        fetch_max_wait_ms=100,
    )
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()
        places = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic) or ())]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        print(f"FIRST {time.time():.3f}", flush=True)
        await (_lean if limit == "lean" else _poll)(consumer, records)
        print(f"DONE {time.time():.3f}", flush=True)
        await asyncio.sleep(_LINGER_SECONDS)
    finally:
        await consumer.stop()


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], sys.argv[2], int(sys.argv[3])))
