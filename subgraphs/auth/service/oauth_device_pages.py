"""The page on which a person types the code that a device shows, and says whether it may act for them.

Nobody learns of a code without having signed in, and only so many are tried: RFC 8628, section 5.1. What is asked names
the app and repeats the code, so that nobody allows a device that is not before them: section 5.4.
"""

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias
from urllib.parse import urlencode

from shared.database import unit_of_work
from shared.errors import DomainError
from shared.events import record
from shared.tenancy.policies import WayIn
from subgraphs.auth.events import OAuthAppAuthorized
from subgraphs.auth.models import OAuthApp, OAuthDeviceRequest
from subgraphs.auth.service.audit import Actor, Subject, note
from subgraphs.auth.service.federated_begun import DEVICE_PAGE
from subgraphs.auth.service.oauth import EndUser, OAuthDesk, TenantIssuer
from subgraphs.auth.service.oauth_device import user_code_digest
from subgraphs.auth.service.oauth_elsewhere import Elsewhere, elsewhere
from subgraphs.auth.service.oauth_protocol import server_for
from subgraphs.auth.service.oauth_scopes import described, held_by, narrowed
from subgraphs.auth.service.oauth_server import Server
from subgraphs.auth.service.oauth_sign_in import Browser, Entered, Given, enter, marked, person_of
from subgraphs.auth.service.throttles import attempting
from subgraphs.auth.service.webauthn_challenges import Ceremony
from subgraphs.auth.store.oauth import OAuthConsentStore
from subgraphs.auth.store.oauth_apps import OAuthAppStore
from subgraphs.auth.store.oauth_device import OAuthDeviceStore

_UNKNOWN = "There is no device with that code, or it waits no more"
_NOTHING = "You may do nothing yourself of what that device wants to do for you"

DeviceStep: TypeAlias = Literal["sign-in", "code", "consent", "done"]


@dataclass(frozen=True, slots=True)
class DeviceForm:
    """What to show next; `request` is what the form is about."""

    step: DeviceStep
    tenant: str
    request: str
    mark: str = field(repr=False)
    user_code: str = ""
    app: str = ""
    email: str = ""
    allows: tuple[str, ...] = ()
    allowed: bool = False
    """Once it is done: whether the device may."""
    refusal: str | None = None
    challenge: str | None = field(default=None, repr=False)
    passkey: Ceremony | None = field(default=None, repr=False)
    """That the challenge can be answered with."""
    by_password: bool = True
    """Whether passwords let in here."""
    providers: tuple[Elsewhere, ...] = ()
    """Where people can sign in as well."""


@dataclass(frozen=True, slots=True)
class DeviceEntered:
    """The form to go on with; `session` and `device` are new ones, for the browser to keep."""

    form: DeviceForm
    session: str | None = field(default=None, repr=False)
    device: str | None = field(default=None, repr=False)
    waits: bool = False
    """Whether the same will do in a moment."""


def about(user_code: str) -> str:
    """What a form is about, as it is sent along."""
    return urlencode({"user_code": user_code} if user_code else {})


async def show(oauth: OAuthDesk, issuer: TenantIssuer, user_code: str, browser: Browser) -> DeviceForm:
    """What a person is shown who has come with a code, or without one."""
    async with unit_of_work(oauth.desk.sessions, issuer.caller) as session:
        server = server_for(oauth, issuer, session)
        user = await person_of(server, browser)
        if user is None:
            return await _sign_in_form(server, browser, user_code)
        if not user_code:
            return _form(server, "code", browser)
        try:
            await attempting(session, oauth.desk.codes.digest("device-user", str(user.user_id)), server.now)
        except DomainError as refusal:
            return _form(server, "code", browser, refusal=refusal.message)
        found = await _found(server, user_code)
        if found is None:
            return _form(server, "code", browser, refusal=_UNKNOWN)
        waiting, app = found
        scope = await _scope(server, waiting, app, user)
        if not scope:
            return _form(server, "code", browser, refusal=_NOTHING)
        asked = _form(server, "consent", browser, user_code)
        return replace(asked, app=app.name, email=user.email, allows=tuple(described(scope.split())))


async def sign_in(
    oauth: OAuthDesk, issuer: TenantIssuer, user_code: str, browser: Browser, given: Given
) -> DeviceEntered:
    """Open a session of the platform for whoever proves who they are, and go on."""
    entered: Entered = await enter(oauth, issuer, browser, given)
    shown = await show(oauth, issuer, user_code, replace(browser, session=entered.session))
    if entered.session is None:
        shown = replace(shown, challenge=entered.challenge, passkey=entered.passkey, refusal=entered.refusal)
    return DeviceEntered(shown, entered.session, entered.device, entered.waits)


async def decide(
    oauth: OAuthDesk, issuer: TenantIssuer, user_code: str, browser: Browser, *, allowed: bool
) -> DeviceForm:
    """Do what the person has decided, whose browser was shown what it is about."""
    async with unit_of_work(oauth.desk.sessions, issuer.caller) as session:
        server = server_for(oauth, issuer, session)
        user = await person_of(server, browser)
        if user is None:
            return await _sign_in_form(server, browser, user_code)
        found = await _found(server, user_code)
        scope = "" if found is None else await _scope(server, *found, user)
        if found is None or not scope:
            return _form(server, "code", browser, refusal=_UNKNOWN)
        waiting, app = found
        waiting.approved, waiting.user_id = allowed, user.user_id
        waiting.auth_time, waiting.amr = user.authentication.at, sorted(user.authentication.methods)
        if allowed:
            waiting.scope = scope
            await _tell(server, app, user, scope)
        return replace(_form(server, "done", browser), app=app.name, allowed=allowed)


async def _found(server: Server, user_code: str) -> tuple[OAuthDeviceRequest, OAuthApp] | None:
    digest = user_code_digest(server.oauth, user_code)
    waiting = digest and await OAuthDeviceStore(server.session).undecided(digest, server.now)
    app = waiting and await OAuthAppStore(server.session).get(waiting.app_id)
    return (waiting, app) if waiting and app else None


async def _scope(server: Server, waiting: OAuthDeviceRequest, app: OAuthApp, user: EndUser) -> str:
    return narrowed(waiting.scope, app.scopes, await held_by(server.session, user.user_id, user.role))


async def _tell(server: Server, app: OAuthApp, user: EndUser, scope: str) -> None:
    """Keep what was allowed where the person finds it again, and who they are."""
    scopes, session = scope.split(), server.session
    await OAuthConsentStore(session).add(user.user_id, app.id, frozenset(scopes))
    tenant_id = server.issuer.tenant.id
    record(session, OAuthAppAuthorized(tenant_id=tenant_id, user_id=user.user_id, app_id=app.id, scopes=scopes))
    note(session, "authorizeOAuthApp", Subject("OAuthApp", app.id), actor=Actor.person(user.user_id))


async def _sign_in_form(server: Server, browser: Browser, user_code: str) -> DeviceForm:
    form = _form(server, "sign-in", replace(browser, session=None), user_code)
    page = f"{server.issuer.endpoint('authorize')}/{DEVICE_PAGE}" + (f"?{form.request}" if form.request else "")
    by_password = WayIn.PASSWORD in server.issuer.tenant.policies.sign_in.ways
    return replace(form, by_password=by_password, providers=await elsewhere(server, page))


def _form(
    server: Server, step: DeviceStep, browser: Browser, user_code: str = "", refusal: str | None = None
) -> DeviceForm:
    request = about(user_code)
    mark = marked(server.oauth, server.issuer, f"device:{request}", browser)
    return DeviceForm(step, server.issuer.tenant.name, request, mark, user_code, refusal=refusal)
