"""A partition task: the one owner of a source partition's state while this worker has the partition."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from schemas.errors import CheckpointError
from schemas.topics import ALARM_ACTIONS, ANOMALY_FEEDBACK, PROCESS_ACKS, SHOP_FLOOR
from streams.ack_processor import AckProcessor
from streams.alarm_processor import AlarmProcessor
from streams.checkpoint import unpack
from streams.checkpoint_reader import CheckpointReader
from streams.chunk import Chunk
from streams.compute.engine import Stage
from streams.feedback_processor import FeedbackProcessor
from streams.latency import Latency
from streams.outbox import Cut
from streams.partition_processor import PartitionProcessor
from streams.processor import Processor
from streams.publisher import Published
from streams.shop_floor_processor import ShopFloorProcessor
from streams.telemetry import Telemetry
from streams.topology.model import Topology
from streams.transaction import LARGEST_CHECKPOINT, Out

_TICK_SECONDS = 5.0
"""From one tick of a partition to the next, should the first not come back."""
_EVER = 1e9
_CUT_WEIGHT = 50
"""What rows of a cut that went ahead take besides themselves, in what a backlog counts."""
_EVENT_BYTES, _SERIES_BYTES = 4, 3_000
"""What an event and a new series add to a checkpoint at most, about."""
_PROCESSORS: Mapping[str, Callable[[Topology, str, int, int, Stage], PartitionProcessor]] = {
    ALARM_ACTIONS.name: AlarmProcessor,
    PROCESS_ACKS.name: AckProcessor,
    ANOMALY_FEEDBACK.name: FeedbackProcessor,
    **dict.fromkeys(SHOP_FLOOR, ShopFloorProcessor),
}
"""Of topics that bring something else than readings."""


class Task:
    """The state of one source partition and what it has to give out.

    A chunk changes the state as a whole or the task is broken: state that saw half a chunk is never checkpointed. At
    most one cut is under way (`pending`); until it is committed its results are kept, and the next cut waits. Meanwhile
    messages can go `ahead`, of one cut at a time: whoever takes over computes from the checkpoint what is out already,
    and does not give it out again.
    """

    def __init__(self, topology: Topology, topic: str, partition: int, telemetry: Telemetry) -> None:
        self.topic = topic
        self.partition = partition
        self.pending: Cut | None = None
        self.ahead: Cut | None = None
        self.backlog = 0
        """What has been processed since the last cut, weighed by the memory it takes: an event or a value counts 1, a
        row of production, quality or logistics 10, a dead letter 100."""
        self.last_active = time.monotonic()
        """When records last came, or the partition was last declared idle."""
        self.quiet_since = self.last_active
        self.open = False
        self.changed_from: tuple[int, tuple[int, int]] | None = None
        """Where the checkpoint stands whose topology was another, so that something began anew: `changes`, and
        `next_offset` with `settled`."""
        self.flagged = False
        """Whether there are flags or alarms that have not been given out: somebody waits for them."""
        self._topology = topology
        self._telemetry = telemetry
        self._processor = self._new_processor(0)
        self._whole = True
        self._dirty = False
        self._read_any = False
        """Whether records have come since it was opened."""
        self._ticked_at = -_EVER
        self._cut_at = 0.0
        self._series_in_cut = 0
        self._deciding = False
        """Whether an idle decision is not durable yet: nothing that follows from it may be given out."""
        self._out_to = -1
        """Up to where the last owner gave out messages, beyond the checkpoint that was loaded."""
        self._again: list[Cut] = []
        """What has been computed again of that, and is not in a cut yet."""
        self._checkpoint_bytes = self._series_in_checkpoint = 0
        self._latency = Latency(telemetry)

    @property
    def next_offset(self) -> int:
        """The first offset that has not been processed."""
        return self._processor.next_offset

    async def start(self, checkpoints: CheckpointReader) -> None:
        """Load the newest checkpoint. The last owner has to be fenced already: then the state is final and ours."""
        begin = time.monotonic()
        blob, out, committed = await checkpoints.newest(self.topic, self.partition)
        log_start, log_end = await checkpoints.log_range(self.topic, self.partition)
        if blob is None:
            self._processor = self._new_processor(log_start)
        else:
            self._restore(blob, committed, log_start, log_end)
            self._checkpoint_bytes, self._series_in_checkpoint = len(blob), len(self._processor.engine.series)
        if out is not None:
            self._go_on_from(out, log_end)
        self.open = True
        self.last_active = self.quiet_since = time.monotonic()
        seconds, out_to = self.last_active - begin, None if out is None else out.next_offset
        self._telemetry.opened(self.topic, self.partition, self.next_offset, blob is not None, out_to, seconds)

    def feed(self, chunk: Chunk, fetched_at: float) -> None:
        """Process a chunk that begins at `next_offset`."""
        if self.next_offset < self._out_to < chunk.end:
            until, chunk = chunk.split(self._out_to)
            self.feed(until, fetched_at)
        before = replace(self._processor.engine.counts)
        rows = sum(self._processor.engine.rows.values())
        self._whole = False
        flags = self._processor.feed(chunk)
        self._whole = True
        self._dirty = True
        counts = self._processor.engine.counts
        self.backlog += counts.points - before.points + counts.events - before.events
        self.backlog += 10 * (sum(self._processor.engine.rows.values()) - rows)
        self.backlog += 100 * (counts.dead_letters - before.dead_letters)
        self.last_active = self.quiet_since = time.monotonic()
        self._latency.read(fetched_at)
        self._read_any = self._read_any or len(chunk.values) > 0
        self._telemetry.processed(self.topic, before, self._processor.engine.counts, flags)
        self.flagged = self.flagged or self._processor.outbox.urgent
        if self.next_offset == self._out_to:
            self._put_aside()

    def cut(self) -> bool:
        """Have a cut pending, if there is anything to commit."""
        if self.pending is None and self._dirty and self._whole:
            self._put_aside()
            self._begin(self._with_again(self._processor.cut()))
        return self.pending is not None

    def cut_ahead(self, everything: bool) -> bool:
        """Have a cut go ahead, if somebody waits for what is in it or `everything` is wanted; whether one does."""
        wanted = self.flagged or (everything and len(self._processor.outbox) > 0)
        may = not self._deciding and self._whole and not self._may_be_too_large()
        if self.ahead is not None or not wanted or not may or self.next_offset <= self._out_to:
            return False
        self.ahead = self._with_again(self._processor.cut_ahead())
        self.flagged = False
        self._latency.cut_ahead()
        self.backlog += _CUT_WEIGHT
        return True

    def declare_idle(self) -> None:
        """The partition has been silent: let that be known, once the decision is durable."""
        self.last_active = time.monotonic()
        silence = self.last_active - self.quiet_since
        if not self.is_committed():
            return
        cut = self._processor.declare_idle(int(silence * 1000))
        if cut is not None:
            self._begin(cut)
            self._deciding = True
            before = replace(self._processor.engine.counts)
            flags = self._processor.settle()  # goes into the next cut: this one carries the decision alone
            self._dirty = True
            self.flagged = self._processor.outbox.urgent
            self._telemetry.processed(self.topic, before, self._processor.engine.counts, flags)
            self._telemetry.idle(self.topic, self.partition, silence)

    def is_due(self) -> bool:
        """Whether the log needs a record of now: a timer runs out, and time in a log passes by its records alone.

        Judged from the newest record's timestamp and what has passed here since it was read, never from a wall clock.
        """
        due = self._processor.next_due()
        if due is None or time.monotonic() - self._ticked_at < _TICK_SECONDS:
            return False
        since = time.monotonic() - self.quiet_since if self._read_any else _EVER
        return self._processor.broker_ts + since * 1000 >= due

    def tick(self) -> None:
        """Write a record of now into the log of the partition."""
        self._ticked_at = time.monotonic()
        self._processor.outbox.add_tick()
        self._dirty = self.flagged = True

    def given_out(self, published: Published) -> None:
        """What went ahead is out."""
        self._latency.given_out(published)
        self.ahead = None

    def committed(self, published: Published) -> None:
        """The pending cut is durable."""
        self._checkpoint_bytes = published.checkpoint_bytes[self.topic, self.partition]
        self._series_in_checkpoint = self._series_in_cut
        self._telemetry.checkpointed(published.committed_at - self._cut_at, self._checkpoint_bytes)
        self._latency.committed(published)
        self.pending = None
        self._deciding = False

    def is_committed(self) -> bool:
        """Whether there is nothing that has been processed and not committed."""
        return self._whole and self.pending is None and not self._dirty

    def report(self, end: int | None) -> None:
        """Tell where the partition stands; `end` is the end of its log."""
        engine = self._processor.engine
        lag = None if end is None else max(0, end - self.next_offset)
        self._telemetry.position(self.topic, self.partition, lag, engine)

    def close(self) -> None:
        """Let go. What is not committed is read again by the next owner."""
        if not self.open:  # let go of before its state was loaded: there is nothing to tell
            return
        committed = self.is_committed()
        self.open = False
        self._telemetry.closed(self.topic, self.partition, self.next_offset, committed)

    def _new_processor(self, first_offset: int) -> PartitionProcessor:
        kind = _PROCESSORS.get(self.topic, Processor)
        return kind(self._topology, self.topic, self.partition, first_offset, self._telemetry.stage)

    def _begin(self, cut: Cut) -> None:
        self.pending = cut
        self.flagged = False
        self.backlog = 0
        self._dirty = False
        self._cut_at = time.monotonic()
        self._series_in_cut = len(self._processor.engine.series)
        self._latency.cut()

    def _go_on_from(self, out: Out, log_end: int) -> None:
        """Messages are out for which the checkpoint has not got far enough: see that they are not given out again."""
        given_out = f"results of {self.topic}/{self.partition} were given out up to {out.next_offset}"
        if out.next_offset > log_end:
            raise CheckpointError(f"{given_out}, its log ends at {log_end}: was the topic made anew?")
        if out.next_offset < self.next_offset:  # the log no longer has what they came from
            return
        if out.digest != self._topology.digest():
            raise CheckpointError(
                f"{given_out} and committed up to {self.next_offset}, and the topology has changed since: "
                "run it once more as it was"
            )
        self._out_to = out.next_offset
        self._put_aside()  # what follows from an idle decision may be out

    def _put_aside(self) -> None:
        """If the messages of what has been computed are out, see that they are not given out again."""
        if self.next_offset <= self._out_to:
            self._again.append(self._processor.cut_ahead())
            self.flagged = False
            self._dirty = True
        if self.next_offset == self._out_to:
            self._out_to = -1

    def _may_be_too_large(self) -> bool:
        """Whether the state may come near what a checkpoint holds: it must not be tied to what is out then."""
        new_series = len(self._processor.engine.series) - self._series_in_checkpoint
        more = _EVENT_BYTES * self.backlog + _SERIES_BYTES * new_series
        return self._checkpoint_bytes + more > LARGEST_CHECKPOINT // 2

    def _with_again(self, cut: Cut) -> Cut:
        again, self._again = tuple(self._again), []
        return cut._replace(again=again, out_to=self._out_to)

    def _restore(self, blob: bytes, committed: int | None, log_start: int, log_end: int) -> None:
        checkpoint = unpack(blob)
        anew = self._processor.restore(checkpoint)
        if anew:
            counts = checkpoint.engine["counts"]
            self.changed_from = counts.get("changes", 0), (checkpoint.next_offset, counts.get("settled", 0))
            self._telemetry.declared_anew(self.topic, self.partition, anew)
        # A change of the topology is in the ledger's row, although no record may come for long. And a broker may have
        # forgotten to commit the group's offset with the checkpoint: KAFKA-20734, see `last_transaction`.
        self._dirty = bool(anew) or len(self._processor.outbox) > 0 or committed != checkpoint.next_offset
        if log_start > self.next_offset:
            self._telemetry.records_skipped(self.topic, self.partition, self.next_offset, log_start)
            self._processor.skip_to(log_start)
            self._dirty = True
        if self.next_offset > log_end:
            raise CheckpointError(
                f"the checkpoint of {self.topic}/{self.partition} stands at {self.next_offset}, its log ends at "
                f"{log_end}: was the topic made anew? Under another topology name it is processed from the beginning"
            )
