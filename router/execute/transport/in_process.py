"""A subgraph in the router's own process: no HTTP, and variables that are never written as text."""

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Protocol

from router.execute.transport.alarms import Alarms
from router.execute.transport.base import (
    CURSOR_HEADER,
    TIMEOUT_SECONDS,
    SubgraphFailure,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphTimeout,
    SubgraphUnreachable,
    last_moment,
    parse_response,
)

logger = logging.getLogger(__name__)


class Execute(Protocol):
    """Runs a query or mutation and gives the GraphQL response as plain data."""

    async def __call__(
        self,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        headers: Mapping[str, str],
        /,
    ) -> Mapping[str, Any]: ...


class Subscribe(Protocol):
    """Runs a subscription and gives one GraphQL response per event."""

    def __call__(
        self,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        headers: Mapping[str, str],
        /,
    ) -> AsyncGenerator[Mapping[str, Any]]: ...


class InProcessTransport:
    """Calls a subgraph's own functions, which the composition root hands in."""

    def __init__(
        self, execute: Execute, subscribe: Subscribe | None = None, *, timeout: float | None = TIMEOUT_SECONDS
    ) -> None:
        """Args: `timeout` in seconds for queries and mutations; None waits forever."""
        self._execute = execute
        self._subscribe = subscribe
        self._timeout = timeout
        self._alarms = Alarms()

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        try:
            with self._alarms.until(last_moment(request, self._timeout)):
                payload = await self._execute(*_arguments(request))
        except TimeoutError as error:
            raise SubgraphTimeout(f"Subgraph {request.subgraph} did not answer in time.") from error
        except Exception as error:
            raise _crash(request, error) from error
        return parse_response(payload)

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        if self._subscribe is None:
            raise SubgraphUnreachable(f"Subgraph {request.subgraph} offers no subscriptions.")
        try:
            query, variables, name, headers = _arguments(request)
            if request.cursor is not None:
                headers = {**headers, CURSOR_HEADER: request.cursor}
            async with aclosing(self._subscribe(query, variables, name, headers)) as events:
                async for payload in events:
                    yield parse_response(payload)
        except SubgraphFailure:
            raise
        except Exception as error:
            raise _crash(request, error) from error

    async def aclose(self) -> None:
        """Nothing to release: the subgraph belongs to the composition root."""


def _arguments(
    request: SubgraphRequest,
) -> tuple[str, Mapping[str, Any] | None, str | None, Mapping[str, str]]:
    return request.query, request.variables, request.operation_name, request.headers


def _crash(request: SubgraphRequest, error: Exception) -> SubgraphUnreachable:
    """What a 500 is over HTTP."""
    logger.error("Subgraph %s failed", request.subgraph, exc_info=error)
    return SubgraphUnreachable(f"Subgraph {request.subgraph} failed.")
