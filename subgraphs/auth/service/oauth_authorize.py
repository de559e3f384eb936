"""The authorization endpoint: who is asked, for what, and what they answer. Source: RFC 6749, section 3.1.

What is shown is decided here and drawn by the endpoint.
"""

# pyright: reportUnknownMemberType=false
# The type checker's stubs of Authlib are of another version than Authlib.

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias, cast
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.errors import AccessDeniedError, InvalidRequestError, InvalidScopeError
from authlib.oidc.core.errors import ConsentRequiredError, LoginRequiredError
from sqlalchemy.util import await_only, greenlet_spawn

from shared.database import unit_of_work
from shared.events import record
from shared.tenancy.policies import WayIn
from subgraphs.auth.events import OAuthAppAuthorized
from subgraphs.auth.models import OAuthApp, OAuthPushedRequest
from subgraphs.auth.service.audit import Actor, Subject, note
from subgraphs.auth.service.oauth import EndUser, OAuthDesk, TenantIssuer
from subgraphs.auth.service.oauth_clients import digest
from subgraphs.auth.service.oauth_codes import CodeGrant
from subgraphs.auth.service.oauth_elsewhere import Elsewhere, elsewhere
from subgraphs.auth.service.oauth_keys import requested
from subgraphs.auth.service.oauth_protocol import PUSHED_PREFIX, server_for
from subgraphs.auth.service.oauth_scopes import described, held_by, narrowed
from subgraphs.auth.service.oauth_server import Answer, Received, Server
from subgraphs.auth.service.oauth_sign_in import FORM_LIFE, Browser, Entered, Given, enter, marked, person_of
from subgraphs.auth.service.webauthn_challenges import Ceremony
from subgraphs.auth.store.oauth import OAuthConsentStore

_Step: TypeAlias = Literal["", "signed-in", "allow", "deny"]
"""What the person has just done."""
_ASK_AGAIN: Final = frozenset({"login", "select_account"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A form to show: to sign in (`email` None), with a code if there is a `challenge`; or to consent."""

    app: str
    tenant: str
    request: str
    mark: str = field(repr=False)
    returns_to: str
    """Where the browser goes when it was answered; pages may send forms nowhere else."""
    email: str | None = None
    allows: tuple[str, ...] = ()
    refusal: str | None = None
    challenge: str | None = field(default=None, repr=False)
    passkey: Ceremony | None = field(default=None, repr=False)
    """That the challenge can be answered with."""
    by_password: bool = True
    """Whether passwords let in here."""
    providers: tuple[Elsewhere, ...] = ()
    """Where people can sign in as well."""
    registered_itself: bool = False
    """Whether nobody here has looked at the app."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Told to the person, as there is nobody to send the browser back to."""

    message: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What comes of a form; `session` and `device` are new ones, for the browser to keep."""

    shown: "Shown"
    session: str | None = field(default=None, repr=False)
    device: str | None = field(default=None, repr=False)
    waits: bool = False
    """Whether the same will do in a moment."""


Shown: TypeAlias = Asked | Problem | Answer


async def authorize(oauth: OAuthDesk, issuer: TenantIssuer, query: Mapping[str, str], browser: Browser) -> Shown:
    """What a browser is shown that an app has sent here."""
    return await _decide(oauth, issuer, query, browser, "")


async def sign_in(
    oauth: OAuthDesk, issuer: TenantIssuer, query: Mapping[str, str], browser: Browser, given: Given
) -> Answered:
    """Open a session of the platform for whoever proves who they are, and go on with the request."""
    entered = await enter(oauth, issuer, browser, given)
    step: _Step = "" if entered.session is None else "signed-in"
    shown = await _decide(oauth, issuer, query, replace(browser, session=entered.session), step, late=FORM_LIFE)
    return Answered(_told(shown, entered), entered.session, entered.device, entered.waits)


def _told(shown: Shown, entered: Entered) -> Shown:
    if not isinstance(shown, Asked):
        return shown
    return replace(shown, challenge=entered.challenge, passkey=entered.passkey, refusal=entered.refusal)


async def consent(
    oauth: OAuthDesk, issuer: TenantIssuer, query: Mapping[str, str], browser: Browser, *, allowed: bool
) -> Shown:
    """Do what the person has decided."""
    return await _decide(oauth, issuer, query, browser, "allow" if allowed else "deny", late=FORM_LIFE)


async def _decide(
    oauth: OAuthDesk,
    issuer: TenantIssuer,
    query: Mapping[str, str],
    browser: Browser,
    decision: _Step,
    *,
    late: timedelta = timedelta(0),
) -> Shown:
    """Go on with a request; a signed one that was in time when a form of ours was made may end by so much before."""
    async with unit_of_work(oauth.desk.sessions, issuer.caller) as session:
        server = server_for(oauth, issuer, session)
        user = await person_of(server, browser)
        return await greenlet_spawn(_Decision(server, query, browser, user, decision, late).made)


class _Decision:
    """One request of one browser, within Authlib's world."""

    def __init__(
        self,
        server: Server,
        query: Mapping[str, str],
        browser: Browser,
        user: EndUser | None,
        decision: _Step,
        late: timedelta,
    ) -> None:
        self._late = late
        self._server = server
        self._query = query
        self._browser = browser
        self._user = user
        self._decision = decision
        self._pushed: OAuthPushedRequest | None = None

    def made(self) -> Shown:
        received = Received("GET", self._server.issuer.endpoint("authorize"), {}, {})
        try:
            received = replace(received, parameters=self._parameters())
            grant = cast("CodeGrant", self._server.get_consent_grant(received, self._user))
            return self._of(grant)
        except OAuth2Error as error:
            if error.redirect_uri:
                error.state = error.state or received.parameters.get("state")
                return self._server.refused(self._server.create_oauth2_request(received), error)
            return Problem(error.description or error.error or "invalid_request")

    def _parameters(self) -> Mapping[str, str]:
        """What was asked, here or ahead."""
        uri, client_id = self._query.get("request_uri"), self._query.get("client_id", "")
        client = self._server.query_client(client_id)
        if uri is None:
            if client is not None and client.app.pushed_requests_only:
                raise InvalidRequestError("This app has to push its requests")
            return requested(self._server, self._query, late=self._late)
        pushed = await_only(self._server.store.pushed(digest(uri.removeprefix(PUSHED_PREFIX))))
        is_good = pushed is not None and pushed.used_at is None and pushed.expires_at > self._server.now
        if pushed is None or not is_good or client is None or pushed.app_id != client.app.id:
            raise InvalidRequestError("The 'request_uri' is not known, was used or has expired")
        self._pushed = pushed
        return pushed.parameters

    def _of(self, grant: CodeGrant) -> Shown:
        app, asked = grant.request.client.app, grant.request.payload.data
        silent = asked.get("prompt") == "none"
        if self._user is None or self._must_sign_in(grant):
            if silent:
                raise LoginRequiredError(redirect_uri=grant.redirect_uri)
            return self._form(app, grant)
        held = await_only(held_by(self._server.session, self._user.user_id, self._user.role))
        scope = narrowed(grant.request.scope, held)
        if not scope:
            raise InvalidScopeError(redirect_uri=grant.redirect_uri)
        if self._decision == "deny":
            raise AccessDeniedError(redirect_uri=grant.redirect_uri)
        if self._decision != "allow" and self._must_ask(app, asked, scope):
            if silent:
                raise ConsentRequiredError(redirect_uri=grant.redirect_uri)
            return self._form(app, grant, self._user.email, scope)
        return self._granted(grant, self._user, scope)

    def _must_sign_in(self, grant: CodeGrant) -> bool:
        assert self._user is not None  # noqa: S101 - the caller looked
        age = (self._server.now - self._user.authentication.at).total_seconds()
        longest = grant.request.payload.data.get("max_age")
        again = not _ASK_AGAIN.isdisjoint(grant.request.payload.data.get("prompt", "").split())
        return (again and not self._decision) or (longest is not None and age > int(longest[:9]))

    def _must_ask(self, app: OAuthApp, asked: Mapping[str, str], scope: str) -> bool:
        """Who has said yes before need not again; unless the app cannot prove that it is itself (RFC 8252, 8.6)."""
        assert self._user is not None  # noqa: S101 - the caller looked
        if "consent" in asked.get("prompt", "").split() or not app.confidential:
            return True
        consents = OAuthConsentStore(self._server.session)
        return not set(scope.split()) <= await_only(consents.scopes(self._user.user_id, app.id))

    def _form(self, app: OAuthApp, grant: CodeGrant, email: str | None = None, scope: str = "") -> Asked:
        server, request = self._server, urlencode(self._query)
        browser = self._browser if email is not None else replace(self._browser, session=None)
        mark = marked(server.oauth, server.issuer, request, browser)
        allows, returns_to = tuple(described(scope.split())), str(grant.redirect_uri)
        asked = Asked(app.name, server.issuer.tenant.name, request, mark, returns_to, email, allows)
        if email is not None:
            return replace(asked, registered_itself=app.registration_hash is not None)
        ways = server.issuer.tenant.policies.sign_in.ways
        return replace(asked, by_password=WayIn.PASSWORD in ways, providers=self._elsewhere(grant, request))

    def _elsewhere(self, grant: CodeGrant, request: str) -> tuple[Elsewhere, ...]:
        """The providers that lead back to this request."""
        server, asked = self._server, grant.request.payload.data
        again = not _ASK_AGAIN.isdisjoint(asked.get("prompt", "").split()) or asked.get("max_age") is not None
        return await_only(elsewhere(server, f"{server.issuer.endpoint('authorize')}?{request}", again=again))

    def _granted(self, grant: CodeGrant, user: EndUser, scope: str) -> Answer:
        server, app = self._server, grant.request.client.app
        if self._decision == "allow":
            await_only(OAuthConsentStore(server.session).add(user.user_id, app.id, frozenset(scope.split())))
            tenant_id = server.issuer.tenant.id
            told = OAuthAppAuthorized(tenant_id=tenant_id, user_id=user.user_id, app_id=app.id, scopes=scope.split())
            record(server.session, told)
            note(server.session, "authorizeOAuthApp", Subject("OAuthApp", app.id), actor=Actor.person(user.user_id))
        if self._pushed is not None:
            self._pushed.used_at = server.now
        answer: Any = server.create_authorization_response(grant.request, user, grant)
        return answer
