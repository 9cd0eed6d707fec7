"""The producer of transactions: takes its id over when it starts, and ends with the first connection that it loses.

aiokafka's producer goes on when a broker comes back. Where the broker has forgotten meanwhile to end a transaction (see
`last_transaction`), the next one would end it, as it ends itself, right or wrong; only until then the coordinator knows
what had been decided. So whoever lost a connection begins nothing more: its owner makes a new producer, which asks.
"""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import CloseReason
from aiokafka.errors import KafkaConnectionError, KafkaError

from streams import last_transaction

_log = structlog.get_logger("headrace")

_LOST: Final = (CloseReason.CONNECTION_BROKEN, CloseReason.CONNECTION_TIMEOUT, CloseReason.OUT_OF_SYNC)
"""Not those that are closed here, because they were idle or at the end."""
_IDLE_MS: Final = 180_000
"""Sooner than brokers and load balancers close idle connections: that would be a connection lost."""
_BACKOFF_SECONDS: Final = 0.5


class ConnectionLost(KafkaError):  # type: ignore[misc]
    """The connection to a broker broke; what had been begun was committed as a whole, or not at all."""


class TransactionalProducer(AIOKafkaProducer):  # type: ignore[misc]
    """A producer with a transactional id; at its end, transactions raise ConnectionLost and nothing is sent."""

    def __init__(
        self,
        reach: Mapping[str, int | None],
        decided: MutableMapping[str, bool],
        lost: Callable[[], None] = lambda: None,
        **options: Any,
    ) -> None:
        """`reach`: the topics that transactions of the id write to, each with the partition, None for any of them.

        `decided` remembers, by id, what was decided from one `start` that fails to the next. `lost` is called once when
        a connection has been lost after `start`. `options` are AIOKafkaProducer's.
        """
        super().__init__(acks="all", connections_max_idle_ms=_IDLE_MS, **options)
        self._reach = reach
        self._decided = decided
        self._on_lost = lost
        self._lost = False
        self._started = False
        self.client._on_connection_closed = self._connection_closed  # before there are connections
        self.client.send = self._send

    async def start(self) -> None:
        """Fence the last owner of the id, and end that one's transaction in every partition within reach.

        Waits for brokers; whoever waits no longer has to call it again, with the same `decided`.
        """
        look = partial(last_transaction.with_something_open, self.client, self._reach)
        await self._connect()
        await last_transaction.insist(self.client, look)  # so that after the fence, too, there are leaders
        committed = await last_transaction.fence(self, self._decided)
        await self._sender.start()
        while True:
            self._lost = False
            await last_transaction.end(self, await last_transaction.insist(self.client, look), committed)
            if not self._lost:  # else a broker may have forgotten some of that, too
                break
        self._started = True
        self._decided.pop(self._txn_manager.transactional_id, None)

    async def begin_transaction(self) -> None:
        """Begin a transaction."""
        self._need_connections()
        await super().begin_transaction()

    async def commit_transaction(self) -> None:
        """Make visible and durable what was sent since `begin_transaction`. Does not raise for what could not be."""
        self._need_connections()
        await super().commit_transaction()

    async def abort_transaction(self) -> None:
        """Take back what was sent since `begin_transaction`."""
        self._need_connections()
        await super().abort_transaction()

    async def stop(self) -> None:
        """Wait for what is under way, and close the connections. Ends no transaction."""
        if not (self._started and self._lost):
            await super().stop()
            return
        self._closed = True
        await asyncio.wait([self._sender.sender_task])  # which has been cancelled
        await self.client.close()

    async def let_go(self, timeout: float) -> None:
        """Stop, also where the broker is away or has fenced it; within three times `timeout` seconds."""
        try:
            await asyncio.wait_for(self.stop(), timeout)
        except Exception as error:
            _log.info("producer_abandoned", id=self._txn_manager.transactional_id, error=repr(error))
            with suppress(Exception):  # what ended the producer ends its parts, too
                await asyncio.wait_for(self._sender.close(), timeout)
            with suppress(Exception):
                await asyncio.wait_for(self.client.close(), timeout)

    async def _connect(self) -> None:
        while True:
            try:
                await self.client.bootstrap()
            except KafkaConnectionError:
                await asyncio.sleep(_BACKOFF_SECONDS)
            else:
                return

    async def _send(self, node: int, request: Any, **how: Any) -> Any:
        """The client's own `send`, while connections hold: a broker that is back gets nothing more from here."""
        self._need_connections()
        try:
            return await AIOKafkaClient.send(self.client, node, request, **how)
        except KafkaError:
            self._need_connections()  # not to be sent again
            raise

    def _need_connections(self) -> None:
        if self._started and self._lost:
            raise ConnectionLost()

    def _connection_closed(self, connection: Any, reason: CloseReason) -> None:
        AIOKafkaClient._on_connection_closed(self.client, connection, reason)
        if reason not in _LOST or self._lost:
            return
        self._lost = True
        if not self._started:
            return  # `start` sees to it
        for other in list(self.client._conns.values()):  # no answer comes any more for what fails here
            other.close(reason=CloseReason.SHUTDOWN)
        self._sender.sender_task.cancel()
        self._fail(ConnectionLost())
        self._on_lost()

    def _fail(self, error: ConnectionLost) -> None:
        """Let everybody who waits for this producer know. aiokafka looks at some of these itself, or nobody does."""
        batches, transactions = self._message_accumulator, self._txn_manager
        batches.fail_all(error)
        looked_at = [batch._drain_waiter for batch in chain(*batches._batches.values(), batches._pending_batches)]
        for _, _, added in transactions._pending_txn_offsets:
            added.set_exception(error)
        if transactions._transaction_waiter is not None and not transactions._transaction_waiter.done():
            transactions._transaction_waiter.set_exception(error)
            looked_at.append(transactions._transaction_waiter)
        for future in looked_at:
            future.exception()
