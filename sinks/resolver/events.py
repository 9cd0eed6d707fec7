"""What the resolver tells of itself, for logs and metrics. No code is among it: a code is its holder's secret."""

from typing import Literal, Protocol

Answer = Literal[
    "genuine", "recalled", "void", "unknown", "forged", "mistyped", "limited", "unavailable", "redirected", "archive"
]
"""What a request was answered with."""
ScanFate = Literal["sent", "dropped", "failed"]


class Events(Protocol):
    """Implemented in `streams/resolver_telemetry.py`."""

    def answered(self, answer: Answer, seconds: float) -> None:
        """A request was answered."""
        ...

    def looked_up(self, items: int, seconds: float) -> None:
        """So many items were looked up in ClickHouse at once."""
        ...

    def register_read(self, ranges: int) -> None:
        """What is minted and void was read anew; so many ranges are known."""
        ...

    def untouched_read(self, runs: int) -> None:
        """What happened to items was read anew; so many runs of them are known."""
        ...

    def asked_in_vain(self, what: str, error: Exception) -> None:
        """ClickHouse did not answer, or refused."""
        ...

    def scan(self, fate: ScanFate) -> None:
        """What became of the message of a scan."""
        ...

    def scans_held_up(self, error: Exception) -> None:
        """Kafka does not take scans; they are dropped once the queue is full."""
        ...
