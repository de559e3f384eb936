"""The router with our policies: who may ask, what subgraphs get to know of them, and for how long."""

import asyncio
import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from http import HTTPStatus
from time import time
from typing import Any, Final, cast

from router.compose import Refused as CompositionRefused
from router.compose import Subgraph, compose
from router.execute import Response, Transport
from router.serve.access.identity import Identity
from router.serve.demand.control import DemandControl
from router.serve.engine import Engine
from router.serve.errors import Refused
from router.serve.request import Authenticate, GraphQLRequest, RequestContext
from shared.bearer import bearer_token
from shared.caller import Caller
from shared.errors import DomainError, Unauthenticated
from shared.tokens import LEEWAY_SECONDS, TokenExpired, TokenVerifier
from studium.embedded.errors import CannotStart

_AUTHORIZATION: Final = "authorization"


def authenticating(verifier: TokenVerifier) -> Authenticate:
    """Verify the token if there is one.

    It is forwarded, for subgraphs that verify it themselves; where the router signs its requests, it goes no further.
    """

    async def authenticate(headers: Mapping[str, str], parameters: Mapping[str, Any] | None) -> RequestContext:
        given = _authorization(headers, parameters)
        try:
            token = bearer_token(given)
            if token is None:
                return RequestContext()
            caller = await verifier.caller(token)
        except DomainError as error:
            status = HTTPStatus.UNAUTHORIZED if isinstance(error, Unauthenticated) else HTTPStatus.SERVICE_UNAVAILABLE
            raise Refused.because(str(error), error.code, status) from error
        return RequestContext(given, caller, identity=identify(caller, _expiry(token)))

    return authenticate


def identify(caller: Caller, expires: float) -> Identity:
    """The caller as the router knows them, until `expires` (seconds since the epoch)."""
    claims = {"role": caller.role, "sid": str(caller.session_id)}
    return Identity(str(caller.user_id), str(caller.tenant_id), None, caller.scopes, claims, expires)


class Gateway(Engine):
    """An engine whose subscriptions end when the token they were opened with does."""

    async def subscribe(self, request: GraphQLRequest, context: RequestContext) -> AsyncGenerator[Response]:
        responses = super().subscribe(request, context)
        expires = None if context.identity is None else context.identity.expires
        async with aclosing(responses):
            async for response in responses if expires is None else _until(expires, responses):
                yield response


async def _until(moment: float, responses: AsyncGenerator[Response]) -> AsyncGenerator[Response]:
    while True:
        try:
            async with asyncio.timeout(moment - time()):
                response = await anext(responses)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            refusal = TokenExpired()
            raise Refused.because(str(refusal), refusal.code) from error
        yield response


def build_gateway(
    subgraphs: Sequence[Subgraph], transports: Mapping[str, Transport], control: DemandControl | None = None
) -> Gateway:
    """Compose the subgraphs and make the engine that answers for them, as far as `control` allows.

    Raises:
        CannotStart: they do not compose.
    """
    composed = compose(subgraphs)
    if isinstance(composed, CompositionRefused):
        raise CannotStart(
            "The subgraphs do not compose into one graph.",
            details=tuple(f"{error.code}: {error.message}" for error in composed.errors),
        )
    return cast("Gateway", Gateway.from_sdl(composed.supergraph_sdl, transports, control=control))


def _authorization(headers: Mapping[str, str], parameters: Mapping[str, Any] | None) -> dict[str, str]:
    """The header to forward; what a WebSocket gave when it began wins over what its handshake brought."""
    given = {name.lower(): str(value) for name, value in {**headers, **(parameters or {})}.items()}
    return {_AUTHORIZATION: given[_AUTHORIZATION]} if _AUTHORIZATION in given else {}


def _expiry(token: str) -> float:
    """When the verifier stops accepting a token that it accepted just now."""
    claims = token.split(".")[1]
    return LEEWAY_SECONDS + float(json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"])
