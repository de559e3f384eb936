"""The routes on which software registers itself. Sources: RFC 7591 and RFC 7592."""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any, Final, cast

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shared.bearer import bearer_token
from shared.errors import BadUserInput, Unauthenticated
from subgraphs.auth.endpoints.oauth_forms import NO_STORE, BadRequest, media_type, read_body
from subgraphs.auth.service import oauth_registration as service
from subgraphs.auth.service.oauth import OAuthDesk, TenantIssuer
from subgraphs.auth.service.oauth_registration import TooManyChanges, Unregistered
from subgraphs.auth.service.oauth_server import Answer

_REDIRECTS: Final = "redirectUris"


class Registration:
    """The registration endpoint, and one for each app that registered itself."""

    def __init__(self, oauth: OAuthDesk) -> None:
        self._oauth = oauth

    async def register(self, request: Request, issuer: TenantIssuer) -> Response:
        asked = await _object(request)
        return await _answered(service.register(self._oauth, issuer, _token(request), asked))

    async def manage(self, request: Request, issuer: TenantIssuer) -> Response:
        client_id, token = request.path_params["client_id"], _token(request)
        match request.method:
            case "PUT":
                asked = await _object(request)
                return await _answered(service.change(self._oauth, issuer, client_id, token, asked))
            case "DELETE":
                return await _answered(service.remove(self._oauth, issuer, client_id, token))
            case _:
                return await _answered(service.read(self._oauth, issuer, client_id, token))


async def _answered(work: Awaitable[Answer]) -> Response:
    try:
        answer = await work
    except Unregistered:
        told, headers = {"error": "invalid_token"}, {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        return JSONResponse(told, status_code=HTTPStatus.UNAUTHORIZED, headers={**headers, **NO_STORE})
    except BadUserInput as error:
        about_redirects = str(error.extensions.get("field", "")).startswith(_REDIRECTS)
        code = "invalid_redirect_uri" if about_redirects else "invalid_client_metadata"
        told = {"error": code, "error_description": error.message}
        return JSONResponse(told, status_code=HTTPStatus.BAD_REQUEST, headers=NO_STORE)
    except TooManyChanges as error:
        told = {"error": "temporarily_unavailable", "error_description": str(error)}
        headers = {"Retry-After": str(int(error.pause.total_seconds())), **NO_STORE}
        return JSONResponse(told, status_code=HTTPStatus.TOO_MANY_REQUESTS, headers=headers)
    if answer.status == HTTPStatus.NO_CONTENT:
        return Response(status_code=answer.status, headers=NO_STORE)
    return JSONResponse(dict(answer.body), status_code=answer.status, headers=NO_STORE)


def _token(request: Request) -> str | None:
    try:
        return bearer_token(request.headers)
    except Unauthenticated:
        return None


async def _object(request: Request) -> dict[str, Any]:
    if media_type(request) != "application/json":
        raise BadRequest("Send an object: application/json")
    try:
        found: Any = orjson.loads(await read_body(request))
    except orjson.JSONDecodeError as error:
        raise BadRequest("That is no JSON") from error
    if not isinstance(found, dict):
        raise BadRequest("Send an object: application/json")
    return cast("dict[str, Any]", found)
