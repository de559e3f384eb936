"""Callers who show access tokens: over HTTP in a header, over WebSocket as a connection parameter as well."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from router.serve.access.keys import KeysUnavailable, PublishedKeys, loader
from router.serve.access.refusals import Refusals
from router.serve.access.tokens import InvalidToken, TokenVerifier, TrustedIssuer
from router.serve.config.kinds import UNCONFIGURED
from router.serve.errors import Refused
from router.serve.request import Authenticate, RequestContext, forwarding

UNAUTHENTICATED = "UNAUTHENTICATED"


@dataclass(frozen=True, slots=True)
class TokenAuthentication:
    """How callers are told by their access tokens.

    Attributes:
        issuers: whose tokens are accepted.
        anonymous: whether clients without a token may ask; they have no identity.
        header: that carries the token; a WebSocket may give it as a connection parameter of that name.
        scheme: before the token.
        forward: headers of clients that subgraphs get.
        token_bytes: longest token that is looked at.
        remembered: how many verified tokens are remembered until they expire.
        keys_seconds: after which key sets are read again.
        keys_floor_seconds: between two readings of a key set, however many unknown keys are asked for.
        keys_timeout_seconds: for the reading of one.
    """

    issuers: tuple[TrustedIssuer, ...]
    anonymous: bool = True
    header: str = "authorization"
    scheme: str = "Bearer"
    forward: tuple[str, ...] = field(default=(), metadata=UNCONFIGURED)
    token_bytes: int = 8192
    remembered: int = 4096
    keys_seconds: float = 600.0
    keys_floor_seconds: float = 10.0
    keys_timeout_seconds: float = 5.0

    def verifier(self) -> TokenVerifier:
        """Verifies the tokens; it reads key sets when they are needed first."""
        sources = [(each, self._keys(each)) for each in self.issuers]
        return TokenVerifier(sources, token_bytes=self.token_bytes, remembered=self.remembered)

    def _keys(self, issuer: TrustedIssuer) -> PublishedKeys:
        return PublishedKeys(
            loader(issuer.jwks, timeout=self.keys_timeout_seconds),
            issuer.algorithms,
            keep_seconds=self.keys_seconds,
            floor_seconds=self.keys_floor_seconds,
        )


def by_token(config: TokenAuthentication, verifier: TokenVerifier | None = None) -> Authenticate:
    """Lets clients in by their tokens.

    Nothing that a client says of itself counts but a token that is verified: a connection parameter that claims to be a
    decoded one is not even looked at.
    """
    decided = verifier or config.verifier()
    forward = forwarding(*config.forward)
    name = config.header.lower()
    refusals = Refusals()

    async def authenticate(headers: Mapping[str, str], parameters: Mapping[str, Any] | None) -> RequestContext:
        given = next((value for key, value in (parameters or {}).items() if key.lower() == name), headers.get(name))
        forwarded = (await forward(headers, parameters)).headers
        if given is None:
            if not config.anonymous:
                raise _unauthenticated("An access token is required.", f"{config.scheme}")
            return RequestContext(forwarded)
        token = _token(given, config.scheme)
        try:
            identity = await decided.identity(token)
        except InvalidToken as error:
            refusals.add(error.reason, token)
            challenge = f'{config.scheme} error="invalid_token", error_description="{error.message}"'
            raise Refused.because(
                error.message, error.code, HTTPStatus.UNAUTHORIZED, {"www-authenticate": challenge}
            ) from error
        except KeysUnavailable as error:
            raise Refused.because(str(error), "UNAVAILABLE", HTTPStatus.SERVICE_UNAVAILABLE) from error
        return RequestContext(forwarded, identity=identity)

    return authenticate


def _token(given: object, scheme: str) -> str:
    """The token after its scheme."""
    found, _, token = given.strip().partition(" ") if isinstance(given, str) else ("", "", "")
    if found.lower() != scheme.lower() or not token.strip():
        message = f"The token must be given as: {scheme} <token>"
        raise _unauthenticated(message, f'{scheme} error="invalid_request", error_description="{message}"')
    return token.strip()


def _unauthenticated(message: str, challenge: str) -> Refused:
    return Refused.because(message, UNAUTHENTICATED, HTTPStatus.UNAUTHORIZED, {"www-authenticate": challenge})
