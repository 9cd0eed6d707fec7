"""Reads a worker's metrics as any Prometheus would."""

from http.client import HTTPException
from urllib.error import URLError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from streams.settings import Address


class Metrics:
    """The metrics of a worker at one moment."""

    def __init__(self, text: str) -> None:
        self._samples: dict[str, list[Sample]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                self._samples.setdefault(sample.name, []).append(sample)

    def all(self, name: str, **labels: str) -> list[Sample]:
        """The samples of a metric that have these labels."""
        return [
            sample
            for sample in self._samples.get(name, ())
            if all(sample.labels.get(label) == value for label, value in labels.items())
        ]

    def total(self, name: str, **labels: str) -> float:
        """Their sum; 0 if there are none."""
        return float(sum(sample.value for sample in self.all(name, **labels)))

    @property
    def ready(self) -> bool:
        """Whether the worker says that it is ready."""
        return self.total("headrace_ready") == 1

    def quantile(self, histogram: str, q: float, **labels: str) -> float:
        """An upper bound of a quantile, the edge of the bucket that it lies in; 0 without observations."""
        buckets = sorted((float(s.labels["le"]), s.value) for s in self.all(f"{histogram}_bucket", **labels))
        if not buckets or not buckets[-1][1]:
            return 0.0
        return next(edge for edge, count in buckets if count >= q * buckets[-1][1])


def scrape(address: Address) -> Metrics | None:
    """The metrics of the worker at `address`; None if it does not answer."""
    try:
        with urlopen(f"http://{address}/metrics", timeout=2) as answer:
            return Metrics(answer.read().decode())
    except (URLError, TimeoutError, ConnectionError, HTTPException, ValueError):  # ValueError: these are no metrics
        return None
