"""The endpoints that apps ask themselves: tokens, introspection, revocation, and requests sent ahead."""

# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false
# The type checker's stubs of Authlib are of another version than Authlib.

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, cast

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from sqlalchemy.util import await_only

from shared.database import TenantSession, unit_of_work
from subgraphs.auth.models import OAuthPushedRequest
from subgraphs.auth.service.oauth import CLIENT_AUTHENTICATION, OAuthDesk, TenantIssuer
from subgraphs.auth.service.oauth_clients import Client, digest, new_token
from subgraphs.auth.service.oauth_codes import CodeGrant, PlainRequests, S256Required
from subgraphs.auth.service.oauth_device import DeviceAuthorization, DeviceGrant
from subgraphs.auth.service.oauth_exchange import ExchangeGrant
from subgraphs.auth.service.oauth_keys import KeyAssertion, requested
from subgraphs.auth.service.oauth_openid import CodeIdentity, RefreshIdentity
from subgraphs.auth.service.oauth_refresh import RefreshGrant
from subgraphs.auth.service.oauth_server import Answer, Received, Server
from subgraphs.auth.service.oauth_tokens import ClientGrant, Introspection, Revocation

PUSHED_LIFE: Final = timedelta(minutes=5)
PUSHED_PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
_CREDENTIALS: Final = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


def server_for(oauth: OAuthDesk, issuer: TenantIssuer, session: TenantSession) -> Server:
    """An authorization server that knows every grant and endpoint, for one transaction."""
    server = Server(oauth, issuer, session)
    server.register_client_auth_method(KeyAssertion.METHOD, KeyAssertion(server))
    server.register_grant(CodeGrant, [S256Required(required=True), PlainRequests(), CodeIdentity(server)])
    server.register_grant(RefreshGrant, [RefreshIdentity(server)])
    server.register_grant(ClientGrant)
    server.register_grant(ExchangeGrant)
    server.register_grant(DeviceGrant, [RefreshIdentity(server)])
    server.register_endpoint(DeviceAuthorization)
    server.register_endpoint(Introspection)
    server.register_endpoint(Revocation)
    return server


async def issue_tokens(oauth: OAuthDesk, issuer: TenantIssuer, received: Received) -> Answer:
    """Exchange a code, a refresh token or an app's own credentials for tokens. Source: RFC 6749, section 3.2."""
    return await _answered(oauth, issuer, received, lambda server: _proved(server, _issue(server)))


async def introspect(oauth: OAuthDesk, issuer: TenantIssuer, received: Received) -> Answer:
    """Tell what a token is good for. Source: RFC 7662."""
    return await _answered(oauth, issuer, received, lambda server: _endpoint(server, Introspection.ENDPOINT_NAME))


async def revoke(oauth: OAuthDesk, issuer: TenantIssuer, received: Received) -> Answer:
    """End a token and its family. Source: RFC 7009."""
    return await _answered(oauth, issuer, received, lambda server: _endpoint(server, Revocation.ENDPOINT_NAME))


async def begin_device(oauth: OAuthDesk, issuer: TenantIssuer, received: Received) -> Answer:
    """Let a device wait for somebody's consent. Source: RFC 8628, section 3.1."""
    return await _answered(oauth, issuer, received, lambda server: _endpoint(server, DeviceAuthorization.ENDPOINT_NAME))


async def push(oauth: OAuthDesk, issuer: TenantIssuer, received: Received) -> Answer:
    """Keep an authorization request that the browser then refers to. Source: RFC 9126."""
    return await _answered(oauth, issuer, received, lambda server: _proved(server, lambda given: _push(server, given)))


async def _answered(
    oauth: OAuthDesk, issuer: TenantIssuer, received: Received, work: Callable[[Server], Callable[[Received], Any]]
) -> Answer:
    async with unit_of_work(oauth.desk.sessions, issuer.caller) as session:
        server = server_for(oauth, issuer, session)
        return await server.run(work(server), received)


def _proved(server: Server, work: Callable[[Received], Any]) -> Callable[[Received], Answer]:
    """Work that looks first at the proof of a key that may come along. Source: RFC 9449, sections 5 and 10.1."""

    def done(received: Received) -> Answer:
        try:
            server.refuse_other_resources(received.parameters)
            server.prover.read(received)
        except OAuth2Error as error:
            return server.refused(server.create_oauth2_request(received), error)
        return work(received)

    return done


def _issue(server: Server) -> Callable[[Received], Answer]:
    return cast("Callable[[Received], Answer]", server.create_token_response)


def _endpoint(server: Server, name: str) -> Callable[[Received], Answer]:
    return lambda received: server.create_endpoint_response(name, received)


def _push(server: Server, received: Received) -> Answer:
    request = server.create_oauth2_request(received)
    try:
        client = cast("Client", server.authenticate_client(request, list(CLIENT_AUTHENTICATION), "par"))
        sent = {name: value for name, value in received.parameters.items() if name not in _CREDENTIALS}
        asked = dict(requested(server, {"client_id": client.client_id, **sent}))
        if asked.setdefault("client_id", client.client_id) != client.client_id:
            raise InvalidRequestError("'client_id' is another app's")
        proof = server.prover.proof
        if proof is not None and asked.setdefault("dpop_jkt", proof.jkt) != proof.jkt:
            raise InvalidRequestError("'dpop_jkt' is another key's")
        plain = {name: value for name, value in asked.items() if name != "prompt"}  # nobody can be asked yet
        server.get_consent_grant(replace(received, method="GET", parameters=plain))
    except OAuth2Error as error:
        error.redirect_uri = None
        return server.refused(request, error)
    secret = new_token()
    row = OAuthPushedRequest(
        hash=digest(secret), app_id=client.app.id, parameters=asked, expires_at=server.now + PUSHED_LIFE
    )
    await_only(server.store.add(row))
    told = {"request_uri": PUSHED_PREFIX + secret, "expires_in": int(PUSHED_LIFE.total_seconds())}
    return server.handle_response(201, told, [("Content-Type", "application/json")])
