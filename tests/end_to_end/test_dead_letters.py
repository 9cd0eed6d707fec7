"""What was refused goes back after a fix, and is then there once, whoever was killed in between."""

import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from streams.letter_replay import HEADER
from tests.end_to_end.plant import Plant

TOPOLOGY = """
topology: NAME
site: s
unknown: dead_letter
time: {idle_timeout: 2s}
metrics: {t: {unit: °C}}
assets: {old: {kind: pump, metrics: [t]}}
sources: {machine.events: {partitions: 2}}
windows: [{name: 10s, size: 10s, lateness: 5s}]
"""
DECLARED = {
    "idle_timeout: 2s": "idle_timeout: 15s",  # windows stay open until a replay that was killed is run again
    "metrics: {t: {unit: °C}}": "metrics: {t: {unit: °C}, p: {unit: bar}}",
    "assets: {": "assets: {new: {kind: pump}, ",
}
START = 1_760_000_000_000
NEW = 1_500
"""Refused events in each partition: several transactions."""
OLD = 300


def event(asset: str, ts: int, **values: float) -> dict[str, Any]:
    return {"ts": ts, "site": "s", "asset": asset, "values": values}


def log() -> list[tuple[int, bytes]]:
    """Events of a pump that is declared, some with a metric that is not, and later ones of a pump that is not; many of
    them in frames with both."""
    records: list[tuple[int, bytes]] = []
    for partition in range(2):
        old = [event("old", START + 100 * n + partition, t=n, **({"p": n / 3} if n % 2 else {})) for n in range(OLD)]
        new = [event("new", START + 60_000 + 10 * n + partition, t=n, p=n / 7) for n in range(NEW)]
        frames = [[one, *new[3 * n : 3 * n + 3]] for n, one in enumerate(old)]
        singles = new[3 * OLD :]
        records += [(partition, json.dumps(value).encode()) for value in [*frames, *singles]]
    return records


def readings(plant: Plant) -> Counter[tuple[str, str, int, float]]:
    rows = plant.query(
        "SELECT asset, metric, toUnixTimestamp64Milli(ts), value FROM headrace.readings "
        f"WHERE topology = '{plant.topology.topology}'"
    )
    return Counter((asset, metric, ts, value) for asset, metric, ts, value in rows)


def kill_a_replay(plant: Plant, sent: int) -> None:
    """SIGKILL a replay as soon as it has sent more than so many messages."""
    consumer = KafkaConsumer(bootstrap_servers=plant.stack.kafka)
    places = [TopicPartition("machine.events", partition) for partition in range(2)]
    before = sum(consumer.end_offsets(places).values())
    process = subprocess.Popen([sys.executable, "-m", "streams", "dlq", "replay"], env=plant.environment)
    while sum(consumer.end_offsets(places).values()) <= before + sent:
        assert process.poll() is None
        time.sleep(0.002)
    process.kill()
    process.wait(60)
    consumer.close()


def test_what_was_refused_is_there_once_after_it_was_declared_and_replayed(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    records = log()
    plant.send("machine.events", records)
    plant.run_to_the_end()
    told = json.loads(plant.command("dlq", "list", "--json").stdout)
    assert {group["reason"]: group["scopes"] for group in told["groups"]} == {
        "unknown_asset": {"event": 2 * NEW},
        "unknown_metric": {"field": OLD},
    }
    nothing = plant.command("dlq", "replay").stdout
    assert nothing.endswith(f"0 messages sent for 0 of {2 * NEW + OLD:,} dead letters\n")

    text = plant.file.read_text()
    for old, new in DECLARED.items():
        text = text.replace(old, new)
    plant.file.write_text(text)
    plant.command("topology", "apply", str(plant.file))
    worker = plant.worker("w2")
    worker.wait_until_drained()
    kill_a_replay(plant, 0)
    kill_a_replay(plant, 600)
    killed = sum(HEADER in dict(record.headers) for record in plant.log("machine.events"))
    assert killed >= 500, "the first transaction of the second run"
    rest = plant.command("dlq", "replay").stdout
    assert int(re.findall(r"([\d,]+) messages sent", rest)[0].replace(",", "")) == 2 * NEW + OLD - killed
    again = plant.command("dlq", "replay").stdout
    assert again.endswith(f"0 messages sent for 0 of {2 * NEW + OLD:,} dead letters\n")
    worker.wait_until_drained()
    assert worker.stop() == 0

    sent = [json.loads(value) for _, value in records]
    events = [one for value in sent for one in (value if isinstance(value, list) else [value])]
    expected = Counter(
        (one["asset"], metric, one["ts"], float(value)) for one in events for metric, value in one["values"].items()
    )
    assert set(expected.values()) == {1}
    assert readings(plant) == expected
    mine = f"topology = '{plant.topology.topology}'"
    windows = plant.query(
        "SELECT asset, metric, toUnixTimestamp64Milli(window_start), sum(count) FROM headrace.aggregates "
        f"WHERE {mine} GROUP BY ALL"
    )
    late = {("old", "p")}  # their windows were closed long ago
    assert {(asset, metric, start): points for asset, metric, start, points in windows} == Counter(
        (asset, metric, ts // 10_000 * 10_000) for asset, metric, ts, _ in expected if (asset, metric) not in late
    )
    assert plant.query(f"SELECT DISTINCT asset, metric FROM headrace.readings WHERE {mine} AND late") == [("old", "p")]
    assert "nothing lost, nothing twice" in plant.command("audit").stdout
