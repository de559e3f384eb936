"""Where every request comes in, over whatever transport: who asks, for which tenant, and what holds for it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.types import Scope

from router.serve.engine import Engine
from router.serve.request import Hooks, RequestContext


class Entrance:
    """Lets the requests to one engine in."""

    def __init__(self, engine: Engine, hooks: Hooks) -> None:
        self._control = engine.control
        self._answers = engine.answers
        self._tenancy = engine.tenancy
        self._hooks = hooks

    async def enter(
        self, scope: Scope, headers: Mapping[str, str], parameters: Mapping[str, Any] | None = None
    ) -> RequestContext:
        """The context of an HTTP request or a WebSocket connection.

        Args:
            scope: of ASGI, with what its path names.
            headers: by names in lower case.
            parameters: of a WebSocket's `connection_init`.

        Raises:
            Refused: the client may not ask anything.
        """
        address, told = address_of(scope), self._hooks.revocations.told
        context = await self._hooks.authenticate(headers, parameters)
        if told and context.identity is not None:
            context = replace(context, entered=told)
        context = self._control.seen(context, headers, address)
        if self._answers is not None and parameters is None:
            context = self._answers.seen(context, headers)
        if self._tenancy is None:
            return context
        return await self._tenancy.enter(context, headers, scope.get("path_params"), parameters, address)

    async def compare(self, scope: Scope, headers: Mapping[str, str], context: RequestContext) -> None:
        """Look at a request on behalf of a client who came in before.

        Raises:
            Refused: it names another tenant than the client's.
        """
        if self._tenancy is not None:
            await self._tenancy.enter(context, headers, scope.get("path_params"), None, address_of(scope))


def address_of(scope: Scope) -> str:
    """The network address of a client; empty if it is not known."""
    return (scope.get("client") or ("",))[0]
