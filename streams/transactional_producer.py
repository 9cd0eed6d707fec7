"""The producer of transactions: takes its id over when it starts, and ends with the first connection that it loses.

aiokafka's producer goes on when a broker comes back. Where the broker has forgotten meanwhile to end a transaction (see
`last_transaction`), the next one would end it, as it ends itself, right or wrong; only until then the coordinator knows
what had been decided. So whoever lost a connection begins nothing more: its owner makes a new producer, which asks.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import CloseReason
from aiokafka.errors import KafkaConnectionError, KafkaError

from streams import last_transaction

_LOST: Final = (CloseReason.CONNECTION_BROKEN, CloseReason.CONNECTION_TIMEOUT, CloseReason.OUT_OF_SYNC)
"""Not those that are closed here, because they were idle or at the end."""
_BACKOFF_SECONDS: Final = 0.5


class ConnectionLost(KafkaError):  # type: ignore[misc]
    """The connection to a broker broke; what had been begun was committed as a whole, or not at all."""


class TransactionalProducer(AIOKafkaProducer):  # type: ignore[misc]
    """A producer with a transactional id; `begin_transaction` and what follows raise ConnectionLost at the end."""

    def __init__(
        self, reach: Mapping[str, int | None], lost: Callable[[], None] = lambda: None, **options: Any
    ) -> None:
        """`reach`: the topics that transactions of the id write to, each with the partition, None for any of them.

        `lost` is called once when a connection has been lost, after `start`. `options` are AIOKafkaProducer's.
        """
        super().__init__(acks="all", **options)
        self._reach = reach
        self._on_lost = lost
        self._lost = False
        self._started = False
        self.client._on_connection_closed = self._connection_closed  # before there are connections
        self.client.send = self._send

    async def start(self, patience: float) -> None:
        """Fence the last owner of the id, and end that one's transaction in every partition within reach.

        TimeoutError where brokers do not agree within `patience` seconds. From the fence on, nothing but another owner
        or the end of the process stops it: what had been decided would be forgotten.
        """
        look = partial(last_transaction.with_something_open, self.client, self._reach)
        async with asyncio.timeout(patience):
            await self._connect()
            await last_transaction.insist(self.client, look)  # so that after the fence, too, there are leaders
            committed = await last_transaction.fence(self)
        await self._sender.start()
        while True:
            self._lost = False
            await last_transaction.end(self, await last_transaction.insist(self.client, look), committed)
            if not self._lost:  # else a broker may have forgotten some of that, too
                break
        self._started = True

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
        return await AIOKafkaClient.send(self.client, node, request, **how)

    def _need_connections(self) -> None:
        if self._started and self._lost:
            raise ConnectionLost("a broker was away; what it had decided has to be asked for")

    def _connection_closed(self, connection: Any, reason: CloseReason) -> None:
        AIOKafkaClient._on_connection_closed(self.client, connection, reason)
        if reason not in _LOST or self._lost:
            return
        self._lost = True
        if not self._started:
            return  # `start` sees to it
        error = ConnectionLost("the connection to a broker was lost")
        for other in list(self.client._conns.values()):  # no answer comes any more for what fails here
            other.close(reason=CloseReason.SHUTDOWN)
        self._message_accumulator.fail_all(error)
        if self._txn_manager._transaction_waiter is not None:
            self._txn_manager.fatal_error(error)
            self._txn_manager._transaction_waiter.exception()  # told to the owner by other ways, too
        self._on_lost()
