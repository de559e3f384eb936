"""OAuth apps: registered by whoever manages programs, with secrets that are shown once."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from shared.database import TenantSession
from shared.errors import BadUserInput, NotFound
from shared.events import record
from shared.graphql.pagination import Keyset
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from subgraphs.auth.errors import ScopeNotHeld
from subgraphs.auth.events import OAuthAppChanged
from subgraphs.auth.models import OAuthApp
from subgraphs.auth.service.oauth import DEVICE_CODE, GRANT_TYPES, TOKEN_EXCHANGE, tell_ended
from subgraphs.auth.service.oauth_clients import digest, new_secret
from subgraphs.auth.service.oauth_scopes import IDENTITY, known
from subgraphs.auth.service.own_session import require_own_session
from subgraphs.auth.store.oauth import OAuthConsentStore, OAuthStore
from subgraphs.auth.store.oauth_apps import OAuthAppStore

MANAGE_APPS: Final = "apps:manage"
NEWEST_FIRST: Final = Keyset(tuple[UUID])
LONGEST_OVERLAP: Final = timedelta(days=30)
MOST_REDIRECT_URIS: Final = 10
_LONGEST_URI: Final = 1000
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_PRIVATE_SCHEME: Final = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+")
"""Of a program's own, in reverse domain order. Source: RFC 8252, section 7.1."""


@dataclass(frozen=True, slots=True)
class NewOAuthApp:
    """An app that somebody registers."""

    name: str
    confidential: bool
    redirect_uris: list[str]
    scopes: frozenset[str]
    grant_types: frozenset[str]
    may_introspect: bool = False
    pushed_requests_only: bool = False
    dpop_bound_tokens: bool = False
    post_logout_redirect_uris: list[str] = field(default_factory=list[str])
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    jwks: dict[str, Any] | None = None
    authenticates_by_key: bool = False

    def __post_init__(self) -> None:
        """Refuse what no app can be.

        Raises:
            BadUserInput: there is something that cannot be, alone or together.
        """
        _check_redirect_uris(self.redirect_uris, "redirectUris")
        _check_redirect_uris(self.post_logout_redirect_uris, "postLogoutRedirectUris")
        _check_logout_uri(self.backchannel_logout_uri)
        if not self.scopes or not self.scopes <= set(known()):
            raise BadUserInput("`scopes` must be names of permissions or of OpenID Connect's scopes", field="scopes")
        if not self.grant_types or not self.grant_types <= set(GRANT_TYPES):
            raise BadUserInput(f"`grantTypes` must be of {', '.join(GRANT_TYPES)}", field="grantTypes")
        by_people = "authorization_code" in self.grant_types
        if by_people is not bool(self.redirect_uris):
            raise BadUserInput("`redirectUris` go with the grant type authorization_code", field="redirectUris")
        if "refresh_token" in self.grant_types and not by_people and DEVICE_CODE not in self.grant_types:
            raise BadUserInput("refresh_token goes with the grant types of people", field="grantTypes")
        with_secret = {"client_credentials", TOKEN_EXCHANGE}
        if self.authenticates_by_key and (self.jwks is None or not self.confidential):
            raise BadUserInput("An app that proves by a key who it is has `jwks`, and is confidential", field="jwks")
        if not self.confidential and (with_secret & self.grant_types or self.may_introspect):
            raise BadUserInput("Only a confidential app has credentials of its own", field="confidential")

    @classmethod
    def of(cls, app: OAuthApp) -> "NewOAuthApp":
        """An app as it is."""
        return cls(
            name=app.name,
            confidential=app.confidential,
            redirect_uris=list(app.redirect_uris),
            scopes=frozenset(app.scopes),
            grant_types=frozenset(app.grant_types),
            may_introspect=app.may_introspect,
            pushed_requests_only=app.pushed_requests_only,
            dpop_bound_tokens=app.dpop_bound_tokens,
            post_logout_redirect_uris=list(app.post_logout_redirect_uris),
            backchannel_logout_uri=app.backchannel_logout_uri,
            backchannel_logout_session_required=app.backchannel_logout_session_required,
            jwks=app.jwks,
            authenticates_by_key=app.authenticates_by_key,
        )

    def settle(self, app: OAuthApp) -> None:
        """Let an app be like this; whether it can keep a secret is settled once."""
        app.name = self.name
        app.redirect_uris = self.redirect_uris
        app.scopes = sorted(self.scopes)
        app.grant_types = sorted(self.grant_types)
        app.may_introspect = self.may_introspect
        app.pushed_requests_only = self.pushed_requests_only
        app.dpop_bound_tokens = self.dpop_bound_tokens
        app.post_logout_redirect_uris = self.post_logout_redirect_uris
        app.backchannel_logout_uri = self.backchannel_logout_uri
        app.backchannel_logout_session_required = self.backchannel_logout_session_required
        app.jwks = self.jwks
        app.authenticates_by_key = self.authenticates_by_key


@dataclass(frozen=True, slots=True)
class ChangedApp:
    row: OAuthApp
    secret: str | None = field(default=None, repr=False)
    """A new one; None if there is none, or if the mutation was repeated: it is shown once."""


async def register_app(session: TenantSession, new: NewOAuthApp, attempt: Attempt) -> ChangedApp:
    """Register an app, which may be granted at most what its registrar may do themselves.

    Raises:
        Forbidden: the caller may not manage apps, or is a program.
        ScopeNotHeld: the app is to do what the caller may not.
    """
    user_id = await require_own_session(session)
    session.caller.require(MANAGE_APPS)
    made: list[str] = []

    async def register() -> UUID:
        if not new.scopes - IDENTITY.keys() <= session.caller.scopes:
            raise ScopeNotHeld(path=("input", "scopes"))
        app = OAuthApp(id=uuid7(), confidential=new.confidential, created_by=user_id)
        new.settle(app)
        await OAuthAppStore(session).add(app)
        if app.has_secret:
            made.append(await add_secret(session, app.id))
        tell_changed(session, app.id, user_id, "registered")
        return app.id

    return await _done(session, await once(session, attempt, register), made)


async def update_app(session: TenantSession, app_id: UUID, changes: Mapping[str, Any], attempt: Attempt) -> ChangedApp:
    """Change an app. What it may do no more, its access tokens say until they end, and no other one does.

    Args:
        session: the caller's.
        app_id: the app.
        changes: other values for fields of `NewOAuthApp`.
        attempt: a repetition changes nothing.

    Raises:
        Forbidden: the caller may not manage apps, or is a program.
        NotFound: there is no such app.
        ScopeNotHeld: the app is to do more than before, and the caller may not do that.
        BadUserInput: no app can be like that.
    """

    async def update(app: OAuthApp) -> None:
        new = replace(NewOAuthApp.of(app), **changes)
        if not new.scopes - IDENTITY.keys() - set(app.scopes) <= session.caller.scopes:
            raise ScopeNotHeld(path=("input", "scopes"))
        new.settle(app)
        tell_changed(session, app.id, session.caller.require_user(), "changed")

    return await _done(session, await _change(session, app_id, attempt, update), [])


async def rotate_secret(
    session: TenantSession, app_id: UUID, overlap: timedelta, now: datetime, attempt: Attempt
) -> ChangedApp:
    """Give an app another secret; those before are good for `overlap` from `now` on.

    Raises:
        Forbidden: the caller may not manage apps, or is a program.
        NotFound: there is no such app.
        BadUserInput: the app has no secret, or the overlap is too long.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise BadUserInput(f"`overlapSeconds` must be 0 to {LONGEST_OVERLAP.days} days", field="overlapSeconds")
    made: list[str] = []

    async def rotate(app: OAuthApp) -> None:
        if not app.has_secret:
            raise BadUserInput("An app that is not confidential, or has a key, has no secret", field="id")
        await OAuthAppStore(session).end_secrets(app.id, now + overlap)
        made.append(await add_secret(session, app.id))
        tell_changed(session, app.id, session.caller.require_user(), "secret-rotated")

    return await _done(session, await _change(session, app_id, attempt, rotate), made)


async def remove_app(session: TenantSession, app_id: UUID, now: datetime, attempt: Attempt) -> UUID:
    """Remove an app: all of its tokens end, and what runs with them within a second.

    Raises:
        Forbidden: the caller may not manage apps, or is a program.
        NotFound: there is no such app.
    """

    async def remove(app: OAuthApp) -> None:
        await end_app(session, app, now)
        tell_changed(session, app.id, session.caller.require_user(), "removed")

    return await _change(session, app_id, attempt, remove)


async def end_app(session: TenantSession, app: OAuthApp, now: datetime) -> None:
    """Remove an app with all of its tokens."""
    app.removed_at = now
    await OAuthAppStore(session).end_secrets(app.id, now)
    for family in await OAuthStore(session).end_all(app.id, now):
        tell_ended(session, family)


async def withdraw_consent(session: TenantSession, app_id: UUID, now: datetime, attempt: Attempt) -> UUID:
    """Take back what the caller has allowed an app: what it does for them ends within a second. Safe to repeat.

    Raises:
        Forbidden: a program calls.
    """
    user_id = await require_own_session(session)

    async def withdraw() -> UUID:
        await OAuthConsentStore(session).forget(user_id, app_id)
        for family in await OAuthStore(session).end_all(app_id, now, user_id=user_id):
            tell_ended(session, family)
        return app_id

    return await once(session, attempt, withdraw)


async def _change(
    session: TenantSession, app_id: UUID, attempt: Attempt, change: Callable[[OAuthApp], Awaitable[None]]
) -> UUID:
    await require_own_session(session)
    session.caller.require(MANAGE_APPS)

    async def changed() -> UUID:
        app = await OAuthAppStore(session).locked(app_id)
        if app is None:
            raise NotFound("There is no such app")
        await change(app)
        return app.id

    return await once(session, attempt, changed)


async def _done(session: TenantSession, app_id: UUID, made: list[str]) -> ChangedApp:
    row = await OAuthAppStore(session).get(app_id)
    if row is None:
        raise NotFound("There is no such app")
    return ChangedApp(row, made[0] if made else None)


async def add_secret(session: TenantSession, app_id: UUID) -> str:
    """Give an app a secret, which is shown to whoever asked."""
    secret = new_secret()
    await OAuthAppStore(session).add_secret(app_id, digest(secret))
    return secret


def tell_changed(session: TenantSession, app_id: UUID, by: UUID, what: str) -> None:
    """Tell others that an app is another one than before."""
    tenant_id = session.caller.tenant_id
    record(session, OAuthAppChanged(tenant_id=tenant_id, app_id=app_id, changed_by=by, what=what))


def _check_redirect_uris(uris: list[str], field: str) -> None:
    if len(uris) > MOST_REDIRECT_URIS:
        raise BadUserInput(f"`{field}` must be at most {MOST_REDIRECT_URIS}", field=field)
    for place, uri in enumerate(uris):
        if not _is_redirect_uri(uri):
            raise BadUserInput(
                "A redirect URI must be exact, without a fragment: https://…, http:// of this machine by its number, "
                "or a scheme of the app's own like com.example.app:/…",
                field=f"{field}.{place}",
            )


def _check_logout_uri(uri: str | None) -> None:
    """Source: OpenID Connect Back-Channel Logout 1.0, section 2.2."""
    if uri is not None and not (_is_redirect_uri(uri) and uri.startswith(("https://", "http://"))):
        raise BadUserInput("`backchannelLogoutUri` must be https://…, without a fragment", field="backchannelLogoutUri")


def _is_redirect_uri(uri: str) -> bool:
    """Source: RFC 9700, section 4.1, and RFC 8252, section 7."""
    if not uri.isascii() or not uri.isprintable() or len(uri) > _LONGEST_URI or any(sign in uri for sign in ' #*"\\<>'):
        return False
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    if "@" in parts.netloc:
        return False
    match parts.scheme:
        case "https":
            return bool(host)
        case "http":
            return host in _LOOPBACK
        case scheme:
            return _PRIVATE_SCHEME.fullmatch(scheme) is not None and not parts.netloc
