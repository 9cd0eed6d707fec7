"""How long results take from when their chunk was read until they are durable."""

from streams.publisher import Published
from streams.telemetry import Telemetry


class Latency:
    """When the chunks of one partition were read whose results are on their way (monotonic seconds)."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._messages: list[float] = []
        """Of what waits for a cut."""
        self._rows: list[float] = []
        self._messages_ahead: list[float] = []
        """Of what is under way."""
        self._messages_cut: list[float] = []
        self._rows_cut: list[float] = []

    def read(self, at: float) -> None:
        """A chunk has been processed that was read at that moment."""
        self._messages.append(at)
        self._rows.append(at)

    def cut_ahead(self) -> None:
        """Messages are under way."""
        self._messages_ahead, self._messages = self._messages, []

    def cut(self) -> None:
        """Everything is under way that was not."""
        self._messages_cut, self._messages = self._messages, []
        self._rows_cut, self._rows = self._rows, []

    def given_out(self, published: Published) -> None:
        """What went ahead is out."""
        self._observe("topics", self._messages_ahead, published.out_at)

    def committed(self, published: Published) -> None:
        """The cut is durable."""
        self._observe("topics", self._messages_cut, published.out_at)
        self._observe("clickhouse", self._rows_cut, published.inserted_at)

    def _observe(self, sink: str, read: list[float], at: float) -> None:
        for moment in read:
            self._telemetry.durable(sink, at - moment)
