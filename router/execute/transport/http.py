"""A subgraph behind HTTP, over a pool of kept-alive connections.

Source: https://graphql.github.io/graphql-over-http/draft/
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from http import HTTPStatus

import aiohttp
import orjson

from router.execute.transport.base import (
    MAX_RESPONSE_BYTES,
    TIMEOUT_SECONDS,
    MalformedResponse,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphTimeout,
    SubgraphUnreachable,
    parse_response,
)
from router.execute.transport.websocket import subscribe_over_websocket

HEADERS = {
    "accept": "application/graphql-response+json, application/json;q=0.9",
    "content-type": "application/json",
}
HOP_HEADERS = frozenset({"accept", "accept-encoding", "connection", "content-length", "content-type", "host"})
"""Headers that describe the client's own connection or body, and so are never forwarded."""

CHUNK_BYTES = 64 * 1024


class HttpTransport:
    """Posts operations to one URL; subscriptions go to the same URL over a WebSocket."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float = TIMEOUT_SECONDS,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        max_connections: int = 200,
    ) -> None:
        """Args: `timeout` in seconds, from asking for a connection to the last byte."""
        self.url = url
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._max_response_bytes = max_response_bytes
        self._max_connections = max_connections
        self._known_session: aiohttp.ClientSession | None = None

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        body = _body(request)
        try:
            async with self._session().post(
                self.url,
                data=body,
                headers={**_forwarded(request.headers), **HEADERS},
                allow_redirects=False,
                timeout=self._timeout,
            ) as response:
                return _parse(request, response.status, await self._read(response))
        except TimeoutError as error:
            raise SubgraphTimeout(f"Subgraph {request.subgraph} did not answer in time.") from error
        except aiohttp.ClientPayloadError as error:
            raise MalformedResponse(f"Subgraph {request.subgraph} broke off its response.") from error
        except aiohttp.ClientError as error:
            raise SubgraphUnreachable(f"Subgraph {request.subgraph} cannot be reached.") from error

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        events = subscribe_over_websocket(
            self._session(),
            self.url,
            replace(request, headers=_forwarded(request.headers)),
            opening_seconds=self._timeout.total or TIMEOUT_SECONDS,
            max_message_bytes=self._max_response_bytes,
        )
        async with aclosing(events):
            async for event in events:
                yield event

    async def aclose(self) -> None:
        if self._known_session is not None:
            await self._known_session.close()
            self._known_session = None

    def _session(self) -> aiohttp.ClientSession:
        """Made on first use, because a session belongs to the running loop."""
        if self._known_session is None:
            self._known_session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._max_connections),
                # A cookie that one client's request brought back must never go out with another's.
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._known_session

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """The body, decompressed.

        Raises:
            MalformedResponse: it is larger than allowed; no more than that was read.
        """
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_chunked(CHUNK_BYTES):
            size += len(part)
            if size > self._max_response_bytes:
                response.close()
                raise MalformedResponse("The subgraph's response is too large.")
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _body(request: SubgraphRequest) -> bytes:
    payload: dict[str, object] = {"query": request.query}
    if request.variables:
        payload["variables"] = request.variables
    if request.operation_name is not None:
        payload["operationName"] = request.operation_name
    return orjson.dumps(payload)


def _forwarded(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in HOP_HEADERS}


def _parse(request: SubgraphRequest, status: int, body: bytes) -> SubgraphResponse:
    """A GraphQL response counts as one whatever its status; without one, the status tells whose fault it was."""
    try:
        return parse_response(orjson.loads(body))
    except (orjson.JSONDecodeError, MalformedResponse) as error:
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise SubgraphUnreachable(f"Subgraph {request.subgraph} answered with status {status}.") from error
        if isinstance(error, MalformedResponse):
            raise
        raise MalformedResponse(f"Subgraph {request.subgraph} answered without JSON (status {status}).") from error
