"""Refreshing: each refresh token is good once, and a second use ends its family. Source: RFC 9700, section 4.14.

An app with several processes may send one twice at the same moment. So for a few seconds the second is told what the
first was told, rather than that somebody has stolen it.
"""

# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false, reportIncompatibleVariableOverride=false
# The type checker's stubs of Authlib are of another version than Authlib.

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import orjson
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidScopeError
from sqlalchemy.util import await_only

from shared.authentication import Authentication
from shared.crypto import SealBroken
from subgraphs.auth.models import Account, OAuthGrant, OAuthRefreshToken
from subgraphs.auth.service.oauth import CLIENT_AUTHENTICATION, EndUser, tell_ended
from subgraphs.auth.service.oauth_clients import Client, digest
from subgraphs.auth.service.oauth_codes import end_user
from subgraphs.auth.service.oauth_scopes import held_by, narrowed
from subgraphs.auth.service.oauth_server import Request, Server
from subgraphs.auth.service.policies import is_enough

GRACE: Final = timedelta(seconds=5)
"""Within which a refresh token that comes twice was not stolen."""


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token with its family, as Authlib reads it."""

    row: OAuthRefreshToken = field(repr=False)
    family: OAuthGrant

    def check_client(self, client: Client) -> bool:
        return self.family.app_id == client.app.id

    def get_scope(self) -> str:
        return self.family.scope


class RefreshGrant(grants.RefreshTokenGrant):
    """Refresh tokens of the session's tenant."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = [*CLIENT_AUTHENTICATION]
    INCLUDE_NEW_REFRESH_TOKEN = True

    server: Server
    request: Request

    def validate_token_request(self) -> None:
        super().validate_token_request()
        found: RefreshToken = self.request.refresh_token  # pyright: ignore[reportAssignmentType] - the stubs lag
        self.server.bind(found.family.app_id, found.family.jkt)  # first: whoever lacks the key ends nothing
        if found.row.used_at is not None and not self._is_sent_twice(found.row):
            family = await_only(self.server.store.end(found.family.id))
            if family is not None:
                tell_ended(self.server.session, family, because="oauthRefreshTokenReplayed")
            raise InvalidGrantError

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken | None:
        found = await_only(self.server.store.locked_refresh_token(digest(refresh_token)))
        if found is None:
            return None
        row, family = found
        is_over = family.ended_at is not None or family.expires_at <= self.server.now
        return None if is_over else RefreshToken(row, family)

    def authenticate_user(self, refresh_token: RefreshToken) -> EndUser | None:
        family = refresh_token.family
        self.server.family = family
        account = None if family.user_id is None else await_only(self.server.store.account(family.user_id))
        if account is None:
            raise InvalidGrantError
        self._hold_to_policy(account, family)
        return end_user(account, Authentication.of(family.auth_time or family.created_at, family.amr))

    def _hold_to_policy(self, account: Account, family: OAuthGrant) -> None:
        """End what was granted after fewer factors than the tenant asks of the person by now."""
        session, policy = self.server.session, self.server.issuer.tenant.policies.sign_in
        if not await_only(is_enough(session, policy, account.user_id, account.role, family.amr)):
            await_only(self.server.store.end(family.id))
            tell_ended(session, family, because="oauthGrantEndedByPolicy")
            raise InvalidGrantError

    def issue_token(self, user: EndUser, refresh_token: RefreshToken) -> dict[str, Any]:
        """Tokens for what was granted, and for not more than the person may do now."""
        asked = self.request.payload.scope or refresh_token.get_scope()
        held = await_only(held_by(self.server.session, user.user_id, user.role))
        scope = narrowed(asked, refresh_token.get_scope().split(), held, self.request.client.app.scopes)
        if not scope:
            raise InvalidScopeError
        return self.generate_token(user=user, scope=scope, include_refresh_token=True)

    def revoke_old_credential(self, refresh_token: RefreshToken) -> None:
        refresh_token.row.used_at = self.server.now

    def create_token_response(self) -> tuple[int, Any, Any]:
        """The answer; kept, sealed, for whoever sends the same token at the same time."""
        found: RefreshToken = self.request.refresh_token  # pyright: ignore[reportAssignmentType] - the stubs lag
        row, column = found.row, OAuthRefreshToken.sealed_answer
        ring = await_only(self.server.oauth.desk.keys.of(self.server.session, sealing=True))
        if row.sealed_answer is not None:
            try:
                return 200, orjson.loads(ring.open(column, row.hash, row.sealed_answer)), self.TOKEN_RESPONSE_HEADER
            except SealBroken as error:  # the keys are others than a moment ago
                raise InvalidGrantError from error
        status, token, headers = super().create_token_response()
        row.sealed_answer = ring.seal(column, row.hash, orjson.dumps(token).decode())
        await_only(self.server.store.forget_answers(found.family.id, besides=row.hash))
        return status, token, headers

    def _is_sent_twice(self, row: OAuthRefreshToken) -> bool:
        used_at: datetime | None = row.used_at
        return (
            row.sealed_answer is not None and used_at is not None and self.server.now < used_at.astimezone(UTC) + GRACE
        )
