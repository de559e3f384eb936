"""A transport whose requests have other headers than the client's, and hooks around them."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from router.execute.transport.base import SubgraphFailure, SubgraphRequest, SubgraphResponse, Transport
from router.serve.traffic.calls import CallHooks, CallOutcome, SubgraphCall
from router.serve.traffic.rules import HeaderRules

logger = logging.getLogger(__name__)


class HookFailed(SubgraphFailure):
    """A request was not sent, because what had to be done before went wrong."""

    code = "INTERNAL_SERVER_ERROR"


class SteeredTransport:
    """Around any transport to one subgraph."""

    def __init__(self, inner: Transport, rules: HeaderRules, hooks: CallHooks) -> None:
        self.inner = inner
        self._rules = rules
        self._hooks = hooks
        self._hooked = bool(hooks.before or hooks.after)

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        headers = self._rules.apply(request.headers)
        if not self._hooked:
            return await self.inner.fetch(request.with_headers(headers))
        call = await self._prepared(request, headers)
        steered = request.with_headers(call.headers)
        clock = asyncio.get_running_loop().time
        begun = clock()
        try:
            response = await self.inner.fetch(steered)
        except SubgraphFailure as failure:
            await self._tell(call, CallOutcome(clock() - begun, failure=failure))
            raise
        await self._tell(call, CallOutcome(clock() - begun, response))
        return response

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        call = await self._prepared(request, self._rules.apply(request.headers))
        async with aclosing(self.inner.subscribe(request.with_headers(call.headers))) as events:
            async for event in events:
                yield event

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def _prepared(self, request: SubgraphRequest, headers: dict[str, str]) -> SubgraphCall:
        """The request as the hooks want it.

        Raises:
            SubgraphFailure: it is not to be sent.
        """
        call = SubgraphCall(
            request.subgraph,
            request.query,
            request.variables,
            headers,
            request.terms,
            request.deadline,
        )
        try:
            for hook in self._hooks.before:
                await hook(call)
        except SubgraphFailure:
            raise
        except Exception as error:
            logger.exception("A hook before a request to subgraph %s failed", request.subgraph)
            raise HookFailed(f"The request to subgraph {request.subgraph} could not be prepared.") from error
        return call

    async def _tell(self, call: SubgraphCall, outcome: CallOutcome) -> None:
        for hook in self._hooks.after:
            try:
                await hook(call, outcome)
            except Exception:
                logger.exception("A hook after a request to subgraph %s failed", call.subgraph)
