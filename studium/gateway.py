"""The router with our policies: who may ask, what subgraphs get to know of them, and for how long."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from router.execute import Transport
from router.serve.access.identity import Identity
from router.serve.caching.caches import Caches
from router.serve.demand.control import DemandControl
from router.serve.engine import Engine
from router.serve.errors import Refused
from router.serve.limits import Limits
from router.serve.masking.config import ErrorPolicy
from router.serve.persisted import PersistedOperations
from router.serve.request import Authenticate, RequestContext
from router.serve.sources import Source
from router.serve.telemetry.telemetry import Telemetry
from router.serve.variants.tenancy import Tenancy
from shared.bearer import bearer_token
from shared.caller import Caller
from shared.dpop import ProofInvalid, presented
from shared.errors import DomainError, Unauthenticated
from shared.tokens import LEEWAY_SECONDS, TokenVerifier
from studium.api_tokens import ApiTokens
from studium.dpop import Proofs, proof_in
from studium.ended_sessions import EndedSessions

_AUTHORIZATION: Final = "authorization"
_ANOTHER: Final = 'Bearer error="invalid_token"'
_PROVEN: Final = 'DPoP error="invalid_dpop_proof"'

Gateway: TypeAlias = Engine
"""What answers for Studium's graph."""


def authenticating(
    verifier: TokenVerifier,
    ended: EndedSessions | None = None,
    programs: ApiTokens | None = None,
    proofs: Proofs | None = None,
) -> Authenticate:
    """Verify the token if there is one, and that its session has not `ended`; those of `programs` are exchanged first.

    A token that is issued to a key comes with one of `proofs`; where there are none, it is refused.
    It is forwarded, for subgraphs that verify it themselves; where the router signs its requests, it goes no further.
    """

    async def authenticate(headers: Mapping[str, str], parameters: Mapping[str, Any] | None) -> RequestContext:
        given = _authorization(headers, parameters)
        try:
            bound = presented(given)
            token = bound or bearer_token(given)
            if token is None:
                return RequestContext()
            if programs is not None:
                token = await programs.access_token(token)
            given = {_AUTHORIZATION: f"Bearer {token}"}
            caller = await verifier.caller(token)
            if proofs is not None:
                await proofs.check(caller, headers, proof_in(headers, parameters), bound)
            elif caller.jkt is not None or bound is not None:
                raise ProofInvalid
            if ended is not None:
                ended.refuse(caller)
        except DomainError as error:
            raise _refused(error) from error
        return RequestContext(given, caller, identity=identify(caller, _expiry(token)))

    return authenticate


def _refused(error: DomainError) -> Refused:
    """Source: RFC 6750, section 3.1; RFC 9449, section 7.1."""
    if not isinstance(error, Unauthenticated):
        return Refused.because(str(error), error.code, HTTPStatus.SERVICE_UNAVAILABLE)
    challenge = _PROVEN if isinstance(error, ProofInvalid) else _ANOTHER
    return Refused.because(str(error), error.code, HTTPStatus.UNAUTHORIZED, {"www-authenticate": challenge})


def identify(caller: Caller, expires: float) -> Identity:
    """The caller as the router knows them, until `expires` (seconds since the epoch)."""
    claims: dict[str, Any] = {"role": caller.role, "sid": str(caller.session_id)}
    if caller.auth_time is not None:
        claims |= {"auth_time": caller.auth_time, "acr": caller.acr}
    if caller.impersonator_id is not None:
        claims["act"] = {"sub": str(caller.impersonator_id)}
    client = None if caller.client_id is None else str(caller.client_id)
    subject = str(caller.user_id or caller.client_id)
    return Identity(subject, str(caller.tenant_id), client, caller.scopes, claims, expires)


@dataclass(frozen=True, slots=True)
class GatewayParts:
    """What a gateway is made of beside its subgraphs; see `Engine`. They stay their owner's, who closes them."""

    control: DemandControl | None = None
    limits: Limits | None = None
    persisted: PersistedOperations | None = None
    errors: ErrorPolicy | None = None
    telemetry: Telemetry | None = None
    tenancy: Tenancy | None = None
    answers: Caches | None = None

    def gateway(self, source: Source, transports: Mapping[str, Transport]) -> Gateway:
        """What answers for one supergraph.

        Raises:
            SupergraphError: it is none.
            ValueError: what is to be kept of answers does not fit it.
        """
        return Engine.from_sdl(
            source.supergraph_sdl,
            transports,
            self.limits,
            defer=True,
            control=self.control,
            persisted=self.persisted,
            errors=self.errors,
            telemetry=self.telemetry,
            tenancy=self.tenancy,
            answers=self.answers,
        )


def _authorization(headers: Mapping[str, str], parameters: Mapping[str, Any] | None) -> dict[str, str]:
    """The header to forward; what a WebSocket gave when it began wins over what its handshake brought."""
    given = {name.lower(): str(value) for name, value in {**headers, **(parameters or {})}.items()}
    return {_AUTHORIZATION: given[_AUTHORIZATION]} if _AUTHORIZATION in given else {}


def _expiry(token: str) -> float:
    """When the verifier stops accepting a token that it accepted just now."""
    claims = token.split(".")[1]
    return LEEWAY_SECONDS + float(json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"])
