"""Codes and EPCIS events with a real broker, engine and workers: minted, captured, killed, audited."""

import json
import random
from collections import Counter
from collections.abc import Callable

from schemas.topics import TRACE_EVENTS
from streams.compute.codes import KeyRing
from streams.scrape import scrape
from tests.end_to_end.plant import Plant, Worker
from tests.streams.compute.trace.messages import ITEMS, NOW, PRODUCT, capture, mint, seen, void

TOPOLOGY = """
topology: NAME
site: hongyang
sources: {machine.events: {partitions: 1}}
trace:
  partitions: 2
  enterprises:
    - {prefix: "88.118.8", name: mill}
    - {prefix: "6901234", name: yard, products: ["6901234567892"]}
"""
KEYS = {"HEADRACE_CODE_KEYS": "A:" + "a2tr" * 11}


def test_after_kill_9_the_archive_is_as_undisturbed_and_the_audit_holds(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    messages = [mint(0, 1_000_000), mint(500, 1), void((7, 1), (9, 2)), void((2_000_000, 1)), mint(1_000_000, 5)]
    messages += [capture(seen(ITEMS[number % 6], at=NOW - number % 700)) for number in range(3_000)]
    messages += [capture(seen(bizStep="selling")), capture(seen(), enterprise="77.1.1")]
    records = [json.dumps(message).encode() for message in messages]
    plant.send(TRACE_EVENTS.name, [(1, value) for value in records[:1_500]])
    first = plant.worker("first")
    first.wait_for("rows", lambda: plant.query("SELECT count() FROM headrace.trace_items")[0][0] > 0)
    plant.send(TRACE_EVENTS.name, [(1, value) for value in records[1_500:]])
    first.kill()
    second = plant.worker("second")
    plant.finish(second)
    plant.assert_as_undisturbed()
    reasons = Counter(json.loads(value)["reason"] for _, _, value in plant.messages("dead.letters"))
    assert reasons == {"codes_taken": 1, "unknown_codes": 1, "not_epcis": 1, "unknown_enterprise": 1}
    assert "nothing lost, nothing twice" in plant.command("audit").stdout


def story(count: int, enterprise: str, product: str) -> list[bytes]:
    """What happens to codes of one product: scans here and there, sales, voids, errors; some twice, some broken."""
    chance, ring = random.Random(f"{enterprise}{count}"), KeyRing.parse(KEYS["HEADRACE_CODE_KEYS"])
    codes = [str(ring.code(product, serial)) for serial in range(300)]
    messages = [{**mint(0, 300, product), "enterprise": enterprise}]
    for number in range(count):
        at, code = NOW + 2_000 * number - chance.randrange(600_000), chance.choice(codes)
        draw = chance.random()
        if draw < 0.4:
            place = {"latitude": chance.choice([31.2, 39.9]), "longitude": 116.4}
            found = chance.choice(["genuine", "genuine", "genuine", "void", "forged"])
            client = f"c{chance.randrange(200)}"
            messages.append(
                {"kind": "scan", "enterprise": enterprise, "ts": at, "code": code, "found": found, "client": client,
                 "place": place}
            )  # fmt: skip
        elif draw < 0.42:
            span = {"first": chance.randrange(300), "count": 1}
            messages.append({**void((0, 1), product=product, ts=at), "enterprise": enterprise, "spans": [span]})
        else:
            step = chance.choice(["retail_selling", "shipping", "receiving", "inspecting"])
            point = {"id": chance.choice(["geo:31.2,121.5", "geo:39.9,116.4", "urn:example:gate"])}
            event = seen(f"https://id.example.com/{code}", at=at, bizStep=step, readPoint=point)
            messages.append(capture(event, enterprise))
            if draw > 0.97:
                declared = {"declarationTime": "2026-03-01T00:00:00Z", "reason": "did_not_occur"}
                messages.append(capture({**event, "errorDeclaration": declared}, enterprise))
        messages += messages[-1:] * (chance.random() < 0.02)
    records = [json.dumps(message).encode() for message in messages]
    return [one[: len(one) // 2] if chance.random() < 0.002 else one for one in records]


def shares(*workers: Worker) -> list[int]:
    """How many partitions of the topic each worker has."""
    found = [scrape(worker.address) for worker in workers]
    return [len(one.all("headrace_consumer_lag", topic=TRACE_EVENTS.name)) if one else 0 for one in found]


def test_workers_that_are_killed_join_and_leave_change_no_row_and_no_flag(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    both = zip(story(4_000, "6901234", "01/06901234567892"), story(4_000, "88.118.8", PRODUCT), strict=False)
    records = [(partition, value) for pair in both for partition, value in enumerate(pair)]
    first, second = plant.worker("first"), plant.worker("second")
    second.wait_for("a share of the partitions", lambda: shares(first, second) == [1, 1])
    plant.send(TRACE_EVENTS.name, records[:3_000])
    first.kill()
    plant.send(TRACE_EVENTS.name, records[3_000:6_000])
    third = plant.worker("third")
    third.wait_for("a share of the partitions", lambda: shares(second, third) == [1, 1])
    assert second.stop() == 0
    plant.send(TRACE_EVENTS.name, records[6_000:])
    plant.finish(third)
    plant.assert_as_undisturbed()
    mine = f"WHERE topology = '{plant.topology.topology}'"
    flags = dict(plant.query(f"SELECT detector, uniqExact(partition) FROM headrace.anomalies {mine} GROUP BY detector"))
    assert flags == dict.fromkeys(("travel", "after_void", "after_sale", "guessing"), 2)
    assert "nothing lost, nothing twice" in plant.command("audit").stdout


def test_codes_are_minted_one_range_behind_the_other_and_voided(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    worker = plant.worker()
    for first in (0, 1_000_000):
        minted = plant.command("codes", "mint", "--product", "88.118.8/tp-1001", "--count", "1000000", **KEYS)
        last = first + 999_999
        assert minted.stdout == f"1,000,000 codes of {PRODUCT} minted, serials {first} to {last}, key A\n"
    code = str(KeyRing.parse(KEYS["HEADRACE_CODE_KEYS"]).code(PRODUCT, 7))
    assert plant.command("codes", "show", code, **KEYS).stdout.startswith(f"code     {code}\n")
    voided = plant.command("codes", "void", code, "--by", "李雷", "--reason", "label torn")
    assert voided.stdout == "1 codes sent to be voided, by 李雷\n"
    worker.wait_for("the void", lambda: plant.ids_in_clickhouse("code_voids"))
    mine = f"WHERE topology = '{plant.topology.topology}'"
    assert plant.query(f"SELECT product, first, last, reason, by, enterprise FROM headrace.code_voids {mine}") == [
        (PRODUCT, 7, 7, "label torn", "李雷", "88.118.8")
    ]
    assert plant.query(f"SELECT sum(last - first + 1) FROM headrace.code_ranges {mine}") == [(2_000_000,)]
    again = plant.command("codes", "mint", "--product", PRODUCT, "--first", "5", "--count", "1", check=False, **KEYS)
    assert again.returncode == 1
    assert "it was refused (headrace dlq list)" in again.stderr
    foreign = plant.command("codes", "mint", "--product", "99.1.1/X", "--count", "1", check=False, **KEYS)
    assert foreign.stderr.endswith("declares no enterprise that makes 99.1.1/X\n")
    plant.finish(worker)
    assert "nothing lost, nothing twice" in plant.command("audit").stdout
