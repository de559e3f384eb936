"""The browser's way to an identity provider and back."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from shared.errors import DomainError
from subgraphs.auth.service import federated
from subgraphs.auth.service.federated import FederationDesk
from subgraphs.auth.service.federated_begun import AT_PROVIDER, TO_COMPLETE, Return, WayBack, is_at, sign_in_page
from subgraphs.auth.service.oauth_sign_in import CAME_BACK, FAILED

COOKIE: Final = "studium-federated"
_STATUS: Final = {
    "NOT_FOUND": 404,
    "TENANT_NOT_FOUND": 404,
    "SERVICE_UNAVAILABLE": 503,
    "OUTBOUND_REFUSED": 502,
    "WAY_IN_CLOSED": 403,
}
HEADERS: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}

Answer: TypeAlias = Callable[[Request], Awaitable[Response]]


def federated_routes(federation: FederationDesk) -> list[Route]:
    """Where a browser begins, and where a provider sends it back to."""

    async def begin(request: Request) -> Response:
        slug, alias = request.path_params["slug"], request.path_params["alias"]
        begun = await federated.begin(federation, slug, alias, way_back(request))
        answer = RedirectResponse(begun.url, status_code=303, headers=HEADERS)
        answer.set_cookie(
            COOKIE,
            begun.kept,
            max_age=int(AT_PROVIDER.total_seconds()),
            path=f"/t/{slug}/federated/{alias}/callback",
            secure=federation.public_url.startswith("https:"),
            httponly=True,
            samesite="lax",
        )
        return answer

    async def callback(request: Request) -> Response:
        slug, alias = request.path_params["slug"], request.path_params["alias"]
        goes_on = await federated.finish(federation, slug, alias, request.query_params, request.cookies.get(COOKIE, ""))
        answer = going_on(goes_on, federation.public_url, slug)
        answer.delete_cookie(COOKIE, path=f"/t/{slug}/federated/{alias}/callback")
        return answer

    return [
        Route("/t/{slug}/federated/{alias}", refusing(begin), methods=["GET"]),
        Route("/t/{slug}/federated/{alias}/callback", refusing(callback), methods=["GET"]),
    ]


def going_on(to: Return, public_url: str, slug: str) -> Response:
    """Send a browser on: to a client with a code in the fragment, to the tenant's own page with one in a cookie."""
    page = sign_in_page(public_url, slug)
    if not is_at(page, to.uri):
        return RedirectResponse(to.url, status_code=303, headers=HEADERS)
    answer = RedirectResponse(to.uri, status_code=303, headers=HEADERS)
    answer.set_cookie(
        CAME_BACK,
        to.code or f"{FAILED}{to.error}",
        max_age=int(TO_COMPLETE.total_seconds()),
        path=urlsplit(page).path,
        secure=public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return answer


def way_back(request: Request) -> WayBack:
    """How the browser comes back to the client that has sent it."""
    query = request.query_params
    return WayBack(query.get("return_uri", ""), query.get("code_challenge"), again=query.get("prompt") == "login")


def refusing(answer: Answer) -> Answer:
    """Answers refusals as OAuth does. Source: RFC 6749, section 5.2."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except DomainError as refusal:
            told = {"error": refusal.code, "error_description": refusal.message}
            return JSONResponse(told, status_code=_STATUS.get(refusal.code, 400), headers=HEADERS)

    return answered
