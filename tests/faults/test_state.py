"""Checkpoints that are missing, damaged or of another version, and topologies that change between two runs."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from schemas import topics
from streams import checkpoint
from streams.processor import Processor
from streams.rendering import Message, Renderer
from streams.scrape import scrape
from streams.topology.load import load
from tests.end_to_end.plant import RESULTS, Plant, Worker, assert_same, chunk
from tests.end_to_end.test_exactly_once import disordered
from tests.faults.conftest import TOPOLOGY, Site


def newest(plant: Plant) -> dict[bytes, tuple[int, bytes]]:
    """Partition and bytes of the newest checkpoint of every source partition."""
    log = plant.log(topics.checkpoint_topic(plant.topology.topology))
    return {record.key: (record.partition, record.value) for record in log if not record.key.endswith(b"/out")}


def put(plant: Plant, blobs: dict[bytes, tuple[int, bytes]]) -> None:
    """Append checkpoints."""

    async def send() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=plant.stack.kafka, max_request_size=16 << 20)
        await producer.start()
        for key, (partition, blob) in blobs.items():
            await producer.send_and_wait(
                topics.checkpoint_topic(plant.topology.topology), blob, key=key, partition=partition
            )
        await producer.stop()

    asyncio.run(send())


def lose_checkpoints(plant: Plant) -> None:
    """Delete the checkpoint topic, and make it anew."""
    topic = topics.checkpoint_topic(plant.topology.topology)
    admin = KafkaAdminClient(bootstrap_servers=plant.stack.kafka)
    admin.delete_topics([topic])
    while topic in admin.list_topics():
        time.sleep(0.1)
    admin.close()
    plant.command("topology", "apply", str(plant.file))
    assert not newest(plant)


def delete_offsets(plant: Plant) -> None:
    """Delete the group, which takes until the session of its last worker has ended."""
    group = topics.group_id(plant.topology.topology)
    admin = KafkaAdminClient(bootstrap_servers=plant.stack.kafka)
    while group in {one["group_id"] if isinstance(one, dict) else one[0] for one in admin.list_groups()}:
        with suppress(KafkaError):
            admin.delete_groups([group])
        time.sleep(0.5)
    admin.close()


def stopped_in_the_middle(here: Site) -> dict[bytes, tuple[int, bytes]]:
    """Have a worker process a while under load and leave; gives its last checkpoints."""
    [worker] = here.begin()
    time.sleep(3)
    assert worker.stop() == 0
    found = newest(here.plant)
    assert len(found) == 3
    return found


def refuses(here: Site, reason: str) -> Worker:
    """A worker that says `reason`, is not ready, and does nothing to the results."""
    before = here.plant.ids_in_clickhouse("aggregates")
    worker = here.plant.worker("refusing")
    worker.wait_for("the reason", lambda: reason in worker.log.read_text())
    time.sleep(2)
    metrics = scrape(worker.address)
    assert metrics is not None
    assert not metrics.ready
    assert here.plant.ids_in_clickhouse("aggregates") == before
    return worker


def goes_on(here: Site, fault: str) -> None:
    """The next worker goes on as if nothing had been."""
    begin = time.monotonic()
    worker = here.plant.worker()
    here.recovered(worker, since=begin)
    here.end(fault, worker)


@pytest.mark.fault
def test_a_missing_checkpoint_is_refused_and_brought_back(site: Callable[..., Site]) -> None:
    here = site()
    saved = stopped_in_the_middle(here)
    lose_checkpoints(here.plant)
    refuses(here, "has no checkpoint").stop()
    put(here.plant, saved)
    goes_on(here, "checkpoint missing: refused, then brought back")


@pytest.mark.fault
def test_whoever_deletes_the_groups_offsets_too_has_the_whole_log_processed_again(site: Callable[..., Site]) -> None:
    plant = site().plant
    plant.send("machine.events", disordered(20_000))
    plant.run_to_the_log_end()
    rows = {table: plant.ids_in_clickhouse(table) for table in RESULTS.values()}
    lose_checkpoints(plant)
    delete_offsets(plant)
    plant.run_to_the_log_end()
    assert {table: plant.ids_in_clickhouse(table) for table in RESULTS.values()} == rows
    assert rows["aggregates"]
    for topic, table in RESULTS.items():
        times = set(Counter((id_, value) for _, id_, value in plant.messages(topic)).values())
        assert times == ({2} if rows[table] else set())


@pytest.mark.fault
@pytest.mark.parametrize("change", ["corrupt", "newer"])
def test_a_checkpoint_that_cannot_be_read_is_refused_and_brought_back(site: Callable[..., Site], change: str) -> None:
    here = site()
    saved = stopped_in_the_middle(here)
    version, end = (b"\x63", b"") if change == "newer" else (b"", b"!")
    put(here.plant, {
        key: (partition, blob[:4] + (version or blob[4:5]) + blob[5:] + end) for key, (partition, blob) in saved.items()
    })  # fmt: skip
    refuses(here, "has format 99" if change == "newer" else "checksum is wrong").stop()
    put(here.plant, saved)
    goes_on(here, f"checkpoint {'of a newer version' if change == 'newer' else 'corrupt'}: refused, then brought back")


@pytest.mark.fault
def test_a_checkpoint_of_the_older_version_is_read(site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch) -> None:
    here = site(TOPOLOGY.replace("idle_timeout: 1h", "idle_timeout: 1h, duplicates: 0ms"))
    saved = stopped_in_the_middle(here)
    older = {}
    states = {key: (partition, checkpoint.unpack(blob)) for key, (partition, blob) in saved.items()}
    monkeypatch.setattr(checkpoint, "FORMAT", 1)
    for key, (partition, state) in states.items():
        del state.engine["duplicates"], state.engine["gone"], state.engine["new_series"]
        del state.engine["counts"]["points_duplicate"]
        for windows in state.engine["windows"].values():
            windows["counters"] = windows["counters"][[0, 1, 2, 4]]
        older[key] = partition, checkpoint.pack(state)
    assert all(blob[4] == 1 for _, blob in older.values())
    put(here.plant, older)
    monkeypatch.undo()
    goes_on(here, "checkpoint of an older version: read")


CHANGED = (
    TOPOLOGY.replace("windows:\n", "windows:\n  - {name: 20s, size: 20s, lateness: 5s}\n")
    .replace("  - {name: gone, kind: missing, metrics: [t], timeout: 20s}\n", "")
    .replace("high: 3.0", "high: 2.5")
)
"""A window is added, a detector is gone, a limit is another."""


def test_a_topology_that_changes_between_two_runs_changes_what_it_says_and_nothing_else(
    site: Callable[..., Site],
) -> None:
    here = site()
    plant, old = here.plant, here.plant.topology
    saved = stopped_in_the_middle(here)
    plant.file.write_text(CHANGED.replace("topology: NAME", f"topology: {old.topology}"))
    plant.command("topology", "apply", str(plant.file))
    new = plant.topology = load(plant.file)
    begin = time.monotonic()
    worker = plant.worker()
    here.recovered(worker, since=begin)
    here.finish(worker)
    log = plant.log("machine.events")
    expected: list[Message] = []
    for partition in range(3):
        change = checkpoint.unpack(saved[f"machine.events/{partition}".encode()][1]).next_offset
        records = [record for record in log if record.partition == partition]
        before, after = (Processor(one, "machine.events", partition, 0) for one in (old, new))
        renderer = Renderer(old, "machine.events", partition)
        early = [record for record in records if record.offset < change]
        before.feed(chunk("machine.events", partition, 0, early))
        first = renderer.render(before.cut())
        anew = after.restore(checkpoint.unpack(first.blob))
        assert [text.partition(" (")[0] for text in anew] == ["20s", "high", "gone"]
        assert all(text in worker.log.read_text() for text in anew)
        after.feed(chunk("machine.events", partition, after.next_offset, records[len(early) :]))
        expected += first.messages + Renderer(new, "machine.events", partition).render(after.cut()).messages
    for topic, table in RESULTS.items():
        mine = [one for one in expected if one.topic == topic]
        found = Counter((id_, value) for _, id_, value in plant.messages(topic))
        assert_same(topic, found, Counter((one.id.encode(), one.value) for one in mine))
        assert_same(table, Counter(plant.ids_in_clickhouse(table)), Counter(one.id for one in mine))
    assert {msgspec.json.decode(one.value)["window"] for one in expected if one.topic == "aggregates"} == {
        "10s", "20s", "30s",
    }  # fmt: skip
    here.held("topology changed: window added, detector removed, limit changed")
