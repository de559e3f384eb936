"""Authlib's authorization server for one request to one tenant.

Authlib is synchronous. Its server is called within `greenlet_spawn`, and what it asks of us waits for the database with
`await_only`: so nothing blocks the event loop, and all of a request is one transaction of one tenant.
"""

# pyright: reportIncompatibleMethodOverride=false, reportArgumentType=false, reportUnknownMemberType=false
# pyright: reportIncompatibleVariableOverride=false
# The type checker's stubs of Authlib are of another version than Authlib.

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidGrantError
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from sqlalchemy.util import await_only, greenlet_spawn

from shared.caller import SERVICE_ROLE, UserId
from shared.database import TenantSession
from shared.ids import uuid7
from shared.tokens import AUDIENCE, TYPE
from subgraphs.auth.models import OAuthGrant, OAuthRefreshToken
from subgraphs.auth.service.oauth import EndUser, OAuthDesk, TenantIssuer
from subgraphs.auth.service.oauth_clients import Client, digest, new_token
from subgraphs.auth.service.oauth_dpop import Prover, confirmation
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.oauth import OAuthStore
from subgraphs.auth.store.oauth_apps import OAuthAppStore

ACCESS_SECONDS: Final = 600
FAMILY_LIFE: Final = timedelta(days=90)
"""After that an app has to ask again, however often it has refreshed."""


@dataclass(frozen=True, slots=True)
class Received:
    """A request as an endpoint has read it: each parameter once."""

    method: str
    uri: str
    headers: Mapping[str, str]
    parameters: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answers: an object as JSON, or a redirection."""

    status: int
    body: Mapping[str, Any] = field(repr=False)
    headers: Mapping[str, str]

    @property
    def location(self) -> str | None:
        return self.headers.get("Location")


class InvalidTarget(OAuth2Error):
    """Tokens are for the graph alone. Sources: RFC 8707, section 2, and RFC 8693, section 2.2.2."""

    error = "invalid_target"


class Request(OAuth2Request):
    """A request in the form in which Authlib reads it."""

    payload: BasicOAuth2Payload
    client: Client
    """That sent it; known once it was looked up."""
    user: EndUser
    """Whom it is about; likewise."""

    def __init__(self, received: Received) -> None:
        super().__init__(received.method, received.uri)
        self._decided: str | None = None
        self.headers = received.headers
        self.parameters = dict(received.parameters)
        self.payload = BasicOAuth2Payload(self.parameters)

    @property
    def scope(self) -> str:
        """What was asked for and can be granted, once that was decided; before, what was asked for."""
        return self.payload.scope if self._decided is None else self._decided

    @scope.setter
    def scope(self, value: str) -> None:
        self._decided = value

    @property
    def form(self) -> dict[str, str]:
        return self.parameters if self.method == "POST" else {}


class Server(AuthorizationServer):
    """Lives as long as its session's transaction."""

    def __init__(self, oauth: OAuthDesk, issuer: TenantIssuer, session: TenantSession) -> None:
        super().__init__()
        self.oauth = oauth
        self.issuer = issuer
        self.session = session
        self.store = OAuthStore(session)
        self.now: datetime = oauth.desk.clock()
        self.family: OAuthGrant | None = None
        """What tokens are issued for."""
        self.prover = Prover(oauth)
        self.jkt: str | None = None
        """The key that they are issued to."""
        self.actor: UserId | None = None
        """Who acts in the name of whoever the tokens are about."""
        self._clients: dict[str, Client | None] = {}
        self.register_token_generator("default", self._generated)

    def get_authorization_grant(self, request: Request) -> Any:
        """The grant for an authorization request.

        Raises:
            OAuth2Error: it is not for a code. The browser is sent back only where the app has said so before.
        """
        asked = request.payload
        if asked.response_type == "code":
            return super().get_authorization_grant(request)
        client = self.query_client(asked.client_id or "")
        known = client is not None and bool(asked.redirect_uri) and client.check_redirect_uri(asked.redirect_uri)
        error = "unsupported_response_type" if asked.response_type else "invalid_request"
        raise OAuth2Error("'response_type' has to be 'code'", error=error, redirect_uri=known and asked.redirect_uri)

    def refuse_other_resources(self, asked: Mapping[str, str]) -> None:
        """Tokens are for the graph alone. Source: RFC 8707, section 2.

        Raises:
            InvalidTarget: the app wants one for something else.
        """
        if asked.get("resource", self.oauth.graph_url) != self.oauth.graph_url:
            raise InvalidTarget

    async def run(self, work: Callable[..., Answer], *arguments: object) -> Answer:
        """Let Authlib work, while everybody else goes on."""
        return await greenlet_spawn(work, *arguments)

    def query_client(self, client_id: str) -> Client | None:
        if client_id not in self._clients:
            self._clients[client_id] = await_only(self._client(client_id))
        return self._clients[client_id]

    async def _client(self, client_id: str) -> Client | None:
        try:
            app_id = UUID(client_id)
        except ValueError:
            return None
        apps = OAuthAppStore(self.session)
        app = await apps.get(app_id)
        return None if app is None or str(app_id) != client_id else Client(app, await apps.secrets(app_id, self.now))

    def open_family(
        self, app_id: UUID, scope: str, *, end_user: EndUser | None = None, bound_to: str | None = None
    ) -> OAuthGrant:
        """Begin a family of tokens. An app that acts for itself has one for each token.

        Args:
            app_id: whose tokens they are.
            scope: of the family.
            end_user: for whom; None for the app itself.
            bound_to: the thumbprint of the only key that they may be issued to.

        Raises:
            InvalidGrantError: the person's account was deactivated meanwhile.
            OAuth2Error: the app has not proved that it has the key that it needs.
        """
        self.bind(app_id, bound_to)
        if end_user is not None and not await_only(AccountStore(self.session).is_active(end_user.user_id)):
            raise InvalidGrantError
        life = timedelta(seconds=ACCESS_SECONDS) if end_user is None else FAMILY_LIFE
        self.family = OAuthGrant(
            id=uuid7(),
            app_id=app_id,
            user_id=None if end_user is None else end_user.user_id,
            scope=scope,
            jkt=self.jkt,
            auth_time=None if end_user is None else end_user.authentication.at,
            amr=[] if end_user is None else sorted(end_user.authentication.methods),
            session_id=None if end_user is None else end_user.session_id,
            expires_at=self.now + life,
        )
        await_only(self.store.add(self.family))
        return self.family

    def bind(self, app_id: UUID, bound_to: str | None) -> None:
        """Issue what follows to the key that the request has proved, once.

        Raises:
            OAuth2Error: it is not the key that it has to be, or the proof was used before.
        """
        client = self.query_client(str(app_id))
        required = client is not None and client.app.dpop_bound_tokens
        self.jkt = self.prover.key_for(bound_to, required=required)
        self.prover.use(self)

    def _generated(
        self,
        *,
        grant_type: str,
        client: Client,
        user: EndUser | None = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, Any]:
        family, granted = self.family, scope or ""
        assert family is not None  # noqa: S101 - grants begin or find it first
        now = int(self.now.timestamp())
        ends = min(now + ACCESS_SECONDS, int(family.expires_at.timestamp()))
        claims = {
            "iss": self.issuer.url,
            "aud": AUDIENCE,
            "sub": client.client_id if user is None else str(user.user_id),
            "client_id": client.client_id,
            "tid": str(self.issuer.tenant.id),
            "sid": str(family.id),
            "jti": str(uuid7()),
            "role": SERVICE_ROLE if user is None else user.role,
            "scope": granted,
            "iat": now,
            "exp": ends,
            **confirmation(self.jkt),
            **({"act": {"sub": str(self.actor)}} if self.actor else {}),
        }
        token = {
            "access_token": self.oauth.desk.issuer.sign(claims, type_=TYPE),
            "token_type": "Bearer" if self.jkt is None else "DPoP",
            "expires_in": ends - now,
            "scope": granted,
        }
        return {**token, "refresh_token": new_token()} if include_refresh_token else token

    def save_token(self, token: Mapping[str, Any], request: Request) -> None:
        """Keep what has to be found again: access tokens speak for themselves."""
        refresh_token = token.get("refresh_token")
        if refresh_token is not None and self.family is not None:
            row = OAuthRefreshToken(hash=digest(refresh_token), grant_id=self.family.id)
            await_only(self.store.add(row))

    def create_oauth2_request(self, request: Received | Request) -> Request:
        return request if isinstance(request, Request) else Request(request)

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens: what is done here is told by events."""

    def handle_response(self, status: int, body: Any, headers: Sequence[tuple[str, str]]) -> Answer:
        """An answer; every one that goes back to an app by the browser names its issuer. Source: RFC 9207."""
        named = dict(headers)
        if location := named.get("Location"):
            named["Location"] = add_params_to_uri(location, [("iss", self.issuer.url)])
        return Answer(status, dict(body or ()), named)

    def refused(self, request: Request, error: OAuth2Error) -> Answer:
        """What is answered for an error."""
        return cast("Answer", self.handle_error_response(request, error))
