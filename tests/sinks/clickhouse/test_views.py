"""The views of `headrace`: correct without FINAL, and pruned by predicates as the tables are."""

import re

import pytest
from clickhouse_driver import Client

ROWS = 200_000
INSERT = f"""
INSERT INTO headrace_store.readings
    (topology, site, asset, metric, ts, value, topic, partition, offset, index)
SELECT
    'plant', 'hongyang', concat('asset-', toString(number % 50)), 'nox',
    fromUnixTimestamp64Milli(1735689600000 + intDiv(number, 50) * 3600000, 'UTC'), number,
    'machine.events', 0, number, 0
FROM numbers({ROWS})
"""


@pytest.fixture
def unmerged(client: Client) -> Client:
    """Every reading three times, in parts that do not merge."""
    client.execute("SYSTEM STOP MERGES headrace_store.readings")
    for _ in range(3):
        client.execute(INSERT, settings={"max_partitions_per_insert_block": 0})
    return client


def test_rows_written_again_are_seen_once_before_and_after_merging(unmerged: Client) -> None:
    seen = "SELECT count(), sum(value), uniqExact(offset) FROM headrace.readings"
    assert unmerged.execute("SELECT count() FROM headrace_store.readings") == [(3 * ROWS,)]
    before = unmerged.execute(seen)
    assert before == [(ROWS, ROWS * (ROWS - 1) / 2, ROWS)]
    unmerged.execute("SYSTEM START MERGES headrace_store.readings")
    unmerged.execute("OPTIMIZE TABLE headrace_store.readings FINAL")
    assert unmerged.execute("SELECT count() FROM headrace_store.readings") == [(ROWS,)]
    assert unmerged.execute(seen) == before


def test_a_view_shows_what_final_shows(unmerged: Client) -> None:
    question = "SELECT asset, toStartOfMonth(ts), count(), sum(value) FROM {} GROUP BY ALL ORDER BY ALL"
    assert unmerged.execute(question.format("headrace.readings")) == unmerged.execute(
        question.format("headrace_store.readings FINAL")
    )


@pytest.mark.parametrize(
    ("predicate", "share"),
    [
        ("ts >= '2025-03-01' AND ts < '2025-03-02'", 0.3),  # one month of six
        ("site = 'hongyang' AND asset = 'asset-7' AND metric = 'nox'", 0.5),
    ],
)
def test_a_predicate_on_a_view_reads_a_small_part_of_its_table(unmerged: Client, predicate: str, share: float) -> None:
    lines = unmerged.execute(f"EXPLAIN indexes = 1 SELECT * FROM headrace.readings WHERE {predicate}")
    plan = "\n".join(line for (line,) in lines)
    indexes = re.findall(r"Granules: (\d+)/(\d+)", plan)
    everything, read = int(indexes[0][1]), int(indexes[-1][0])
    assert 0 < read <= everything * share, plan
