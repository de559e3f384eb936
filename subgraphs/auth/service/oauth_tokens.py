"""Tokens for apps that act for themselves, and what becomes of tokens later: introspection and revocation."""

# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false, reportIncompatibleVariableOverride=false
# The type checker's stubs of Authlib are of another version than Authlib.

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc6749.errors import InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from sqlalchemy.util import await_only

from shared.errors import Unauthenticated
from shared.tokens import TYPE, signed_claims
from subgraphs.auth.models import OAuthGrant
from subgraphs.auth.service.oauth import CLIENT_AUTHENTICATION, CLIENT_PROOFS, tell_ended
from subgraphs.auth.service.oauth_clients import Client, digest
from subgraphs.auth.service.oauth_scopes import IDENTITY, narrowed
from subgraphs.auth.service.oauth_server import Request, Server

_TOLD: Final = ("scope", "aud", "exp", "iat", "jti")
"""Claims of access tokens that are told to whoever may ask about them."""


class ClientGrant(grants.ClientCredentialsGrant):
    """An app acts for itself, with what its tenant lets it do. Source: RFC 6749, section 4.4."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = [*CLIENT_PROOFS]

    server: Server
    request: Request

    def create_token_response(self) -> tuple[int, Any, Any]:
        app = self.request.client.app
        scope = narrowed(self.request.payload.scope or "", set(app.scopes) - IDENTITY.keys())
        if not scope:
            raise InvalidScopeError
        self.server.open_family(app.id, scope)
        token = self.generate_token(scope=scope, include_refresh_token=False)
        return 200, token, self.TOKEN_RESPONSE_HEADER


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token that somebody asks about, with its family."""

    family: OAuthGrant
    now: datetime
    claims: Mapping[str, Any] | None
    """Of an access token; None for a refresh token."""

    def check_client(self, client: Client) -> bool:
        return self.family.app_id == client.app.id

    def is_expired(self) -> bool:
        return self.family.expires_at <= self.now

    def is_revoked(self) -> bool:
        return self.family.ended_at is not None


class TokenFinder:
    """Finds a token of either kind, whatever an app takes it for."""

    server: Server

    def check_params(self, request: Request, client: Client) -> None:
        """A hint is nothing to rely on. Source: RFC 7009, section 2.1."""
        if not request.form.get("token"):
            raise InvalidRequestError("Missing 'token'")

    def query_token(self, token_string: str, token_type_hint: str | None) -> KnownToken | None:
        """The token, if it is one of this issuer's that has not expired."""
        return await_only(find_token(self.server, token_string))


async def find_token(server: Server, token: str) -> KnownToken | None:
    """A token of this issuer's; None for others, and for expired ones."""
    family = await server.store.grant_of(digest(token))
    if family is not None:
        return KnownToken(family, server.now, None)
    try:
        caller = await server.oauth.verifier.caller(token)
    except Unauthenticated:
        return None
    if caller.tenant_id != server.issuer.tenant.id or caller.client_id is None or caller.session_id is None:
        return None
    family = await server.store.grant(caller.session_id)
    if family is None or family.app_id != caller.client_id:
        return None
    return KnownToken(family, server.now, await signed_claims(token, server.oauth.desk.issuer.ring, TYPE))


class Introspection(TokenFinder, IntrospectionEndpoint):
    """What a token is good for, for its own app and for apps that may ask about all. Source: RFC 7662."""

    CLIENT_AUTH_METHODS: ClassVar[list[str]] = [*CLIENT_PROOFS]

    server: Server

    def check_permission(self, token: KnownToken, client: Client, request: Request) -> bool:
        """Apps that may ask about others' are resource servers: a refresh token is not for them."""
        return token.check_client(client) or (client.app.may_introspect and token.claims is not None)

    def introspect_token(self, token: KnownToken) -> dict[str, Any]:
        family, issuer = token.family, self.server.issuer
        subject = family.user_id or family.app_id
        known: dict[str, Any] = {
            "active": True,
            "iss": issuer.url,
            "sub": str(subject),
            "client_id": str(family.app_id),
            "tid": str(issuer.tenant.id),
            "sid": str(family.id),
        }
        if token.claims is None:
            return {**known, "scope": family.scope, "exp": int(family.expires_at.timestamp())}
        told = {name: token.claims[name] for name in (*_TOLD, "cnf", "act") if name in token.claims}
        return {**known, **told, "token_type": "DPoP" if "cnf" in told else "Bearer"}


class Revocation(TokenFinder, RevocationEndpoint):
    """An app gives a token back: all of its family end, and what runs with them within a second. Source: RFC 7009."""

    CLIENT_AUTH_METHODS: ClassVar[list[str]] = [*CLIENT_AUTHENTICATION]

    server: Server

    def revoke_token(self, token: KnownToken, request: Request) -> None:
        family = await_only(self.server.store.end(token.family.id))
        if family is not None:
            tell_ended(self.server.session, family)
