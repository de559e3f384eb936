"""Devices without a keyboard: they show a code, wait, and ask now and then whether somebody has allowed it."""

# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false, reportIncompatibleVariableOverride=false
# The type checker's stubs of Authlib are of another version than Authlib.

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any, ClassVar, Final, cast

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.errors import (
    AccessDeniedError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc8628 import (
    AuthorizationPendingError,
    DeviceAuthorizationEndpoint,
    DeviceCodeGrant,
    ExpiredTokenError,
    SlowDownError,
)
from sqlalchemy.util import await_only

from shared.authentication import Authentication
from subgraphs.auth.models import OAuthDeviceRequest
from subgraphs.auth.service.oauth import CLIENT_AUTHENTICATION, DEVICE_CODE, EndUser, OAuthDesk
from subgraphs.auth.service.oauth_clients import Client, digest, new_token
from subgraphs.auth.service.oauth_codes import end_user
from subgraphs.auth.service.oauth_scopes import held_by, narrowed
from subgraphs.auth.service.oauth_server import Request, Server
from subgraphs.auth.store.oauth_device import OAuthDeviceStore

WAITS: Final = timedelta(minutes=10)
REST_SECONDS: Final = 5
MOST_WAITING: Final = 1000
"""Devices of one app at the same moment."""
_LETTERS: Final = frozenset("BCDFGHJKLMNPQRSTVWXZ")
_LENGTH: Final = 8


class DevicesBusy(OAuth2Error):
    """So many devices of the app wait already."""

    error = "temporarily_unavailable"
    status_code = 503


def user_code_digest(oauth: OAuthDesk, typed: str) -> bytes | None:
    """What is kept of a code that a device shows, however it was typed; None if no device shows the like."""
    letters = "".join(sign for sign in typed.upper() if sign not in " -")
    if len(letters) != _LENGTH or not _LETTERS.issuperset(letters):
        return None
    return oauth.desk.codes.digest("device-user-code", letters)


class DeviceAuthorization(DeviceAuthorizationEndpoint):
    """A device begins to wait. Source: RFC 8628, section 3.1."""

    CLIENT_AUTH_METHODS: ClassVar[list[str]] = [*CLIENT_AUTHENTICATION]
    EXPIRES_IN = int(WAITS.total_seconds())
    INTERVAL = REST_SECONDS

    server: Server

    def authenticate_client(self, request: Request) -> Client:
        client = cast("Client", super().authenticate_client(request))
        if not client.check_grant_type(DEVICE_CODE):
            raise UnauthorizedClientError
        if not client.get_allowed_scope(request.payload.scope):
            raise InvalidScopeError
        return client

    def generate_device_code(self) -> str:
        return new_token()

    def get_verification_uri(self) -> str:
        return f"{self.server.issuer.url}/device"

    def save_device_credential(self, client_id: str, scope: str | None, data: Mapping[str, Any]) -> None:
        client = self.server.query_client(client_id)
        assert client is not None  # noqa: S101 - it has just been authenticated
        store, shown = OAuthDeviceStore(self.server.session), user_code_digest(self.server.oauth, data["user_code"])
        assert shown is not None  # noqa: S101 - Authlib makes codes of these letters
        if await_only(store.waiting(client.app.id, self.server.now)) >= MOST_WAITING:
            raise DevicesBusy
        added = store.add(
            client.app.id,
            client.get_allowed_scope(scope) or "",
            digest=digest(data["device_code"]),
            user_code_digest=shown,
            expires_at=self.server.now + WAITS,
            interval_seconds=REST_SECONDS,
        )
        if not await_only(added):
            raise DevicesBusy


class DeviceGrant(DeviceCodeGrant):
    """A device asks whether somebody has decided. Source: RFC 8628, sections 3.4 and 3.5."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = [*CLIENT_AUTHENTICATION]

    server: Server
    request: Request
    _waiting: OAuthDeviceRequest

    def validate_token_request(self) -> None:
        code = self.request.payload.data.get("device_code")
        if not code:
            raise InvalidRequestError("Missing 'device_code'")
        client = cast("Client", self.authenticate_token_endpoint_client())
        if not client.check_grant_type(DEVICE_CODE):
            raise UnauthorizedClientError
        waiting = await_only(OAuthDeviceStore(self.server.session).locked(digest(code)))
        if waiting is None or waiting.app_id != client.app.id:
            raise InvalidGrantError
        self.request.client, self.request.user = client, self._decided(waiting)
        self.request.scope = self._scope(waiting, self.request.user, client)
        self._waiting = waiting

    def _decided(self, waiting: OAuthDeviceRequest) -> EndUser:
        """Who has allowed it."""
        if waiting.expires_at.astimezone(UTC) <= self.server.now:
            raise ExpiredTokenError
        if waiting.approved is None:
            self._rest(waiting)
        account = None if waiting.user_id is None else await_only(self.server.store.account(waiting.user_id))
        if not waiting.approved or account is None or waiting.auth_time is None:
            raise AccessDeniedError
        return end_user(account, Authentication.of(waiting.auth_time, waiting.amr))

    def _rest(self, waiting: OAuthDeviceRequest) -> None:
        """Have the device wait; for longer from now on, if it has not rested."""
        rested = waiting.asked_at and self.server.now - waiting.asked_at.astimezone(UTC)
        waiting.asked_at = self.server.now
        if rested is None or rested >= timedelta(seconds=waiting.interval_seconds):
            raise AuthorizationPendingError
        waiting.interval_seconds += REST_SECONDS
        raise SlowDownError

    def _scope(self, waiting: OAuthDeviceRequest, user: EndUser, client: Client) -> str:
        held = await_only(held_by(self.server.session, user.user_id, user.role))
        scope = narrowed(waiting.scope, held, client.app.scopes)
        if not scope:
            raise InvalidScopeError
        return scope

    def create_token_response(self) -> tuple[int, Any, Any]:
        """The tokens; the code is good for this once."""
        client, user, scope = self.request.client, self.request.user, self.request.scope
        self.server.open_family(client.app.id, scope, end_user=user)
        await_only(OAuthDeviceStore(self.server.session).remove(self._waiting.hash))
        refreshes = client.check_grant_type("refresh_token")
        token = self.generate_token(user=user, scope=scope, include_refresh_token=refreshes)
        self.save_token(token)
        self.execute_hook("after_create_token_response", (200, token, self.TOKEN_RESPONSE_HEADER))
        return 200, token, self.TOKEN_RESPONSE_HEADER
