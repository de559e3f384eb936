"""Reading what provisioning clients ask, and answering it. Source: RFC 7644, sections 3 and 3.12."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar, cast

import orjson
from pydantic import ValidationError
from scim2_models import (
    Context,
    Error,
    InvalidSyntaxException,
    PatchOp,
    Resource,
    ResponseParameters,
    SCIMException,
    SearchRequest,
)
from sqlalchemy.exc import IntegrityError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from shared.errors import DomainError, Forbidden, NotFound, Refusal, Unauthenticated, Unavailable
from subgraphs.users.service.scim import Directory, check_filter
from subgraphs.users.service.scim_resources import POLICY, message_of

MEDIA_TYPE: Final = "application/scim+json"
_READABLE: Final = frozenset({MEDIA_TYPE, "application/json"})
_MOST_BYTES: Final = 1024 * 1024
_MOST_OPERATIONS: Final = 100
_LONGEST_QUERY: Final = 8_000
_DEEPEST: Final = 10
_MOST_NAMES: Final = 100
"""Of attributes at one place: each is read as a path."""
_NO_STORE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_STATUS: Final[Mapping[type[DomainError], HTTPStatus]] = {
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    Refusal: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
_FAILURES: Final = (SCIMException, ValidationError, DomainError, IntegrityError, ClientDisconnect)
ResourceT = TypeVar("ResourceT", bound=Resource[Any])


class Refused(Exception):
    """Answered with a status for which SCIM has no word."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


FAILURES: Final = (*_FAILURES, Refused)
"""What `refusal` knows an answer to."""


class Asked:
    """One request of a client that may provision a tenant's people."""

    def __init__(self, request: Request, directory: Directory) -> None:
        self.request = request
        self.directory = directory

    @property
    def id(self) -> str:
        return self.request.path_params["id"]

    @property
    def if_match(self) -> str | None:
        return self.request.headers.get("if-match")

    def query(self, model: type[Resource[Any]]) -> SearchRequest[Any]:
        """The parameters of a GET.

        Raises:
            SCIMException, ValidationError: they cannot be.
            Refused: they are too long.
        """
        if len(self.request.url.query) > _LONGEST_QUERY:
            raise Refused(HTTPStatus.REQUEST_URI_TOO_LONG, "Use .search for so long a query")
        return _search(dict(self.request.query_params), model)

    async def search(self, model: type[Resource[Any]]) -> SearchRequest[Any]:
        """The same, sent in the body. Source: RFC 7644, section 3.4.3."""
        return _search(await self._json(), model)

    async def resource(self, model: type[ResourceT], context: Context) -> ResourceT:
        """The resource in the body.

        Raises:
            SCIMException, ValidationError: it is none.
            Refused: it is too much, or of another kind.
        """
        self._wanted(model)
        return model.model_validate(await self._json(), scim_ctx=context, scim_policy=POLICY)

    async def patch(self, model: type[ResourceT]) -> "PatchOp[ResourceT]":
        """The operations in the body.

        Raises:
            SCIMException, ValidationError, Refused: as above.
        """
        self._wanted(model)
        body = await self._json()
        found = next((value for name, value in body.items() if name.lower() == "operations"), None)
        operations = cast("list[Any]", found) if isinstance(found, list) else []
        if len(operations) > _MOST_OPERATIONS:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {_MOST_OPERATIONS} operations")
        for operation in operations:
            _check_paths(operation)
        patch: Any = message_of(PatchOp, model)
        return patch.model_validate(body, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=POLICY)

    def shown(self, resource: Resource[Any], context: Context, status: HTTPStatus = HTTPStatus.OK) -> Response:
        """A resource with those of its attributes that are wanted; 304 if the client has it already."""
        body = resource.model_dump(scim_ctx=context, response_parameters=self._wanted(type(resource)))
        meta = resource.meta
        headers = {"ETag": meta.version} if meta is not None and meta.version else {}
        if headers and self.request.method == "GET" and self._has(headers["ETag"]):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={**headers, **_NO_STORE})
        if status is HTTPStatus.CREATED and meta is not None and meta.location:
            headers["Location"] = meta.location
        return answer(body, status, headers)

    def _wanted(self, model: type[Resource[Any]]) -> "ResponseParameters[Any]":
        """Which attributes the client wants; looked at before anything is done."""
        query = self.request.query_params
        names = {name: query[name] for name in ("attributes", "excludedAttributes") if name in query}
        _check_names(names.values())
        wanted: Any = message_of(ResponseParameters, model)
        return wanted.model_validate(names)

    def _has(self, tag: str) -> bool:
        known = {each.strip() for each in self.request.headers.get("if-none-match", "").split(",")}
        return tag in known or "*" in known

    async def _json(self) -> dict[str, Any]:
        kind = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _READABLE:
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send {MEDIA_TYPE}")
        body = bytearray()
        async for chunk in self.request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {_MOST_BYTES} bytes")
        try:
            found: Any = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise InvalidSyntaxException(detail="That is no JSON") from error
        if not isinstance(found, dict) or _is_deeper(found, _DEEPEST):
            raise InvalidSyntaxException(detail=f"Send an object of at most {_DEEPEST} levels")
        return cast("dict[str, Any]", found)


def answer(
    body: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer that nobody keeps."""
    return Response(
        orjson.dumps(body), status_code=status, media_type=MEDIA_TYPE, headers={**(headers or {}), **_NO_STORE}
    )


def refusal(error: Exception) -> Response:
    """The answer to one of `FAILURES`."""
    match error:
        case SCIMException():
            told = error.to_error()
        case ValidationError():
            told = Error.from_validation_errors(error)[0]
        case DomainError():
            told = Error(status=_status_of(error), detail=error.message)
        case IntegrityError():  # somebody else was quicker
            told = Error(
                status=HTTPStatus.CONFLICT, scim_type="uniqueness", detail="Somebody else is here by that name"
            )
        case Refused():
            told = Error(status=error.status, detail=str(error))
        case _:
            told = Error(status=HTTPStatus.BAD_REQUEST, detail="The request ended early")
    status = HTTPStatus(int(told.status or HTTPStatus.BAD_REQUEST))
    challenge = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else {}
    return answer(told.model_dump(), status, challenge)


def _status_of(error: DomainError) -> HTTPStatus:
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), HTTPStatus.BAD_REQUEST)


def _search(asked: dict[str, Any], model: type[Resource[Any]]) -> SearchRequest[Any]:
    for name, value in asked.items():
        if name.lower() in {"filter", "sortby"}:
            check_filter(str(value))
        else:
            _check_names(cast("list[Any]", value) if isinstance(value, list) else [value])
    request: Any = message_of(SearchRequest, model)
    return request.model_validate(asked, scim_ctx=Context.DEFAULT, scim_policy=POLICY)


def _check_paths(operation: Any) -> None:
    """The path of an operation, and the names in its value, are read as filters are."""
    if not isinstance(operation, dict):
        return
    for name, value in cast("dict[str, Any]", operation).items():
        if name.lower() == "path":
            check_filter(str(value))
        else:
            _check_value(value)


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether there are more objects and lists within each other than that; no resource has as many as six."""
    if isinstance(value, dict):
        return levels == 0 or any(_is_deeper(each, levels - 1) for each in cast("dict[str, Any]", value).values())
    if isinstance(value, list):
        return levels == 0 or any(_is_deeper(each, levels - 1) for each in cast("list[Any]", value))
    return False


def _check_value(value: Any) -> None:
    if isinstance(value, dict):
        within = cast("dict[str, Any]", value)
        _check_names(within)
        for each in within.values():
            _check_value(each)


def _check_names(texts: Iterable[Any]) -> None:
    """Refuse more names than anybody needs, of whatever lists with commas.

    Raises:
        Refused: there are too many.
        InvalidFilterException: one of them is too long.
    """
    count = 0
    for text in texts:
        names = str(text).split(",", _MOST_NAMES)
        count += len(names)
        if count > _MOST_NAMES:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {_MOST_NAMES} attributes")
        for name in names:
            check_filter(name)
