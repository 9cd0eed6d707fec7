"""The publisher: a process beside the worker's that renders cuts and makes them durable.

Rendering a result takes as long as computing it, and the two share nothing: the worker computes the next cut while the
last one is written. The publisher is forked, talks to the worker over a pair of sockets and ends when these close, so
that it never outlives the worker. It owns the producers of the worker's partitions and the sink; which partitions there
are, and what becomes of one that failed, is the worker's to decide.

Messages are given out at once: whoever waits for a flag does not wait for a database. State and offset are committed
only when the rows of all cuts are in the sink. Rows are keyed and bit-identical, so that writing them again after a
crash changes nothing.
"""

import asyncio
import os
import signal
import time
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import structlog
from aiokafka.errors import ProducerFenced

from schemas.errors import CheckpointError, SinkRejected, SinkUnavailable
from sinks.base import Rows, Sink, length
from streams.outbox import Cut
from streams.pipe import Server, Sockets, pair
from streams.rendering import Rendered, Renderer
from streams.topology.model import Topology
from streams.transaction import LARGEST_CHECKPOINT, Transactions

_log = structlog.get_logger("headrace")

Position = tuple[str, int]

_LONGEST_WAIT = 10.0
_SLOW_SECONDS = 5.0
"""A write that takes longer makes the worker not ready: the sink hangs."""
_STOP_SECONDS = 2.0
_BROKER_SECONDS = 30.0
"""For one step of a transaction: a coordinator that answers and never agrees must not hold up the other partitions.
Beyond the broker's own limit for an open transaction."""


class Failure(NamedTuple):
    """Why a partition could not be opened or committed; its owner has to go back to the checkpoint."""

    detail: str
    fenced: bool
    """Somebody else has opened the partition."""


@dataclass
class Published:
    """What came of a commit."""

    failures: dict[Position, Failure]
    checkpoint_bytes: dict[Position, int]
    rows: dict[str, int]
    """Rows in the sink, by table."""
    render_seconds: float = 0.0
    rendered_at: float = 0.0
    """Moments of the system's monotonic clock, which both processes share."""
    out_at: float = 0.0
    inserted_at: float = 0.0
    committed_at: float = 0.0


class Lost(NamedTuple):
    """The broker was away: a partition has to be reopened, whether there is something to commit or not."""

    position: Position


class SinkTrouble(NamedTuple):
    """The sink did not take rows, or has not answered yet; they are kept and sent again."""

    detail: str
    refused: bool
    retry_after: float


class Publisher:
    """What runs in the publisher's process."""

    def __init__(self, topology: Topology, options: dict[str, Any], sink: Sink | None) -> None:
        self._topology = topology
        self._options = options
        self._sink = sink
        self._thread = ThreadPoolExecutor(1, "sink")
        self._taking: dict[Position, Transactions] = {}
        self._open: dict[Position, tuple[Renderer, Transactions]] = {}
        self._committing: dict[Position, set[asyncio.Task[None]]] = {}
        self._decided: dict[str, bool] = {}
        """What became of the last transactions of partitions that could not be opened yet."""

    async def serve(self, sockets: Sockets) -> None:
        """Answer the worker until it hangs up."""
        server = Server(sockets)
        self._tell = server.tell
        await server.serve({
            "open": self._take_over, "written_to": self._written_to, "close": self._close,
            "give_out": self._give_out, "publish": self._publish,
        })  # fmt: skip

    async def _take_over(self, position: Position) -> Failure | None:
        """Start the partition's producer, which fences its last owner and ends that one's transaction."""

        def lost() -> None:
            if self._open.get(position, (None, None))[1] is transactions:  # else it has been let go of
                self._tell(Lost(position))

        name, digest = self._topology.topology, self._topology.digest()
        transactions = Transactions(self._options, name, *position, self._decided, lost, digest)
        self._taking[position] = transactions
        try:
            async with asyncio.timeout(_BROKER_SECONDS):
                await transactions.start()
            failure = None
        except Exception as error:
            failure = _failure(error)
        if self._taking.get(position) is not transactions:
            failure = Failure("it was let go of before it was open", False)
        else:
            del self._taking[position]
        if failure is None:
            self._open[position] = Renderer(self._topology, *position), transactions
        else:
            await transactions.stop(_STOP_SECONDS)
        return failure

    async def _written_to(self, position: Position, changes: int) -> tuple[int, int] | Failure:
        """Up to where the sink has rows of a partition; see `sinks.base.Sink`."""
        if self._sink is None:
            return -1, 0
        ask = partial(self._sink.written_to, self._topology.topology, *position, changes)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, ask)
        except (SinkUnavailable, SinkRejected) as error:
            return Failure(str(error), False)

    async def _close(self, position: Position) -> None:
        """Let go of a partition. What is not committed is read again by its next owner."""
        self._taking.pop(position, None)  # its taking over ends when it sees that
        for committing in self._committing.pop(position, ()):
            committing.cancel()
        opened = self._open.pop(position, None)
        if opened is not None:
            await opened[1].stop(_STOP_SECONDS)

    async def _give_out(self, cuts: Mapping[Position, Cut]) -> Published:
        """Give out the messages of cuts that go ahead."""
        done = Published({}, {}, {})
        rendered = self._render(cuts, done)
        await self._together(done, {
            position: self._send(self._open[position][1], cut, done) for position, cut in rendered.items()
        })  # fmt: skip
        return done

    async def _publish(self, cuts: Mapping[Position, Cut]) -> Published:
        """Make cuts durable: returns when they are, or have failed, or nobody needs them any more."""
        done = Published({}, {}, {})
        rendered = self._render(cuts, done)
        writing = asyncio.create_task(self._write(rendered))
        writing.add_done_callback(partial(_inserted, done))
        await self._together(done, {
            position: self._commit(self._open[position][1], cut, writing, done) for position, cut in rendered.items()
        })  # fmt: skip
        writing.cancel()  # where nobody needs it any more
        await asyncio.wait([writing])
        if not writing.cancelled() and writing.exception() is None:
            done.rows = writing.result()
        return done

    async def _together(self, done: Published, commits: Mapping[Position, Coroutine[Any, Any, None]]) -> None:
        """Run these until each has come to its end; `_close` ends those of its partition."""
        tasks = {position: asyncio.create_task(commit) for position, commit in commits.items()}
        for position, task in tasks.items():
            running = self._committing.setdefault(position, set())
            running.add(task)
            task.add_done_callback(running.discard)
        outcomes = await asyncio.gather(*tasks.values(), return_exceptions=True)
        done.committed_at = time.monotonic()
        for position, outcome in zip(tasks, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                done.failures[position] = _failure(outcome)

    def _render(self, cuts: Mapping[Position, Cut], done: Published) -> dict[Position, Rendered]:
        """The cuts that can be rendered; what cannot be must not hold up the others."""
        begin = time.monotonic()
        rendered: dict[Position, Rendered] = {}
        for position, cut in cuts.items():
            if position not in self._open:
                done.failures[position] = Failure("it is not open", False)
                continue
            try:
                of_cut = self._open[position][0].render(cut)
                _check_size(of_cut.blob)
                rendered[position] = of_cut
                done.checkpoint_bytes[position] = len(of_cut.blob)
            except Exception as error:
                _log.exception("render_failed", topic=position[0], partition=position[1])
                done.failures[position] = _failure(error)
                self._open[position][1].fail(error)  # or later cuts would say that this one's messages are out
        done.rendered_at = done.out_at = done.inserted_at = time.monotonic()
        done.render_seconds = done.rendered_at - begin
        return rendered

    async def _send(self, transactions: Transactions, cut: Rendered, done: Published) -> None:
        """Give out the messages of a cut."""
        if cut.messages:
            async with asyncio.timeout(_BROKER_SECONDS):
                await transactions.give_out(cut.messages, cut.next_offset)
        done.out_at = time.monotonic()

    async def _commit(
        self, transactions: Transactions, cut: Rendered, writing: asyncio.Task[dict[str, int]], done: Published
    ) -> None:
        """Give out the messages of a cut, and commit its state once its rows are written."""
        await self._send(transactions, cut, done)
        await asyncio.wait([writing])
        writing.result()
        async with asyncio.timeout(_BROKER_SECONDS):
            await transactions.keep(cut.blob, cut.next_offset, cut.out_to)

    async def _write(self, cuts: Mapping[Position, Rendered]) -> dict[str, int]:
        """Write the rows, again and again until the sink has taken them or nobody needs them."""
        batch = _merge([cut.tables for cut in cuts.values()])
        if self._sink is None or not batch:
            return {}
        wait = 0.1
        while not self._open.keys().isdisjoint(cuts):
            try:
                writing = asyncio.get_running_loop().run_in_executor(self._thread, self._sink.write, batch)
                await asyncio.wait([writing], timeout=_SLOW_SECONDS)
                if not writing.done():
                    self._tell(SinkTrouble(f"no answer within {_SLOW_SECONDS:g} s", False, 0.0))
                await writing
                return {table: sum(map(_rows, pieces)) for table, pieces in batch.items()}
            except (SinkUnavailable, SinkRejected) as error:
                wait = min(max(2 * wait, getattr(error, "retry_after", _LONGEST_WAIT)), _LONGEST_WAIT)
                self._tell(SinkTrouble(str(error), isinstance(error, SinkRejected), wait))
                await asyncio.sleep(wait)
        return {}


def fork(topology: Topology, options: dict[str, Any], sink: Sink | None) -> Sockets:
    """Start the publisher's process; returns the worker's ends of the connection.

    Call it before there are threads and event loops: a fork takes neither along.
    """
    ours, theirs = pair()
    if os.fork():
        theirs.close()
        return ours
    code = 1
    try:
        ours.close()  # or else the worker's ends would not close with the worker
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # meant for the worker, which hangs up when it is done
        asyncio.run(Publisher(topology, options, sink).serve(theirs))
        code = 0
    except Exception:
        _log.exception("publisher_ended")  # nobody else sees it: the process ends here
        raise
    finally:
        os._exit(code)  # not the parent's clean-up, nor a wait for a write that hangs


def _inserted(done: Published, writing: asyncio.Task[dict[str, int]]) -> None:
    if not writing.cancelled():
        done.inserted_at = time.monotonic()


def _check_size(checkpoint: bytes) -> None:
    """Before anything is written: rows of a cut that can never be committed would bar the way to a smaller state."""
    if len(checkpoint) > LARGEST_CHECKPOINT:
        raise CheckpointError(
            f"the state takes {len(checkpoint)} bytes, a checkpoint {LARGEST_CHECKPOINT}: "
            "lower `time.duplicates` or the lateness of the windows"
        )


def _failure(error: BaseException) -> Failure:
    if isinstance(error, TimeoutError):
        return Failure(f"the broker did not agree within {_BROKER_SECONDS:g} s", False)
    return Failure(repr(error), isinstance(error, ProducerFenced))


def _merge(tables: Sequence[Mapping[str, Sequence[Rows]]]) -> dict[str, list[Rows]]:
    batch: dict[str, list[Rows]] = {}
    for of_cut in tables:
        for table, pieces in of_cut.items():
            batch.setdefault(table, []).extend(pieces)
    return batch


def _rows(piece: Rows) -> int:
    return length(next(iter(piece.values())))
