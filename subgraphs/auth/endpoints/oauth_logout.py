"""The routes on which browsers are signed out. Source: OpenID Connect RP-Initiated Logout 1.0."""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from subgraphs.auth.endpoints.oauth_browsers import Browsers
from subgraphs.auth.endpoints.oauth_forms import NO_STORE, read_fields, read_form
from subgraphs.auth.endpoints.oauth_pages import problem_page, sign_out_page, signed_out_page
from subgraphs.auth.service import oauth_logout as service
from subgraphs.auth.service.oauth import OAuthDesk, TenantIssuer
from subgraphs.auth.service.oauth_authorize import Problem
from subgraphs.auth.service.oauth_logout import SignOut, SignOutAsked
from subgraphs.auth.service.oauth_sign_in import is_marked

LOGOUT_PATH: Final = "oauth/authorize/logout"
"""Under the authorization endpoint's, where the browser shows the session."""


class LogoutPages:
    """The end session endpoint."""

    def __init__(self, oauth: OAuthDesk) -> None:
        self._oauth = oauth
        self._browsers = Browsers(oauth)

    async def show(self, request: Request, issuer: TenantIssuer) -> Response:
        query, browser = read_fields(request.url.query), self._browsers.browser(request)
        return self._drawn(await service.sign_out(self._oauth, issuer, query, browser, confirmed=False), issuer)

    async def take(self, request: Request, issuer: TenantIssuer) -> Response:
        form, browser = await read_form(request), self._browsers.browser(request)
        if "mark" not in form:
            return self._here(form, issuer)
        about = form.get("request", "")
        own = self._browsers.sends_own_form(request)
        if not own or not is_marked(self._oauth, issuer, f"logout:{about}", browser, form["mark"]):
            problem = problem_page(Problem("This form is not valid any more: go back and try again"))
            return self._browsers.remember(problem, issuer)
        query = read_fields(about)
        return self._drawn(await service.sign_out(self._oauth, issuer, query, browser, confirmed=True), issuer)

    def _here(self, form: dict[str, str], issuer: TenantIssuer) -> Response:
        """Have the browser come by itself: with another site's form it does not show its session."""
        query = urlencode({name: form[name] for name in service.PARAMETERS if name in form})
        target = f"{issuer.url}/{LOGOUT_PATH}?{query}"
        return RedirectResponse(target, status_code=HTTPStatus.SEE_OTHER, headers=NO_STORE)

    def _drawn(self, shown: SignOut, issuer: TenantIssuer) -> Response:
        if isinstance(shown, SignOutAsked):
            return self._browsers.remember(sign_out_page(shown), issuer)
        uri = shown.returns_to
        response = signed_out_page() if uri is None else RedirectResponse(uri, status_code=HTTPStatus.SEE_OTHER)
        self._browsers.forget_session(response, issuer)
        return self._browsers.remember(response, issuer)
