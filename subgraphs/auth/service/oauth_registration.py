"""Software that registers itself: with a token that somebody who manages apps has made. Sources: RFC 7591 and RFC 7592.

Nothing that software names is fetched: keys are given by value, and what is not known here is left out of the answer.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from shared import checks
from shared.database import TenantSession, unit_of_work
from shared.errors import BadUserInput, NotFound
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from subgraphs.auth.errors import ScopeNotHeld
from subgraphs.auth.models import OAuthApp, OAuthRegistrationToken
from subgraphs.auth.service.audit import Actor, Subject, note
from subgraphs.auth.service.oauth import OAuthDesk, TenantIssuer
from subgraphs.auth.service.oauth_apps import MANAGE_APPS, NewOAuthApp, add_secret, end_app, tell_changed
from subgraphs.auth.service.oauth_clients import digest, new_token
from subgraphs.auth.service.oauth_keys import public_keys
from subgraphs.auth.service.oauth_scopes import IDENTITY, held_by, known, narrowed
from subgraphs.auth.service.oauth_server import Answer
from subgraphs.auth.service.own_session import require_own_session
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.audit import AuditStore
from subgraphs.auth.store.oauth import OAuthStore
from subgraphs.auth.store.oauth_apps import OAuthAppStore, OAuthRegistrationStore

LONGEST_LIFE: Final = timedelta(days=30)
MOST_USES: Final = 100
MOST_CHANGES: Final = 20
CHANGES_IN: Final = timedelta(hours=1)
_CHANGED: Final = "updateOAuthApp"
_INITIAL: Final = "studini_"
_OWN: Final = "studreg_"
_METHODS: Final = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")


@dataclass(frozen=True, slots=True)
class NewRegistrationToken:
    """How software may register itself."""

    scopes: frozenset[str]
    uses: int
    life: timedelta

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            BadUserInput: there is something that cannot be.
        """
        if not self.scopes or not self.scopes <= set(known()):
            raise BadUserInput("`scopes` must be names of permissions or of OpenID Connect's scopes", field="scopes")
        if not 0 < self.uses <= MOST_USES:
            raise BadUserInput(f"`uses` must be 1 to {MOST_USES}", field="uses")
        if not timedelta(0) < self.life <= LONGEST_LIFE:
            raise BadUserInput(f"`lifeSeconds` must be up to {LONGEST_LIFE.days} days", field="lifeSeconds")


@dataclass(frozen=True, slots=True)
class MadeToken:
    id: UUID
    text: str | None = field(default=None, repr=False)
    """None if the mutation was repeated: it is shown once."""


class TooManyChanges(Exception):
    """An app changes too often; it may again after `pause`."""

    def __init__(self, pause: timedelta) -> None:
        super().__init__("The registration has been changed too often")
        self.pause = pause


class Unregistered(Exception):
    """The token is not one that may do this. Source: RFC 6750, section 3.1."""


async def make_token(session: TenantSession, new: NewRegistrationToken, now: datetime, attempt: Attempt) -> MadeToken:
    """Make a token with which software registers itself, for at most what its maker may do themselves.

    Raises:
        Forbidden: the caller may not manage apps, or is a program.
        ScopeNotHeld: the software is to do what the caller may not.
    """
    user_id = await require_own_session(session)
    session.caller.require(MANAGE_APPS)
    made: list[str] = []

    async def make() -> UUID:
        if not new.scopes - IDENTITY.keys() <= session.caller.scopes:
            raise ScopeNotHeld(path=("input", "scopes"))
        made.append(_INITIAL + new_token())
        row = OAuthRegistrationToken(
            id=uuid7(),
            hash=digest(made[0]),
            scopes=sorted(new.scopes),
            uses_left=new.uses,
            expires_at=now + new.life,
            created_by=user_id,
        )
        await OAuthRegistrationStore(session).add(row)
        return row.id

    token_id = await once(session, attempt, make)
    return MadeToken(token_id, made[0] if made else None)


async def revoke_token(session: TenantSession, token_id: UUID, attempt: Attempt) -> UUID:
    """Let nothing more register itself with a token; what has stays.

    Raises:
        Forbidden: the caller may not manage apps, or is a program.
        NotFound: there is no such token.
    """
    await require_own_session(session)
    session.caller.require(MANAGE_APPS)

    async def revoke() -> UUID:
        if not await OAuthRegistrationStore(session).remove(token_id):
            raise NotFound("There is no such token")
        return token_id

    return await once(session, attempt, revoke)


async def register(oauth: OAuthDesk, issuer: TenantIssuer, token: str | None, asked: Mapping[str, Any]) -> Answer:
    """Register software as an app. Source: RFC 7591, section 3.

    Raises:
        Unregistered: the token is not good.
        BadUserInput: no app can be like that.
    """
    async with unit_of_work(oauth.desk.sessions, issuer.caller) as session:
        now = oauth.desk.clock()
        initial = await OAuthRegistrationStore(session).locked(digest(token or ""), now)
        account = None if initial is None else await OAuthStore(session).account(initial.created_by)
        if initial is None or account is None or not await AccountStore(session).is_active(account.user_id):
            raise Unregistered
        held = await held_by(session, account.user_id, account.role)
        new = _read(asked, narrowed(" ".join(initial.scopes), held).split())
        own = _OWN + new_token()
        app = OAuthApp(id=uuid7(), confidential=new.confidential, created_by=account.user_id)
        app.registration_hash = digest(own)
        new.settle(app)
        await OAuthAppStore(session).add(app)
        initial.uses_left -= 1
        secret = await add_secret(session, app.id) if app.has_secret else None
        tell_changed(session, app.id, account.user_id, "registered")
        note(session, "registerOAuthApp", Subject("OAuthApp", app.id), actor=Actor.person(account.user_id))
        more = {"client_id_issued_at": int(now.timestamp())}
        if secret is not None:
            more |= {"client_secret": secret, "client_secret_expires_at": 0}
        return Answer(201, {**_told(issuer, app), **more, "registration_access_token": own}, {})


async def read(oauth: OAuthDesk, issuer: TenantIssuer, client_id: str, token: str | None) -> Answer:
    """What an app is registered as. Source: RFC 7592, section 2.1.

    Raises:
        Unregistered: the token is not the app's.
    """
    async with oauth.desk.sessions.read(issuer.caller) as session:
        return Answer(200, _told(issuer, await _own(OAuthAppStore(session).get, client_id, token)), {})


async def change(
    oauth: OAuthDesk, issuer: TenantIssuer, client_id: str, token: str | None, asked: Mapping[str, Any]
) -> Answer:
    """Let an app be registered as something else: all that is not repeated is dropped. Source: RFC 7592, section 2.2.

    Raises:
        Unregistered: the token is not the app's.
        BadUserInput: no app can be like that, or not this one.
        TooManyChanges: it has been changed too often just before.
    """
    async with unit_of_work(oauth.desk.sessions, issuer.caller) as session:
        app = await _own(OAuthAppStore(session).locked, client_id, token)
        if asked.get("client_id") != client_id:
            raise BadUserInput("`client_id` has to be the app's", field="client_id")
        new = _read(asked, app.scopes)
        if (new.confidential, new.authenticates_by_key) != (app.confidential, app.authenticates_by_key):
            raise BadUserInput("How the app proves who it is stays", field="token_endpoint_auth_method")
        before = _told(issuer, app)
        new.settle(app)
        if _told(issuer, app) != before:
            await _changed(session, app, oauth.desk.clock())
        return Answer(200, _told(issuer, app), {})


async def _changed(session: TenantSession, app: OAuthApp, now: datetime) -> None:
    """Tell that software has changed itself, so often that its entries cannot fill the audit."""
    if await AuditStore(session).count(_CHANGED, str(app.id), since=now - CHANGES_IN) >= MOST_CHANGES:
        raise TooManyChanges(CHANGES_IN)
    tell_changed(session, app.id, app.created_by, "changed")
    note(session, _CHANGED, Subject("OAuthApp", app.id), actor=Actor.person(app.created_by))


async def remove(oauth: OAuthDesk, issuer: TenantIssuer, client_id: str, token: str | None) -> Answer:
    """Let an app go, with its tokens. Source: RFC 7592, section 2.3.

    Raises:
        Unregistered: the token is not the app's.
    """
    async with unit_of_work(oauth.desk.sessions, issuer.caller) as session:
        app = await _own(OAuthAppStore(session).locked, client_id, token)
        await end_app(session, app, oauth.desk.clock())
        tell_changed(session, app.id, app.created_by, "removed")
        note(session, "removeOAuthApp", Subject("OAuthApp", app.id), actor=Actor.person(app.created_by))
        return Answer(204, {}, {})


async def _own(find: Callable[[UUID], Awaitable[OAuthApp | None]], client_id: str, token: str | None) -> OAuthApp:
    try:
        app = await find(UUID(client_id))
    except ValueError as error:
        raise Unregistered from error
    kept = None if app is None else app.registration_hash
    if app is None or kept is None or not hmac.compare_digest(kept, digest(token or "")):
        raise Unregistered
    return app


def _read(asked: Mapping[str, Any], scopes: list[str]) -> NewOAuthApp:
    """The app that software wants to be, as far as it can be told. Source: RFC 7591, section 2."""
    if "jwks_uri" in asked or "software_statement" in asked:
        raise BadUserInput("Give keys by value, as `jwks`: nothing is fetched here", field="jwks_uri")
    method = asked.get("token_endpoint_auth_method", "client_secret_basic")
    if method not in _METHODS:
        raise BadUserInput(f"`token_endpoint_auth_method` is one of {', '.join(_METHODS)}", field="method")
    granted = narrowed(_text(asked, "scope", " ".join(scopes)), scopes)
    return NewOAuthApp(
        name=checks.text(_text(asked, "client_name", "Unnamed"), field="client_name"),
        confidential=method != "none",
        redirect_uris=_texts(asked, "redirect_uris", []),
        scopes=frozenset(granted.split()),
        grant_types=frozenset(_texts(asked, "grant_types", ["authorization_code"])),
        post_logout_redirect_uris=_texts(asked, "post_logout_redirect_uris", []),
        backchannel_logout_uri=_text(asked, "backchannel_logout_uri", "") or None,
        backchannel_logout_session_required=asked.get("backchannel_logout_session_required") is True,
        pushed_requests_only=asked.get("require_pushed_authorization_requests") is True,
        dpop_bound_tokens=asked.get("dpop_bound_access_tokens") is True,
        jwks=public_keys(asked["jwks"], field="jwks") if isinstance(asked.get("jwks"), dict) else None,
        authenticates_by_key=method == "private_key_jwt",
    )


def _told(issuer: TenantIssuer, app: OAuthApp) -> dict[str, Any]:
    method = "private_key_jwt" if app.authenticates_by_key else "client_secret_basic" if app.confidential else "none"
    return {
        "client_id": str(app.id),
        "client_name": app.name,
        "redirect_uris": list(app.redirect_uris),
        "grant_types": list(app.grant_types),
        "response_types": ["code"] if app.redirect_uris else [],
        "scope": " ".join(name for name in known() if name in app.scopes),
        "token_endpoint_auth_method": method,
        "post_logout_redirect_uris": list(app.post_logout_redirect_uris),
        "backchannel_logout_session_required": app.backchannel_logout_session_required,
        "require_pushed_authorization_requests": app.pushed_requests_only,
        "dpop_bound_access_tokens": app.dpop_bound_tokens,
        "registration_client_uri": f"{issuer.endpoint('register')}/{app.id}",
        **({} if app.jwks is None else {"jwks": app.jwks}),
        **({} if app.backchannel_logout_uri is None else {"backchannel_logout_uri": app.backchannel_logout_uri}),
    }


def _text(asked: Mapping[str, Any], name: str, usual: str) -> str:
    value = asked.get(name, usual)
    if not isinstance(value, str):
        raise BadUserInput(f"`{name}` is a text", field=name)
    return value


def _texts(asked: Mapping[str, Any], name: str, usual: list[str]) -> list[str]:
    value: Any = asked.get(name, usual)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in cast("list[Any]", value)):
        raise BadUserInput(f"`{name}` is a list of texts", field=name)
    return cast("list[str]", value)
