"""The authorization code grant: asked for by the browser with PKCE, redeemed once by the app."""

# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false, reportIncompatibleVariableOverride=false
# The type checker's stubs of Authlib are of another version than Authlib.

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Final
from uuid import UUID

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import BaseGrant, grants
from authlib.oauth2.rfc6749.errors import InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc7636 import CodeChallenge
from sqlalchemy.util import await_only

from shared.authentication import Authentication
from shared.caller import UserId
from subgraphs.auth.models import Account, OAuthCode
from subgraphs.auth.service.oauth import CLIENT_AUTHENTICATION, EndUser, tell_ended
from subgraphs.auth.service.oauth_clients import Client, digest, new_token
from subgraphs.auth.service.oauth_scopes import held_by, narrowed
from subgraphs.auth.service.oauth_server import Request, Server

CODE_LIFE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code as Authlib reads it."""

    row: OAuthCode = field(repr=False)

    @property
    def code_challenge(self) -> str:
        return self.row.code_challenge

    @property
    def code_challenge_method(self) -> str:
        return "S256"

    def get_redirect_uri(self) -> str | None:
        return self.row.redirect_uri if self.row.redirect_uri_given else None

    def get_scope(self) -> str:
        return self.row.scope

    @property
    def authentication(self) -> Authentication:
        return Authentication.of(self.row.auth_time, self.row.amr)


class S256Required(CodeChallenge):
    """PKCE at the authorization endpoint, where Authlib lets a request without it pass. Source: RFC 9700, 2.1.1."""

    SUPPORTED_CODE_CHALLENGE_METHOD: ClassVar[list[str]] = ["S256"]

    def validate_code_challenge(self, grant: "CodeGrant", redirect_uri: str) -> None:
        asked = grant.request.payload.data
        if not asked.get("code_challenge") or asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is required: send 'code_challenge' with 'code_challenge_method=S256'")
        super().validate_code_challenge(grant, redirect_uri)


class PlainRequests:
    """Refuses what would change how an answer gets back, or where a request is read from."""

    def __call__(self, grant: BaseGrant) -> None:
        grant.register_hook("after_validate_authorization_request_payload", self.check)

    def check(self, grant: "CodeGrant", redirect_uri: None) -> None:
        asked = grant.request.payload.data
        if "request" in asked:
            raise OAuth2Error(error="request_not_supported")
        if "request_uri" in asked:
            raise OAuth2Error(error="request_uri_not_supported")
        if asked.get("response_mode", "query") != "query":
            raise InvalidRequestError("'response_mode' has to be 'query'")
        grant.server.refuse_other_resources(asked)
        if not asked.get("max_age", "0").isdecimal():
            raise InvalidRequestError("'max_age' has to be a number of seconds")


class CodeGrant(grants.AuthorizationCodeGrant):
    """Codes of the session's tenant."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = [*CLIENT_AUTHENTICATION]

    server: Server
    request: Request

    @staticmethod
    def validate_authorization_redirect_uri(request: Request, client: Client) -> str:
        """Where to send the browser back to; nothing that was sent is repeated in a refusal."""
        asked = request.payload.redirect_uri
        if asked and not client.check_redirect_uri(asked):
            raise InvalidRequestError("The 'redirect_uri' is not one of the app's")
        found = asked or client.get_default_redirect_uri()
        if not found:
            raise InvalidRequestError("Missing 'redirect_uri'")
        return found

    def generate_authorization_code(self) -> str:
        return new_token()

    def save_authorization_code(self, code: str, request: Request) -> None:
        user, asked = request.user, request.payload
        held = await_only(held_by(self.server.session, user.user_id, user.role))
        scope = narrowed(request.scope, held)
        if not scope:
            raise InvalidScopeError(redirect_uri=self.redirect_uri)
        row = OAuthCode(
            hash=digest(code),
            app_id=request.client.app.id,
            user_id=user.user_id,
            redirect_uri=self.redirect_uri,
            redirect_uri_given=bool(asked.redirect_uri),
            scope=scope,
            nonce=asked.data.get("nonce"),
            code_challenge=asked.data["code_challenge"],
            jkt=asked.data.get("dpop_jkt"),
            auth_time=user.authentication.at,
            amr=sorted(user.authentication.methods),
            session_id=user.session_id,
            expires_at=self.server.now + CODE_LIFE,
        )
        await_only(self.server.store.add(row))

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        """The code, if it can be redeemed; a second time ends what the first one gave. Source: RFC 6749, 4.1.2."""
        row = await_only(self.server.store.locked_code(digest(code)))
        if row is None or row.app_id != client.app.id:
            return None
        if row.grant_id is not None:
            family = await_only(self.server.store.end(row.grant_id))
            if family is not None:
                tell_ended(self.server.session, family, because="oauthCodeReplayed")
            return None
        return Code(row) if row.expires_at > self.server.now else None

    def authenticate_user(self, authorization_code: Code) -> EndUser | None:
        """The person who was asked, with whom the family of tokens begins; none if they have signed out meanwhile."""
        row, store = authorization_code.row, self.server.store
        account = await_only(store.account(row.user_id))
        if account is None or not await_only(store.holds_open(row.session_id, row.user_id, self.server.now)):
            return None
        user = end_user(account, authorization_code.authentication, row.session_id)
        self.server.open_family(row.app_id, row.scope, end_user=user, bound_to=row.jkt)
        return user

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """It stays, with what it was redeemed for."""
        assert self.server.family is not None  # noqa: S101 - `authenticate_user` came first
        authorization_code.row.grant_id = self.server.family.id


def end_user(account: Account, authentication: Authentication, session_id: UUID | None = None) -> EndUser:
    """A person as apps get to know them."""
    verified = account.email_verified_at is not None
    return EndUser(UserId(account.user_id), account.email, verified, account.role, authentication, session_id)
