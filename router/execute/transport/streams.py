"""Subscriptions at a subgraph behind HTTP, in the protocol that it speaks."""

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, assert_never

import aiohttp

from router.execute.transport.base import SubgraphRequest, SubgraphResponse, Subscriptions
from router.execute.transport.http_stream import subscribe_over_multipart, subscribe_over_sse
from router.execute.transport.websocket import subscribe_over_websocket

SILENCE_SECONDS = 60
"""After so long without a byte the kernel asks the other side whether it still lives."""


class Streams:
    """Belongs to the event loop in which it is first used."""

    def __init__(
        self,
        url: str,
        protocol: Subscriptions,
        *,
        opening_seconds: float,
        max_event_bytes: int,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._url = url
        self._protocol = protocol
        self._opening_seconds = opening_seconds
        self._max_event_bytes = max_event_bytes
        self._tls = tls
        self._known_session: aiohttp.ClientSession | None = None

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        """One response per event; closing the generator closes the connection, which ends it at the subgraph.

        Raises:
            SubgraphFailure: the stream could not start or broke.
        """
        async with aclosing(self._events(request)) as events:
            async for event in events:
                yield event

    async def aclose(self) -> None:
        """End all streams."""
        if self._known_session is not None:
            await self._known_session.close()
            self._known_session = None

    def _events(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        match self._protocol:
            case Subscriptions.WEBSOCKET:
                subscribe = subscribe_over_websocket
            case Subscriptions.SSE:
                subscribe = subscribe_over_sse
            case Subscriptions.MULTIPART:
                subscribe = subscribe_over_multipart
            case _:
                assert_never(self._protocol)
        return subscribe(
            self._session(),
            self._url,
            request,
            opening_seconds=self._opening_seconds,
            max_event_bytes=self._max_event_bytes,
        )

    def _session(self) -> aiohttp.ClientSession:
        if self._known_session is None:
            self._known_session = aiohttp.ClientSession(
                # Each stream has a connection of its own, for as long as it lasts.
                connector=aiohttp.TCPConnector(
                    limit=0, ssl=self._tls or True, force_close=True, socket_factory=_lasting_socket
                ),
                # A cookie that one client's request brought back must never go out with another's.
                cookie_jar=aiohttp.DummyCookieJar(),
                loop=asyncio.get_running_loop(),
            )
        return self._known_session


def _lasting_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket that finds out by itself that the other side has gone, however long nobody has anything to say."""
    made = socket.socket(*address[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENCE_SECONDS)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, SILENCE_SECONDS // 4)
    return made
