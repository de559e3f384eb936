"""Signing in on the authorization server's own pages, and the forms there that nobody else can send.

A form carries what it is about, and a mark that only this browser and this session can have got: so nobody else can
answer for a person, or change what was asked.
"""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from shared.authentication import Authentication
from shared.errors import DomainError
from shared.idempotency import Attempt
from subgraphs.auth.errors import CodeInvalid
from subgraphs.auth.service import mfa, passwords
from subgraphs.auth.service.mfa import MfaRequired
from subgraphs.auth.service.oauth import EndUser, OAuthDesk, TenantIssuer, caller_by_cookie
from subgraphs.auth.service.oauth_codes import end_user
from subgraphs.auth.service.oauth_server import Server
from subgraphs.auth.service.passwords import Credentials
from subgraphs.auth.service.sessions import DeviceHint

_DEVICE: Final = "Browser"
FORM_LIFE: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser presents: `name` is random and its own, `session` the access token of a person's session."""

    name: str = field(repr=False)
    session: str | None = field(default=None, repr=False)
    device: str | None = field(default=None, repr=False)
    """A code that it was given when somebody signed in with it before."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a person has typed to sign in: an address and a password, or the code for a `challenge`."""

    email: str = ""
    password: str = field(default="", repr=False)
    challenge: str = field(default="", repr=False)
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Entered:
    """What comes of it: a `session` and a `device` for the browser to keep, or a `challenge`, or a `refusal`."""

    session: str | None = field(default=None, repr=False)
    device: str | None = field(default=None, repr=False)
    challenge: str | None = field(default=None, repr=False)
    refusal: str | None = None


async def enter(oauth: OAuthDesk, issuer: TenantIssuer, browser: Browser, given: Given) -> Entered:
    """Open a session of the platform for whoever proves who they are."""
    attempt, slug = Attempt("oauthSignIn", key=None, input={}), issuer.tenant.slug
    try:
        if given.challenge:
            prove = mfa.by_code(oauth.desk, given.code)
            entered = await mfa.complete(oauth.desk, slug, given.challenge, prove, attempt, device_name=_DEVICE)
        else:
            hint = DeviceHint(browser.device, _DEVICE)
            credentials = Credentials(slug, given.email.strip().lower(), given.password, hint)
            entered = await passwords.sign_in(oauth.desk, credentials, attempt)
    except DomainError as refusal:
        return Entered(challenge=given.challenge if isinstance(refusal, CodeInvalid) else None, refusal=refusal.message)
    if isinstance(entered, MfaRequired):
        return Entered(challenge=entered.code)
    return Entered(entered.token.access_token, entered.device_code)


async def person_of(server: Server, browser: Browser) -> EndUser | None:
    """The person whose session the browser has, if it goes on."""
    caller = await caller_by_cookie(server.oauth, server.issuer, browser.session)
    if caller is None or caller.user_id is None or caller.session_id is None:
        return None
    opened = await server.store.open_session(caller.session_id, caller.user_id, server.now)
    account = await server.store.account(caller.user_id)
    if opened is None or account is None:
        return None
    return end_user(account, Authentication.of(opened.authenticated_at, opened.amr))


def marked(oauth: OAuthDesk, issuer: TenantIssuer, request: str, browser: Browser) -> str:
    """The mark of a form for this browser, this session and this request."""
    return _mark(oauth, issuer, request, browser, int(oauth.desk.clock().timestamp()))


def is_marked(oauth: OAuthDesk, issuer: TenantIssuer, request: str, browser: Browser, mark: str) -> bool:
    """Whether a form was made here, not too long ago, and for whoever sends it."""
    made, now = mark.partition(".")[0], oauth.desk.clock().timestamp()
    if not made.isdecimal() or not browser.name or now > int(made[:12]) + FORM_LIFE.total_seconds():
        return False
    return hmac.compare_digest(mark.encode(), _mark(oauth, issuer, request, browser, int(made[:12])).encode())


def _mark(oauth: OAuthDesk, issuer: TenantIssuer, request: str, browser: Browser, made: int) -> str:
    told = "\0".join([str(made), issuer.url, browser.name, browser.session or "", request])
    return f"{made}.{urlsafe_b64encode(hmac.digest(oauth.form_key, told.encode(), 'sha256')).rstrip(b'=').decode()}"
