"""Emission verdicts through the real broker, engine and worker, also where the worker dies on the way."""

import json
import signal
from collections import Counter
from collections.abc import Callable

import pytest

from streams.processor import Processor
from streams.rendering import Renderer
from tests.end_to_end.plant import Plant, chunk

HOUR_0 = 1_760_000_400_000
"""2025-10-09T09:00:00Z."""
MINUTE = 60_000
TABLES = ("compliance", "headroom", "emitted_mass")

YAML = """
topology: NAME
site: plant
sources:
  emission.events: {partitions: 2}
time: {idle_timeout: 2s}
metrics:
  nox: {unit: mg/m3}
  o2: {unit: "%"}
  flow: {unit: m3/h}
windows:
  - {name: 1m, size: 1m, lateness: 10s}
compliance:
  rules:
    - name: nox-hour
      pack: cn-hj75-2017
      metric: nox
      limits: {hour: 200}
      standard: a test
      oxygen: {metric: o2, reference: 9}
      flow: flow
    - {name: nox-half-hour, pack: eu-ied, metric: nox, limits: {half_hour: 190, day: 150}}
"""


def record(asset: str, ts: int, nox: float, flag: str = "N") -> bytes:
    values = {"nox": nox, "o2": 9, "flow": 10_000}
    flags = {"flags": dict.fromkeys(values, flag)} if flag != "N" else {}
    return json.dumps({"ts": ts, "site": "plant", "asset": asset, "values": values, **flags}).encode()


def readings(hours: range) -> list[tuple[int, bytes]]:
    """Two stacks, one in each partition; the second one exceeds in hour 1 and is calibrated in hour 2."""
    records = []
    for hour in hours:
        for minute in range(60):
            ts = HOUR_0 + (60 * hour + minute) * MINUTE
            records.append((0, record("stack-1", ts, 100 + minute)))
            records.append(
                (1, record("stack-2", ts, 250 if hour == 1 else 100, "C" if hour == 2 and minute > 20 else "N"))
            )
    return records


def the_end(hours: int) -> list[tuple[int, bytes]]:
    """A reading of something else in each partition: the last hour is over by the log, not by silence."""
    other = {"ts": HOUR_0 + hours * 60 * MINUTE + 10_000, "site": "plant", "asset": "saw", "values": {"load": 1}}
    return [(partition, json.dumps(other).encode()) for partition in (0, 1)]


def expected(plant: Plant) -> dict[str, Counter[str]]:
    """Ids of the rows that an undisturbed run gives."""
    found: dict[str, Counter[str]] = {table: Counter() for table in TABLES}
    records = plant.log("emission.events")
    for partition in (0, 1):
        processor = Processor(plant.topology, "emission.events", partition, 0)
        processor.feed(chunk("emission.events", partition, 0, [r for r in records if r.partition == partition]))
        tables = Renderer(plant.topology, "emission.events", partition).render(processor.cut()).tables
        for table in TABLES:
            found[table].update(str(id_) for rows in tables.get(table, []) for id_ in rows["id"])  # type: ignore[union-attr]
    return found


def test_verdicts_carry_their_evidence_and_what_exceeds_is_flagged(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(YAML)
    plant.send("emission.events", [*readings(range(3)), *the_end(3)])
    plant.run_to_the_end()
    rows = plant.query(
        "SELECT asset, toHour(period_start), verdict, raw_mean, judged_mean, limit, pack, pack_version, standard, "
        "valid_minutes, invalid_minutes, first_offset, offset, partition FROM headrace.compliance "
        f"WHERE rule = 'nox-hour' AND topology = '{plant.topology.topology}' ORDER BY asset, period_start"
    )
    rule = ("cn-hj75-2017", "2017", "a test")
    assert rows == [
        ("stack-1", 9, "compliant", 129.5, 129.5, 200.0, *rule, 60, 0, 0, 59, 0),
        ("stack-1", 10, "compliant", 129.5, 129.5, 200.0, *rule, 60, 0, 60, 119, 0),
        ("stack-1", 11, "compliant", 129.5, 129.5, 200.0, *rule, 60, 0, 120, 179, 0),
        ("stack-2", 9, "compliant", 100.0, 100.0, 200.0, *rule, 60, 0, 0, 59, 1),
        ("stack-2", 10, "exceeded", 250.0, 250.0, 200.0, *rule, 60, 0, 60, 119, 1),
        ("stack-2", 11, "insufficient_data", 100.0, 100.0, 200.0, *rule, 21, 39, 120, 179, 1),
    ]
    [mass] = plant.query(
        f"SELECT sum(mass), count() FROM headrace.emitted_mass WHERE topology = '{plant.topology.topology}' "
        "AND asset = 'stack-1'"
    )
    assert mass == (pytest.approx(3 * 1.295), 3)
    flags = [json.loads(value) for _, _, value in plant.messages("anomalies")]
    hourly = [(one["severity"], one["asset"], one["ts"]) for one in flags if one["detector"] == "nox-hour"]
    assert hourly == [
        ("warning", "stack-2", HOUR_0 + 65 * MINUTE),
        ("critical", "stack-2", HOUR_0 + 120 * MINUTE),
    ]
    plant.assert_as_undisturbed()
    plant.command("audit")


def test_no_verdict_is_lost_or_doubled_where_the_worker_is_killed(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(YAML)
    for part in range(3):
        worker = plant.worker(f"w{part}")
        plant.send("emission.events", readings(range(4 * part, 4 * part + 4)))
        worker.wait_for("the first rows", lambda part=part: len(plant.ids_in_clickhouse("headroom")) > 200 * part)
        worker.process.send_signal(signal.SIGKILL)
        worker.process.wait()
    plant.send("emission.events", the_end(12))
    plant.run_to_the_end()
    for table, ids in expected(plant).items():
        assert Counter(plant.ids_in_clickhouse(table)) == ids
        assert len(ids) > 20
    plant.assert_as_undisturbed()
    plant.command("audit")
