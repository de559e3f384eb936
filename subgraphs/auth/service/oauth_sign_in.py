"""Signing in on the authorization server's own pages, and the forms there that nobody else can send.

A form carries what it is about, and a mark that only this browser and this session can have got: so nobody else can
answer for a person, or change what was asked.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from shared.authentication import Authentication
from shared.errors import DomainError, NotFound
from shared.idempotency import Attempt
from subgraphs.auth.errors import ChallengeInvalid, CodeInvalid, PasskeyInvalid
from subgraphs.auth.service import federated, mfa, passwords, webauthn_factor
from subgraphs.auth.service.accounts import SignedIn
from subgraphs.auth.service.federated_begun import AccountNotReady
from subgraphs.auth.service.federated_people import AddressReused, NoAccount
from subgraphs.auth.service.federated_proofs import NotProvedAgain
from subgraphs.auth.service.mfa import MfaRequired
from subgraphs.auth.service.oauth import EndUser, OAuthDesk, TenantIssuer, caller_by_cookie
from subgraphs.auth.service.oauth_codes import end_user
from subgraphs.auth.service.oauth_server import Server
from subgraphs.auth.service.oidc_client import ProviderRefused
from subgraphs.auth.service.passwords import Credentials
from subgraphs.auth.service.policies import goes_on
from subgraphs.auth.service.sessions import DeviceHint
from subgraphs.auth.service.webauthn_challenges import Ceremony
from subgraphs.auth.service.webauthn_factor import PasskeyAnswer

_DEVICE: Final = "Browser"
_MUST_ENROLL: Final = "A second factor is asked of you here; sign in to your account first, and add one"
CAME_BACK: Final = "studium-came-back"
"""The cookie of what a browser came back with from an identity provider."""
FAILED: Final = "!"
FORM_LIFE: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser presents: `name` is random and its own, `session` the access token of a person's session."""

    name: str = field(repr=False)
    session: str | None = field(default=None, repr=False)
    device: str | None = field(default=None, repr=False)
    """A code that it was given when somebody signed in with it before."""
    came: str = field(default="", repr=False)
    """What it came back with from an identity provider: a code, or `FAILED` and why there is none."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a person has given to sign in: an address and a password, or for a `challenge` a code or a passkey's answer.

    That answer is as browsers say it in JSON; `passkey_challenge` is what it answers.
    """

    email: str = ""
    password: str = field(default="", repr=False)
    challenge: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    passkey: str = field(default="", repr=False)
    passkey_challenge: str = ""
    came: str = field(default="", repr=False)
    """What the browser came back with, instead of all this."""

    @classmethod
    def of(cls, form: Mapping[str, str]) -> "Given":
        """What the fields of a form say."""
        return cls(**{each.name: form.get(each.name, "") for each in fields(cls) if each.name != "came"})


@dataclass(frozen=True, slots=True)
class Entered:
    """What comes of it: a `session` and a `device` for the browser to keep, or a `challenge`, or a `refusal`.

    `passkey` is what the person can answer the challenge with, if they have one.
    """

    session: str | None = field(default=None, repr=False)
    device: str | None = field(default=None, repr=False)
    challenge: str | None = field(default=None, repr=False)
    refusal: str | None = None
    passkey: Ceremony | None = field(default=None, repr=False)
    waits: bool = False
    """Whether the same will do in a moment."""


async def enter(oauth: OAuthDesk, issuer: TenantIssuer, browser: Browser, given: Given) -> Entered:
    """Open a session of the platform for whoever proves who they are."""
    attempt, slug = Attempt("oauthSignIn", key=None, input={}), issuer.tenant.slug
    try:
        if given.came:
            entered = await _arrived(oauth, slug, given.came, attempt)
        elif given.challenge:
            entered = await _complete(oauth, slug, given, attempt)
        else:
            hint = DeviceHint(browser.device, _DEVICE)
            credentials = Credentials(slug, given.email.strip().lower(), given.password, hint)
            entered = await passwords.sign_in(oauth.desk, credentials, attempt)
    except AccountNotReady as refusal:
        return Entered(refusal=refusal.message, waits=True)
    except DomainError as refusal:
        again = given.challenge and isinstance(refusal, CodeInvalid | PasskeyInvalid)
        return await _asking(oauth, slug, given.challenge, refusal) if again else Entered(refusal=refusal.message)
    if isinstance(entered, MfaRequired) and not entered.methods:
        return Entered(refusal=_MUST_ENROLL)  # an app's page shows no secrets that are to be kept
    if isinstance(entered, MfaRequired):
        return await _asking(oauth, slug, entered.code)
    return Entered(entered.token.access_token, entered.device_code)


async def _arrived(oauth: OAuthDesk, slug: str, came: str, attempt: Attempt) -> SignedIn | MfaRequired:
    """Let in whoever came back from an identity provider."""
    if came.startswith(FAILED):
        refusals = (NotProvedAgain, NoAccount, AddressReused)
        raise next((each for each in refusals if each.code == came.removeprefix(FAILED)), ProviderRefused)
    return await federated.sign_in(oauth.desk, slug, came, None, attempt)


async def _complete(oauth: OAuthDesk, slug: str, given: Given, attempt: Attempt) -> SignedIn:
    if not given.passkey:
        prove = mfa.by_code(oauth.desk, given.code)
        return await mfa.complete(oauth.desk, slug, given.challenge, prove, attempt, device_name=_DEVICE)
    answer = _answer(given)
    passkeys, challenge = oauth.passkeys, given.challenge
    return await webauthn_factor.complete(passkeys, slug, challenge, answer, attempt, device_name=_DEVICE)


def _answer(given: Given) -> PasskeyAnswer:
    """What a page's script has sent.

    Raises:
        PasskeyInvalid: it was not our script.
    """
    try:
        credential = msgspec.json.decode(given.passkey, type=dict[str, Any])
        return PasskeyAnswer(UUID(given.passkey_challenge), credential)
    except ValueError as error:
        raise PasskeyInvalid from error


async def _asking(oauth: OAuthDesk, slug: str, challenge: str, refusal: DomainError | None = None) -> Entered:
    """Go on with a second factor: by a code, or by a passkey if the person has any."""
    try:
        passkey = await webauthn_factor.start_second_factor(oauth.passkeys, slug, challenge)
    except (NotFound, ChallengeInvalid):
        passkey = None
    return Entered(challenge=challenge, refusal=refusal.message if refusal else None, passkey=passkey)


async def person_of(server: Server, browser: Browser) -> EndUser | None:
    """The person whose session the browser has, if it goes on and they could open it now.

    It is not refreshed here, and what an app gets by it may outlast it by months.
    """
    caller = await caller_by_cookie(server.oauth, server.issuer, browser.session)
    if caller is None or caller.user_id is None or caller.session_id is None:
        return None
    opened = await server.store.open_session(caller.session_id, caller.user_id, server.now)
    account = await server.store.account(caller.user_id)
    if opened is None or account is None:
        return None
    policy = server.issuer.tenant.policies.sign_in
    if not await goes_on(server.session, policy, opened, account.role, server.now):
        return None
    return end_user(account, Authentication.of(opened.authenticated_at, opened.amr), opened.id)


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
