"""The browsers that come to the authorization servers' pages, and the cookies by which they are known again."""

import secrets
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from subgraphs.auth.endpoints.oauth_forms import NO_STORE
from subgraphs.auth.service.oauth import OAuthDesk, TenantIssuer
from subgraphs.auth.service.oauth_sign_in import CAME_BACK, Browser

_SESSION: Final = "studium-session"
_BROWSER: Final = "studium-browser"
_BROWSER_LENGTH: Final = 43
_DEVICE: Final = "studium-device"
_DEVICE_SECONDS: Final = 365 * 24 * 3600
_MOMENT_SECONDS: Final = "2"


class Browsers:
    """Reads and sets the cookies."""

    def __init__(self, oauth: OAuthDesk) -> None:
        self._origin = oauth.public_url
        self._secure = oauth.public_url.startswith("https:")

    def browser(self, request: Request) -> Browser:
        """That which asks; one that is not known yet gets a name."""
        cookies = request.cookies
        name = cookies.get(_BROWSER, "")
        known = len(name) >= _BROWSER_LENGTH and name.isascii()
        name = name if known else secrets.token_urlsafe(32)
        return Browser(name, cookies.get(_SESSION), cookies.get(_DEVICE), cookies.get(CAME_BACK, ""))

    def sends_own_form(self, request: Request) -> bool:
        """Whether a form comes from a page of ours, as far as the browser says where from."""
        return request.headers.get("origin", self._origin) in {self._origin, "null"}

    def remember(
        self,
        response: Response,
        issuer: TenantIssuer,
        browser: Browser | None = None,
        *,
        session: str | None = None,
        device: str | None = None,
    ) -> Response:
        """An answer that nobody else keeps, with the cookies that are new."""
        response.headers.update(NO_STORE)
        if browser is not None:
            self._keep(response, issuer, _BROWSER, browser.name)
        if session is not None:
            self._keep(response, issuer, _SESSION, session)
        if device is not None:
            self._keep(response, issuer, _DEVICE, device, max_age=_DEVICE_SECONDS)
        return response

    def forget_session(self, response: Response, issuer: TenantIssuer) -> None:
        """Let the browser keep no session."""
        self._forget(response, issuer, _SESSION)

    def taken_back(self, response: Response, issuer: TenantIssuer, *, waits: bool) -> Response:
        """Let the browser come back from an identity provider once; one that `waits` asks again in a moment."""
        if waits:
            response.headers["Refresh"] = _MOMENT_SECONDS
        else:
            self._forget(response, issuer, CAME_BACK)
        return response

    def _forget(self, response: Response, issuer: TenantIssuer, name: str) -> None:
        path = f"/t/{issuer.tenant.slug}/oauth/authorize"
        response.delete_cookie(name, path=path, secure=self._secure, httponly=True, samesite="lax")

    def _keep(
        self, response: Response, issuer: TenantIssuer, name: str, value: str, *, max_age: int | None = None
    ) -> None:
        """A cookie that no script reads, for this tenant's pages alone; it ends with the browser's session."""
        path = f"/t/{issuer.tenant.slug}/oauth/authorize"
        response.set_cookie(name, value, max_age, path=path, secure=self._secure, httponly=True, samesite="lax")
