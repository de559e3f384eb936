"""Kept-alive connections to one address: taken in turn, given back, ended when nobody needs them."""

import asyncio
import ssl
from collections.abc import Callable

from router.execute.transport.address import Address
from router.execute.transport.connection import Connection, Reply, Unanswered
from router.execute.transport.form import FormMessage

IDLE_SECONDS = 4.0
"""How long a connection is kept for the next request: shorter than the five seconds usual at servers."""

FRESH_SECONDS = 1.0
"""How long a connection is good for a request that must not be sent twice: the server may have ended it unseen."""


class Pool:
    """Belongs to the event loop in which it is first used."""

    def __init__(
        self,
        address: Address,
        *,
        max_connections: int,
        max_body_bytes: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Args: `tls` is used for https alone, where None stands for the system's trust."""
        self._address = address
        self._max_connections = max_connections
        self._connect: Callable[[], Connection] = lambda: Connection(max_body_bytes)
        self._tls = (tls or ssl.create_default_context()) if address.tls else None
        self._slots = asyncio.Semaphore(max_connections)
        self._open: set[Connection] = set()
        self._idle: dict[Connection, float] = {}
        """Since when (the loop's clock); the last one given back is the last one here."""
        self._closed = False
        self._sweeping: asyncio.TimerHandle | None = None

    async def exchange(self, request: bytes | FormMessage, *, idempotent: bool, resending: bool = True) -> Reply:
        """Send a request on a connection of its own; those that find none free wait in their order.

        A kept connection may have been ended by the server just now. An idempotent request is then sent again, unless
        that is left to the caller.

        Raises:
            OSError: no connection can be had.
            Unanswered: it ended before anything came back.
            BrokenOff: it ended in the middle of the response.
            Garbled: what came is no response.
        """
        async with self._slots:
            while (connection := self._take(idempotent=idempotent)) is not None:
                try:
                    return await self._exchange(connection, request)
                except Unanswered:
                    if not idempotent or not resending:
                        raise
            return await self._exchange(await self._opened(), request)

    def close(self) -> None:
        """End all connections; requests that wait for their responses fail."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        self._idle.clear()
        for connection in tuple(self._open):
            self._end(connection)

    async def _exchange(self, connection: Connection, request: bytes | FormMessage) -> Reply:
        try:
            reply = await connection.exchange(request)
        except BaseException:
            self._open.discard(connection)
            raise
        if connection.reusable and not self._closed:
            self._idle[connection] = asyncio.get_running_loop().time()
            if self._sweeping is None:
                self._sweeping = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._sweep)
        else:
            self._end(connection)
        return reply

    def _take(self, *, idempotent: bool) -> Connection | None:
        """The connection that was used last: the others then come to be idle for long enough to be ended."""
        while self._idle:
            connection, since = self._idle.popitem()
            if not connection.reusable:
                self._end(connection)
            elif idempotent or asyncio.get_running_loop().time() - since < FRESH_SECONDS:
                return connection
            else:
                self._idle[connection] = since
                self._make_room()
                return None
        return None

    def _make_room(self) -> None:
        """End the connection that is idle for longest, if there are as many as there may be."""
        if len(self._open) >= self._max_connections:
            connection = next(iter(self._idle))
            del self._idle[connection]
            self._end(connection)

    async def _opened(self) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(
            self._connect,
            self._address.host,
            self._address.port,
            ssl=self._tls,
            server_hostname=self._address.host if self._tls else None,
        )
        self._open.add(connection)
        if self._closed:
            self._end(connection)
        return connection

    def _sweep(self) -> None:
        """End what has been idle for long."""
        self._sweeping = None
        loop = asyncio.get_running_loop()
        limit = loop.time() - IDLE_SECONDS
        for connection, since in list(self._idle.items()):
            if since <= limit or not connection.reusable:
                del self._idle[connection]
                self._end(connection)
        if self._idle:
            self._sweeping = loop.call_later(IDLE_SECONDS, self._sweep)

    def _end(self, connection: Connection) -> None:
        self._open.discard(connection)
        connection.abort()
