"""The routes on which a person lets a device act for them."""

from dataclasses import replace
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from subgraphs.auth.endpoints.oauth_browsers import Browsers
from subgraphs.auth.endpoints.oauth_forms import NO_STORE, BadRequest, read_fields, read_form
from subgraphs.auth.endpoints.oauth_pages import device_page, problem_page
from subgraphs.auth.service import oauth_device_pages as service
from subgraphs.auth.service.federated_begun import DEVICE_PAGE
from subgraphs.auth.service.oauth import OAuthDesk, TenantIssuer
from subgraphs.auth.service.oauth_authorize import Problem
from subgraphs.auth.service.oauth_sign_in import Browser, Given, is_marked

DEVICE_PATH: Final = f"oauth/authorize/{DEVICE_PAGE}"
"""Under the authorization endpoint's, so that whoever has signed in there has signed in here."""
_LONGEST_CODE: Final = 40


class DevicePages:
    """Where the code that a device shows is typed."""

    def __init__(self, oauth: OAuthDesk) -> None:
        self._oauth = oauth
        self._browsers = Browsers(oauth)

    async def short(self, request: Request, issuer: TenantIssuer) -> Response:
        """The address that devices show leads to the page."""
        code = read_fields(request.url.query).get("user_code", "")[:_LONGEST_CODE]
        query = service.about(code)
        target = f"{issuer.url}/{DEVICE_PATH}" + (f"?{query}" if query else "")
        return RedirectResponse(target, status_code=HTTPStatus.SEE_OTHER, headers=NO_STORE)

    async def show(self, request: Request, issuer: TenantIssuer) -> Response:
        browser = self._browsers.browser(request)
        code = read_fields(request.url.query).get("user_code", "")[:_LONGEST_CODE]
        if browser.came:
            return await self._take_back(issuer, code, browser)
        form = await service.show(self._oauth, issuer, code, browser)
        return self._browsers.remember(device_page(form), issuer, browser)

    async def _take_back(self, issuer: TenantIssuer, code: str, browser: Browser) -> Response:
        """Go on with who came back from an identity provider."""
        done = await service.sign_in(self._oauth, issuer, code, browser, Given(came=browser.came))
        return self._browsers.taken_back(self._drawn(issuer, browser, done), issuer, waits=done.waits)

    def _drawn(self, issuer: TenantIssuer, browser: Browser, done: service.DeviceEntered) -> Response:
        page = device_page(done.form)
        return self._browsers.remember(page, issuer, browser, session=done.session, device=done.device)

    async def take(self, request: Request, issuer: TenantIssuer) -> Response:
        browser, form = self._browsers.browser(request), await read_form(request)
        about, action = form.get("request", ""), form.get("action", "")
        marked_for = replace(browser, session=None) if action == "sign-in" else browser
        own = self._browsers.sends_own_form(request)
        if not own or not is_marked(self._oauth, issuer, f"device:{about}", marked_for, form.get("mark", "")):
            problem = problem_page(Problem("This form is not valid any more: open the address anew"))
            return self._browsers.remember(problem, issuer)
        code = read_fields(about).get("user_code", "")
        match action:
            case "sign-in":
                given = Given.of(form)
                return self._drawn(issuer, browser, await service.sign_in(self._oauth, issuer, code, browser, given))
            case "look":
                typed = form.get("user_code", "")[:_LONGEST_CODE]
                shown = await service.show(self._oauth, issuer, typed, browser)
            case "allow" | "deny":
                allowed = action == "allow"
                shown = await service.decide(self._oauth, issuer, code, browser, allowed=allowed)
            case _:
                raise BadRequest("There is no such button")
        return self._browsers.remember(device_page(shown), issuer, browser)
