"""The router with our policies: who may ask, what subgraphs get to know of them, and for how long."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from router.compose import Refused as CompositionRefused
from router.compose import Subgraph, compose
from router.execute import Transport
from router.serve.access.identity import Identity
from router.serve.demand.control import DemandControl
from router.serve.engine import Engine
from router.serve.errors import Refused
from router.serve.limits import Limits
from router.serve.masking.config import ErrorPolicy
from router.serve.persisted import PersistedOperations
from router.serve.request import Authenticate, RequestContext
from router.serve.telemetry.telemetry import Telemetry
from shared.bearer import bearer_token
from shared.caller import Caller
from shared.errors import DomainError, Unauthenticated
from shared.tokens import LEEWAY_SECONDS, TokenVerifier
from studium.embedded.errors import CannotStart
from studium.ended_sessions import EndedSessions

_AUTHORIZATION: Final = "authorization"

Gateway: TypeAlias = Engine
"""What answers for Studium's graph."""


def authenticating(verifier: TokenVerifier, ended: EndedSessions | None = None) -> Authenticate:
    """Verify the token if there is one, and that its session has not `ended`.

    It is forwarded, for subgraphs that verify it themselves; where the router signs its requests, it goes no further.
    """

    async def authenticate(headers: Mapping[str, str], parameters: Mapping[str, Any] | None) -> RequestContext:
        given = _authorization(headers, parameters)
        try:
            token = bearer_token(given)
            if token is None:
                return RequestContext()
            caller = await verifier.caller(token)
            if ended is not None:
                ended.refuse(caller)
        except DomainError as error:
            status = HTTPStatus.UNAUTHORIZED if isinstance(error, Unauthenticated) else HTTPStatus.SERVICE_UNAVAILABLE
            raise Refused.because(str(error), error.code, status) from error
        return RequestContext(given, caller, identity=identify(caller, _expiry(token)))

    return authenticate


def identify(caller: Caller, expires: float) -> Identity:
    """The caller as the router knows them, until `expires` (seconds since the epoch)."""
    claims = {"role": caller.role, "sid": str(caller.session_id)}
    return Identity(str(caller.user_id), str(caller.tenant_id), None, caller.scopes, claims, expires)


def build_gateway(
    subgraphs: Sequence[Subgraph],
    transports: Mapping[str, Transport],
    control: DemandControl | None = None,
    *,
    limits: Limits | None = None,
    persisted: PersistedOperations | None = None,
    errors: ErrorPolicy | None = None,
    telemetry: Telemetry | None = None,
) -> Gateway:
    """Compose the subgraphs and make the engine that answers for them, as far as `control` and `limits` allow.

    Raises:
        CannotStart: they do not compose.
    """
    composed = compose(subgraphs)
    if isinstance(composed, CompositionRefused):
        raise CannotStart(
            "The subgraphs do not compose into one graph.",
            details=tuple(f"{error.code}: {error.message}" for error in composed.errors),
        )
    return Engine.from_sdl(
        composed.supergraph_sdl,
        transports,
        limits,
        defer=True,
        control=control,
        persisted=persisted,
        errors=errors,
        telemetry=telemetry,
    )


def _authorization(headers: Mapping[str, str], parameters: Mapping[str, Any] | None) -> dict[str, str]:
    """The header to forward; what a WebSocket gave when it began wins over what its handshake brought."""
    given = {name.lower(): str(value) for name, value in {**headers, **(parameters or {})}.items()}
    return {_AUTHORIZATION: given[_AUTHORIZATION]} if _AUTHORIZATION in given else {}


def _expiry(token: str) -> float:
    """When the verifier stops accepting a token that it accepted just now."""
    claims = token.split(".")[1]
    return LEEWAY_SECONDS + float(json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"])
