"""How long results take: the moments at which chunks were read are powers of two, so that each is seen in a sum."""

from prometheus_client import CollectorRegistry

from streams.latency import Latency
from streams.publisher import Published
from streams.telemetry import Telemetry
from tests.streams.processing import TOPOLOGY

AHEAD = Published({}, {}, {}, out_at=1_000.0)
CUT = Published({}, {}, {}, out_at=2_000.0, inserted_at=3_000.0)


def test_a_chunk_counts_once_for_its_messages_and_once_for_its_rows() -> None:
    registry = CollectorRegistry()
    latency = Latency(Telemetry(registry, TOPOLOGY))
    latency.read(1.0)
    latency.cut_ahead()
    latency.read(2.0)  # while that is under way
    latency.given_out(AHEAD)
    latency.cut()
    latency.read(4.0)  # while that is under way: goes with the next
    latency.committed(CUT)
    assert told(registry, "topics") == (2, 1_000 - 1 + 2_000 - 2)
    assert told(registry, "clickhouse") == (2, 2 * 3_000 - 1 - 2)
    latency.cut()
    latency.committed(CUT)
    assert told(registry, "topics") == (3, 1_000 - 1 + 2 * 2_000 - 2 - 4)
    assert told(registry, "clickhouse") == (3, 3 * 3_000 - 1 - 2 - 4)


def test_what_goes_ahead_while_a_cut_is_under_way_has_its_rows_in_the_next_one() -> None:
    registry = CollectorRegistry()
    latency = Latency(Telemetry(registry, TOPOLOGY))
    latency.read(1.0)
    latency.cut()
    latency.read(2.0)
    latency.cut_ahead()
    latency.given_out(AHEAD)
    latency.committed(CUT)
    assert told(registry, "topics") == (2, 1_000 - 2 + 2_000 - 1)
    assert told(registry, "clickhouse") == (1, 3_000 - 1)
    latency.cut()
    latency.committed(CUT)
    assert told(registry, "topics") == (2, 1_000 - 2 + 2_000 - 1)
    assert told(registry, "clickhouse") == (2, 2 * 3_000 - 1 - 2)


def told(registry: CollectorRegistry, sink: str) -> tuple[float | None, float | None]:
    """The number of chunks, and their latencies together, in seconds."""
    name, labels = "headrace_event_latency_seconds", {"sink": sink}
    return registry.get_sample_value(f"{name}_count", labels), registry.get_sample_value(f"{name}_sum", labels)
