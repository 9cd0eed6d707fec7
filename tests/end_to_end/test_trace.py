"""Codes and EPCIS events with a real broker, engine and workers: minted, captured, killed, audited."""

import json
from collections import Counter
from collections.abc import Callable

from schemas.topics import TRACE_EVENTS
from streams.compute.codes import KeyRing
from tests.end_to_end.plant import Plant
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
    second.wait_until_at_end()
    second.wait_for("the last commit", plant.is_committed)
    assert second.stop() == 0
    plant.assert_as_undisturbed()
    reasons = Counter(json.loads(value)["reason"] for _, _, value in plant.messages("dead.letters"))
    assert reasons == {"codes_taken": 1, "unknown_codes": 1, "not_epcis": 1, "unknown_enterprise": 1}
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
    worker.wait_until_at_end()
    worker.wait_for("the last commit", plant.is_committed)
    assert worker.stop() == 0
    assert "nothing lost, nothing twice" in plant.command("audit").stdout
