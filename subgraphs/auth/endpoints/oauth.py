"""The routes of the tenants' authorization servers, under ``/t/<slug>/``."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from shared.errors import DomainError, NotFound, Unavailable
from subgraphs.auth.endpoints.oauth_pages import form_page, problem_page
from subgraphs.auth.service import oauth_authorize, oauth_protocol
from subgraphs.auth.service.oauth import METADATA, OAuthDesk, TenantIssuer
from subgraphs.auth.service.oauth_authorize import Answered, Asked, Browser, Given, Problem, Shown
from subgraphs.auth.service.oauth_server import Answer, Received
from subgraphs.auth.service.oauth_userinfo import userinfo

_SESSION: Final = "studium-session"
_BROWSER: Final = "studium-browser"
_BROWSER_LENGTH: Final = 43
_DEVICE: Final = "studium-device"
_DEVICE_SECONDS: Final = 365 * 24 * 3600
_NO_STORE: Final = {
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_MOST_BYTES: Final = 32_768
_MOST_FIELDS: Final = 50
_TYPED: Final = frozenset({"email", "password"})
"""Fields that people fill in; all others are programs', in ASCII."""
_FORM_TYPE: Final = "application/x-www-form-urlencoded"

Endpoint: TypeAlias = Callable[[Request, TenantIssuer], Awaitable[Response]]
Protocol: TypeAlias = Callable[[OAuthDesk, TenantIssuer, Received], Awaitable[Answer]]


class BadRequest(Exception):
    """What was sent is no form, or says something twice."""


def oauth_routes(oauth: OAuthDesk) -> list[Route]:
    """Metadata, keys, and every endpoint."""
    pages = _Pages(oauth)

    async def metadata(_: Request, issuer: TenantIssuer) -> Response:
        return JSONResponse(issuer.metadata(), headers=_readable(max_age=300))

    async def jwks(_: Request, issuer: TenantIssuer) -> Response:
        return JSONResponse(oauth.desk.issuer.jwks(), headers=_readable(max_age=300))

    async def about(request: Request, issuer: TenantIssuer) -> Response:
        answer = await userinfo(oauth, issuer, request.headers)
        return JSONResponse(dict(answer.body), status_code=answer.status, headers={**answer.headers, **_NO_STORE})

    def route(path: str, endpoint: Endpoint, *methods: str) -> Route:
        return Route(path, _of_tenant(oauth, endpoint), methods=methods)

    def protocol(name: str, work: Protocol) -> Route:
        return route(f"/t/{{slug}}/oauth/{name}", _protocol(oauth, work, name), "POST")

    return [
        route(f"/t/{{slug}}/{METADATA}", metadata, "GET"),
        route("/.well-known/oauth-authorization-server/t/{slug}", metadata, "GET"),
        route("/t/{slug}/oauth/jwks", jwks, "GET"),
        route("/t/{slug}/oauth/authorize", pages.show, "GET"),
        route("/t/{slug}/oauth/authorize", pages.take, "POST"),
        route("/t/{slug}/oauth/userinfo", about, "GET", "POST"),
        protocol("token", oauth_protocol.issue_tokens),
        protocol("introspect", oauth_protocol.introspect),
        protocol("revoke", oauth_protocol.revoke),
        protocol("par", oauth_protocol.push),
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
        received = Received("POST", issuer.endpoint(name), request.headers, await _form(request))
        answer = await work(oauth, issuer, received)
        return JSONResponse(dict(answer.body), status_code=answer.status, headers={**answer.headers, **_NO_STORE})

    return answered


class _Pages:
    """The authorization endpoint as browsers use it."""

    def __init__(self, oauth: OAuthDesk) -> None:
        self._oauth = oauth
        self._secure = oauth.public_url.startswith("https:")

    async def show(self, request: Request, issuer: TenantIssuer) -> Response:
        browser = self._browser(request)
        try:
            query = _fields(request.url.query)
        except BadRequest as error:
            return self._drawn(Problem(str(error)), issuer, browser)
        return self._drawn(await oauth_authorize.authorize(self._oauth, issuer, query, browser), issuer, browser)

    async def take(self, request: Request, issuer: TenantIssuer) -> Response:
        browser = self._browser(request)
        form = await _form(request)
        asked, action = form.get("request", ""), form.get("action", "")
        marked_for = replace(browser, session=None) if action == "sign-in" else browser
        own = request.headers.get("origin", self._oauth.public_url) in {self._oauth.public_url, "null"}
        if not own or not oauth_authorize.is_marked(self._oauth, issuer, asked, marked_for, form.get("mark", "")):
            return self._drawn(Problem("This form is not valid any more: go back to the app and try again"), issuer)
        query = _fields(asked)
        if action == "sign-in":
            given = Given(*(form.get(name, "") for name in ("email", "password", "challenge", "code")))
            done = await oauth_authorize.sign_in(self._oauth, issuer, query, browser, given)
            return self._drawn(done.shown, issuer, browser, done)
        allowed = action == "allow"
        return self._drawn(
            await oauth_authorize.consent(self._oauth, issuer, query, browser, allowed=allowed), issuer, browser
        )

    def _browser(self, request: Request) -> Browser:
        name = request.cookies.get(_BROWSER, "")
        known = len(name) >= _BROWSER_LENGTH and name.isascii()
        cookies = request.cookies
        return Browser(name if known else secrets.token_urlsafe(32), cookies.get(_SESSION), cookies.get(_DEVICE))

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
        response.headers.update(_NO_STORE)
        if browser is not None:
            self._keep(response, issuer, _BROWSER, browser.name)
        if done is not None and done.session is not None:
            self._keep(response, issuer, _SESSION, done.session)
        if done is not None and done.device is not None:
            self._keep(response, issuer, _DEVICE, done.device, max_age=_DEVICE_SECONDS)
        return response

    def _keep(
        self, response: Response, issuer: TenantIssuer, name: str, value: str, *, max_age: int | None = None
    ) -> None:
        """A cookie that no script reads, for this tenant's endpoint alone; it ends with the browser's session."""
        path = f"/t/{issuer.tenant.slug}/oauth/authorize"
        response.set_cookie(name, value, max_age, path=path, secure=self._secure, httponly=True, samesite="lax")


async def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM_TYPE:
        raise BadRequest(f"Send a form: {_FORM_TYPE}")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                raise BadRequest("That is too much")
    except ClientDisconnect as error:
        raise BadRequest("It ended early") from error
    return _fields(body.decode("latin-1"))


def _fields(text: str) -> dict[str, str]:
    """The fields of a form or a query; a field without a value counts as left out. Source: RFC 6749, section 3.1."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise BadRequest("There are too many fields") from error
    fields = {name: value for name, value in pairs if value}
    if len({name for name, _ in pairs}) < len(pairs):
        raise BadRequest("Each field may be there once")
    if not all(_is_plain(name, value) for name, value in fields.items()):
        raise BadRequest("Fields have to be printable ASCII")
    return fields


def _is_plain(name: str, value: str) -> bool:
    return name.isascii() and name.isprintable() and (name in _TYPED or (value.isascii() and value.isprintable()))


def _error(code: str, status: HTTPStatus, description: str | None = None) -> Response:
    told = {"error": code} if description is None else {"error": code, "error_description": description}
    return JSONResponse(told, status_code=status, headers=_NO_STORE)


def _readable(*, max_age: int) -> Mapping[str, str]:
    """For what everybody may know: pages of other origins as well."""
    return {"Cache-Control": f"public, max-age={max_age}", "Access-Control-Allow-Origin": "*"}
