"""The routes of the tenants' authorization servers, under ``/t/<slug>/``."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import TypeAlias

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from shared.dpop import HEADER as DPOP
from shared.errors import DomainError, NotFound, Unavailable
from subgraphs.auth.endpoints.oauth_browsers import Browsers
from subgraphs.auth.endpoints.oauth_device import DEVICE_PATH, DevicePages
from subgraphs.auth.endpoints.oauth_forms import NO_STORE, BadRequest, read_fields, read_form
from subgraphs.auth.endpoints.oauth_logout import LOGOUT_PATH, LogoutPages
from subgraphs.auth.endpoints.oauth_pages import form_page, problem_page
from subgraphs.auth.endpoints.oauth_registration import Registration
from subgraphs.auth.service import oauth_authorize, oauth_protocol
from subgraphs.auth.service.oauth import METADATA, OAuthDesk, TenantIssuer
from subgraphs.auth.service.oauth_authorize import Answered, Asked, Problem, Shown
from subgraphs.auth.service.oauth_server import Answer, Received
from subgraphs.auth.service.oauth_sign_in import Browser, Given, is_marked
from subgraphs.auth.service.oauth_userinfo import userinfo

Endpoint: TypeAlias = Callable[[Request, TenantIssuer], Awaitable[Response]]
Protocol: TypeAlias = Callable[[OAuthDesk, TenantIssuer, Received], Awaitable[Answer]]


def oauth_routes(oauth: OAuthDesk) -> list[Route]:
    """Metadata, keys, and every endpoint."""
    pages, devices, software, logout = _Pages(oauth), DevicePages(oauth), Registration(oauth), LogoutPages(oauth)

    async def about(request: Request, issuer: TenantIssuer) -> Response:
        received = Received(request.method, issuer.endpoint("userinfo"), _one_proof(request), {})
        answer = await userinfo(oauth, issuer, received)
        return JSONResponse(dict(answer.body), status_code=answer.status, headers={**answer.headers, **NO_STORE})

    def route(path: str, endpoint: Endpoint, *methods: str) -> Route:
        return Route(f"/t/{{slug}}/{path}", _of_tenant(oauth, endpoint), methods=methods)

    def protocol(name: str, work: Protocol) -> Route:
        return route(f"oauth/{name}", _protocol(oauth, work, name), "POST")

    return [
        *_published(oauth),
        route("oauth/authorize", pages.show, "GET"),
        route("oauth/authorize", pages.take, "POST"),
        route("oauth/userinfo", about, "GET", "POST"),
        route("device", devices.short, "GET"),
        route(DEVICE_PATH, devices.show, "GET"),
        route(DEVICE_PATH, devices.take, "POST"),
        route("oauth/register", software.register, "POST"),
        route("oauth/register/{client_id}", software.manage, "GET", "PUT", "DELETE"),
        route(LOGOUT_PATH, logout.show, "GET"),
        route(LOGOUT_PATH, logout.take, "POST"),
        protocol("device_authorization", oauth_protocol.begin_device),
        protocol("token", oauth_protocol.issue_tokens),
        protocol("introspect", oauth_protocol.introspect),
        protocol("revoke", oauth_protocol.revoke),
        protocol("par", oauth_protocol.push),
    ]


def _published(oauth: OAuthDesk) -> list[Route]:
    """What everybody may know of the servers, and of the graph as their resource."""

    async def metadata(_: Request, issuer: TenantIssuer) -> Response:
        return JSONResponse(issuer.metadata(), headers=_readable(max_age=300))

    async def graph(_: Request) -> Response:
        return JSONResponse(oauth.graph_metadata(), headers=_readable(max_age=300))

    async def jwks(_: Request, __: TenantIssuer) -> Response:
        return JSONResponse(oauth.desk.issuer.jwks(), headers=_readable(max_age=300))

    def get(path: str, endpoint: Endpoint) -> Route:
        return Route(path, _of_tenant(oauth, endpoint), methods=["GET"])

    return [
        get(f"/t/{{slug}}/{METADATA}", metadata),
        get("/.well-known/oauth-authorization-server/t/{slug}", metadata),
        Route("/.well-known/oauth-protected-resource/graphql", graph, methods=["GET"]),
        get("/t/{slug}/oauth/jwks", jwks),
    ]


def _of_tenant(oauth: OAuthDesk, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of the tenant that the path names; each refusal in the form that OAuth fixes."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request, await oauth.server_of(request.path_params["slug"]))
        except NotFound:
            return _error("not_found", HTTPStatus.NOT_FOUND)
        except BadRequest as error:
            return _error("invalid_request", HTTPStatus.BAD_REQUEST, str(error))
        except Unavailable as error:
            return _error("temporarily_unavailable", HTTPStatus.SERVICE_UNAVAILABLE, error.message)
        except DomainError as error:
            return _error("invalid_request", HTTPStatus.BAD_REQUEST, error.message)

    return answered


def _protocol(oauth: OAuthDesk, work: Protocol, name: str) -> Endpoint:
    async def answered(request: Request, issuer: TenantIssuer) -> Response:
        if request.url.query:  # secrets in URLs are seen by others. Source: RFC 6749, section 2.3.1
            raise BadRequest("Send parameters in the body alone")
        received = Received("POST", issuer.endpoint(name), _one_proof(request), await read_form(request))
        answer = await work(oauth, issuer, received)
        return JSONResponse(dict(answer.body), status_code=answer.status, headers={**answer.headers, **NO_STORE})

    return answered


def _one_proof(request: Request) -> Headers:
    """The headers of a request that proves what it does once. Source: RFC 9449, section 4.3."""
    if len(request.headers.getlist(DPOP)) > 1:
        raise BadRequest("One proof is enough")
    return request.headers


class _Pages:
    """The authorization endpoint as browsers use it."""

    def __init__(self, oauth: OAuthDesk) -> None:
        self._oauth = oauth
        self._browsers = Browsers(oauth)

    async def show(self, request: Request, issuer: TenantIssuer) -> Response:
        browser = self._browsers.browser(request)
        try:
            query = read_fields(request.url.query)
        except BadRequest as error:
            return self._drawn(Problem(str(error)), issuer, browser)
        if browser.came:
            return await self._take_back(issuer, query, browser)
        return self._drawn(await oauth_authorize.authorize(self._oauth, issuer, query, browser), issuer, browser)

    async def _take_back(self, issuer: TenantIssuer, query: Mapping[str, str], browser: Browser) -> Response:
        """Go on with who came back from an identity provider; whose account is being opened tries again in a moment."""
        done = await oauth_authorize.sign_in(self._oauth, issuer, query, browser, Given(came=browser.came))
        response = self._drawn(done.shown, issuer, browser, done)
        return self._browsers.taken_back(response, issuer, waits=done.waits)

    async def take(self, request: Request, issuer: TenantIssuer) -> Response:
        browser = self._browsers.browser(request)
        form = await read_form(request)
        asked, action = form.get("request", ""), form.get("action", "")
        marked_for = replace(browser, session=None) if action == "sign-in" else browser
        own = self._browsers.sends_own_form(request)
        if not own or not is_marked(self._oauth, issuer, asked, marked_for, form.get("mark", "")):
            return self._drawn(Problem("This form is not valid any more: go back to the app and try again"), issuer)
        query = read_fields(asked)
        if action == "sign-in":
            given = Given.of(form)
            done = await oauth_authorize.sign_in(self._oauth, issuer, query, browser, given)
            return self._drawn(done.shown, issuer, browser, done)
        allowed = action == "allow"
        return self._drawn(
            await oauth_authorize.consent(self._oauth, issuer, query, browser, allowed=allowed), issuer, browser
        )

    def _drawn(
        self, shown: Shown, issuer: TenantIssuer, browser: Browser | None = None, done: Answered | None = None
    ) -> Response:
        match shown:
            case Asked():
                response: Response = form_page(shown)
            case Problem():
                response = problem_page(shown)
            case Answer():
                response = RedirectResponse(shown.location or "", status_code=HTTPStatus.SEE_OTHER)
        session, device = (None, None) if done is None else (done.session, done.device)
        return self._browsers.remember(response, issuer, browser, session=session, device=device)


def _error(code: str, status: HTTPStatus, description: str | None = None) -> Response:
    told = {"error": code} if description is None else {"error": code, "error_description": description}
    return JSONResponse(told, status_code=status, headers=NO_STORE)


def _readable(*, max_age: int) -> Mapping[str, str]:
    """For what everybody may know: pages of other origins as well."""
    return {"Cache-Control": f"public, max-age={max_age}", "Access-Control-Allow-Origin": "*"}
