"""Reads a worker's /metrics, as any Prometheus would."""

from collections import defaultdict
from urllib.error import URLError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

Metrics = dict[str, float]
"""Sample name to the sum over its labels."""


def scrape(address: str) -> Metrics | None:
    """The metrics of the worker at `host:port`; None while it does not answer."""
    try:
        with urlopen(f"http://{address}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except (URLError, TimeoutError, ConnectionError):
        return None
    found: defaultdict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] += sample.value
    return dict(found)
