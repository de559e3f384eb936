"""Signing out, as an app asks for it: of the session in which the browser's person has signed in here.

Whoever sends a browser here without an ID token of that very person is not believed: the person is asked. The browser
returns to an app only where that has said so before, and with such a token. Source: OpenID Connect RP-Initiated Logout
1.0, sections 2 to 4 and 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlencode
from uuid import UUID

from authlib.common.urls import add_params_to_uri
from joserfc.errors import JoseError

from shared.caller import Caller
from shared.database import TenantSession, unit_of_work
from shared.errors import Unauthenticated
from shared.tokens import MAX_LENGTH, signed_claims
from subgraphs.auth.service.oauth import OAuthDesk, TenantIssuer, caller_by_cookie
from subgraphs.auth.service.oauth_openid import ID_TOKEN
from subgraphs.auth.service.oauth_sign_in import Browser, marked
from subgraphs.auth.service.sessions import end_sessions
from subgraphs.auth.store.oauth import OAuthStore
from subgraphs.auth.store.oauth_apps import OAuthAppStore

PARAMETERS = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state", "logout_hint", "ui_locales")


@dataclass(frozen=True, slots=True)
class SignOutAsked:
    """A form to show; `request` is what it is about."""

    tenant: str
    request: str
    mark: str = field(repr=False)
    returns_to: str | None
    """Where the browser goes once it was answered; pages may send forms nowhere else."""


@dataclass(frozen=True, slots=True)
class SignedOut:
    """Nobody is signed in here any more; `returns_to` is where the browser goes."""

    returns_to: str | None


SignOut: TypeAlias = SignOutAsked | SignedOut


@dataclass(frozen=True, slots=True)
class _Wish:
    subject: str | None
    """The person that a good ID token names."""
    session: str | None
    """Which session of theirs, if it says so."""
    returns_to: str | None

    def names(self, caller: Caller) -> bool:
        """Whether it is the very session of the browser; with another one the person is asked, as without any."""
        return self.subject == str(caller.user_id) and self.session in {None, str(caller.session_id)}


async def sign_out(
    oauth: OAuthDesk, issuer: TenantIssuer, query: Mapping[str, str], browser: Browser, *, confirmed: bool
) -> SignOut:
    """End the browser's session if its person has confirmed that, or an app knows who they are.

    What is wrong with a request means only that the browser does not return to the app.
    """
    caller = await caller_by_cookie(oauth, issuer, browser.session)
    async with unit_of_work(oauth.desk.sessions, issuer.caller) as session:
        wish = await _wish(oauth, issuer, session, query)
        if caller is None or not await _goes_on(oauth, session, caller):
            return SignedOut(wish.returns_to)
        if not confirmed and not wish.names(caller):
            about = urlencode({name: query[name] for name in PARAMETERS if name in query})
            mark = marked(oauth, issuer, f"logout:{about}", browser)
            return SignOutAsked(issuer.tenant.name, about, mark, wish.returns_to)
        await end_sessions(session, caller.user_id, oauth.desk.clock(), only=caller.session_id)
        return SignedOut(wish.returns_to)


async def _goes_on(oauth: OAuthDesk, session: TenantSession, caller: Caller) -> bool:
    if caller.user_id is None or caller.session_id is None:
        return False
    opened = await OAuthStore(session).open_session(caller.session_id, caller.user_id, oauth.desk.clock())
    return opened is not None


async def _wish(oauth: OAuthDesk, issuer: TenantIssuer, session: TenantSession, query: Mapping[str, str]) -> _Wish:
    claims = await _hinted(oauth, issuer, query.get("id_token_hint", ""))
    client_id = query.get("client_id", claims.get("aud"))
    if not claims or client_id != claims["aud"]:
        return _Wish(None, None, None)
    app = await OAuthAppStore(session).get(UUID(claims["aud"]))
    uri, state = query.get("post_logout_redirect_uri"), query.get("state")
    if app is None or uri is None or uri not in app.post_logout_redirect_uris:
        return _Wish(claims["sub"], claims.get("sid"), None)
    back = add_params_to_uri(uri, [("state", state)]) if state else uri
    return _Wish(claims["sub"], claims.get("sid"), back)


async def _hinted(oauth: OAuthDesk, issuer: TenantIssuer, text: str) -> dict[str, Any]:
    """What an ID token of this issuer says, also one that has expired; nothing for others."""
    if not text or len(text) > MAX_LENGTH:
        return {}
    try:
        claims = await signed_claims(text, oauth.desk.issuer.ring, ID_TOKEN)
        return claims if claims["iss"] == issuer.url else {}
    except (Unauthenticated, JoseError, ValueError, KeyError, TypeError, AttributeError):
        return {}
