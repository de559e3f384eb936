"""Token exchange: an app of a tenant's support acts in a person's name for somebody who may do that.

The app shows a token that it has of whoever is going to act (``actor_token``) and names the person (``subject_token``
of a type of our own: support has no token of theirs). What it gets names both, by ``act``, and ends soon.
Source: RFC 8693, sections 2.1 and 4.1.
"""

# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false, reportIncompatibleVariableOverride=false
# The type checker's stubs of Authlib are of another version than Authlib.

from datetime import UTC
from typing import Any, ClassVar, Final, cast

from authlib.oauth2.rfc6749 import TokenEndpointMixin, grants
from authlib.oauth2.rfc6749.errors import (
    AccessDeniedError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
)
from sqlalchemy.util import await_only

from shared import checks
from shared.authentication import Authentication
from shared.caller import Caller, UserId
from shared.errors import DomainError, Forbidden, NotFound, Refusal, Unauthenticated, parse_id
from shared.graphql.step_up import MAX_AGE_SECONDS
from shared.roles import Role
from shared.tokens import AUDIENCE
from subgraphs.auth.models import Account, Impersonation, OAuthGrant
from subgraphs.auth.service import impersonation
from subgraphs.auth.service.oauth import CLIENT_PROOFS, TOKEN_EXCHANGE, EndUser
from subgraphs.auth.service.oauth_clients import Client
from subgraphs.auth.service.oauth_scopes import narrowed
from subgraphs.auth.service.oauth_server import InvalidTarget, Request, Server
from subgraphs.auth.service.permissions import permissions_in_tenant

ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type
PERSON: Final = "urn:studium:params:oauth:token-type:user-id"
_LONGEST_REASON: Final = 500


class ExchangeGrant(grants.BaseGrant, TokenEndpointMixin):
    """An app with a secret acts for somebody in a person's name, through tokens of the session's tenant."""

    GRANT_TYPE = TOKEN_EXCHANGE
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = [*CLIENT_PROOFS]

    server: Server
    request: Request
    _actor: Caller
    _family: OAuthGrant

    def validate_token_request(self) -> None:
        client = cast("Client", self.authenticate_token_endpoint_client())
        if not client.check_grant_type(TOKEN_EXCHANGE):
            raise UnauthorizedClientError
        self.request.client = client
        if self._said("subject_token_type") != PERSON or self._said("actor_token_type") != ACCESS_TOKEN:
            raise InvalidRequestError(f"The subject is a {PERSON}, the actor an {ACCESS_TOKEN}")
        if self.request.form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
            raise InvalidRequestError("'requested_token_type' has to be an access token")
        if self.request.form.get("audience", AUDIENCE) != AUDIENCE:
            raise InvalidTarget
        self._actor, self._family = self._acting(client, self._said("actor_token"))

    def create_token_response(self) -> tuple[int, Any, Any]:
        app, session = self.request.client.app, self.server.session
        reason = self._checked(lambda: checks.text(self._said("reason"), field="reason", longest=_LONGEST_REASON))
        subject = self._checked(lambda: parse_id(self._said("subject_token"), field="subject_token"))
        person = await_only(self.server.store.account(subject))
        if person is None:
            raise InvalidGrantError("There is no such person")
        scope = self._scope(person)
        self.server.bind(app.id, self._family.jkt)
        wish = impersonation.Wish(subject, reason, app.id)
        row = self._checked(
            lambda: await_only(impersonation.begin(session, self._whole_person(), wish, self.server.now))
        )
        session.performed("startImpersonation", row.id)
        token = self._token(row, person, scope)
        return 200, {**token, "issued_token_type": ACCESS_TOKEN}, self.TOKEN_RESPONSE_HEADER

    def _said(self, name: str) -> str:
        value = self.request.form.get(name)
        if not value:
            raise InvalidRequestError(f"Missing '{name}'")
        return value

    def _checked(self, work: Any) -> Any:
        """Do what may be refused, in OAuth's own words."""
        try:
            return work()
        except NotFound as error:
            raise InvalidGrantError(error.message) from error
        except (Forbidden, Refusal) as error:
            raise AccessDeniedError(error.message) from error
        except DomainError as error:
            raise InvalidRequestError(error.message) from error

    def _acting(self, client: Client, token: str) -> tuple[Caller, OAuthGrant]:
        """Whoever is going to act: in a token of this app, that goes on, fresh, and of nobody in another's name."""
        try:
            actor = await_only(self.server.oauth.verifier.caller(token))
        except Unauthenticated as error:
            raise InvalidGrantError from error
        own = actor.tenant_id == self.server.issuer.tenant.id and actor.client_id == client.app.id
        if not own or actor.user_id is None or actor.impersonator_id is not None or actor.session_id is None:
            raise InvalidGrantError
        family = await_only(self.server.store.grant(actor.session_id))
        if family is None or family.ended_at is not None or family.user_id != actor.user_id:
            raise InvalidGrantError
        if impersonation.PERMISSION not in actor.scopes:
            raise InvalidScopeError(f"The actor's token lacks {impersonation.PERMISSION}")
        proved = family.auth_time
        if proved is None or (self.server.now - proved.astimezone(UTC)).total_seconds() > MAX_AGE_SECONDS:
            raise InvalidGrantError("The actor has to sign in anew: ask them with prompt=login")
        return actor, family

    def _whole_person(self) -> Caller:
        """The actor with all that they may do themselves, which is what the other person's rights are compared with."""
        actor_id, account = (
            self._actor.require_user(),
            await_only(self.server.store.account(self._actor.require_user())),
        )
        if account is None or self._family.auth_time is None:
            raise InvalidGrantError
        may = await_only(permissions_in_tenant(self.server.session, actor_id, Role(account.role)))
        proved = int(self._family.auth_time.timestamp())
        return Caller(  # lint-skip: callers-from-tokens (the verified actor, not narrowed to what the app may)
            self._actor.tenant_id, actor_id, account.role, may.scopes, session_id=self._family.id, auth_time=proved
        )

    def _scope(self, person: Account) -> str:
        """Not more than was asked for, than the app may, than the actor has let it do, and than the person may."""
        asked = self.request.form.get("scope") or " ".join(self._actor.scopes)
        theirs = await_only(impersonation.scopes_for(self.server.session, person))
        scope = narrowed(asked, self.request.client.app.scopes, self._actor.scopes, theirs)
        if not scope:
            raise InvalidScopeError
        return scope

    def _token(self, row: Impersonation, person: Account, scope: str) -> dict[str, Any]:
        self.server.family = OAuthGrant(
            id=row.id,
            app_id=self.request.client.app.id,
            user_id=row.user_id,
            scope=scope,
            jkt=self.server.jkt,
            amr=[],
            expires_at=row.expires_at,
        )
        await_only(self.server.store.add(self.server.family))
        self.server.actor = UserId(row.impersonator_id)
        nobody = Authentication.of(self.server.now, ())
        user = EndUser(UserId(row.user_id), person.email, email_verified=False, role=person.role, authentication=nobody)
        return self.generate_token(user=user, scope=scope, include_refresh_token=False)
