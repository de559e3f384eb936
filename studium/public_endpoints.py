"""Subgraphs' own addresses at the platform's public one: OAuth, SCIM, and whatever else is no GraphQL.

Where a subgraph runs in the router's process its routes are taken over; where it is behind HTTP, requests are passed on
to it. The auth subgraph's endpoints look at tokens themselves. Others get to know their caller as their graph does: the
router has verified the token, and says whose it is.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from yarl import URL

from router.serve.errors import Refused
from router.serve.request import Authenticate, RequestContext
from shared.router_tokens import HEADER
from studium.trust import signer

AUTH_PATHS: Final = ("/t/{path:path}", "/.well-known/{path:path}")
USERS_PATHS: Final = ("/t/{slug}/scim/{path:path}",)
"""They go first, as the others take whatever is left."""
_PREFIXES: Final = ("/t/", "/.well-known/")
_METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Source: RFC 9110, section 7.6.1; and what is different once a body was read."""
_MOST_BYTES: Final = 1024 * 1024
_TIMEOUT: Final = aiohttp.ClientTimeout(connect=30, sock_read=30)
"""For each piece of an answer, whose whole may be long."""
_AUTHORIZATION: Final = "authorization"

Introduce: TypeAlias = Callable[[Mapping[str, str]], Awaitable[Mapping[str, str]]]
"""Gives the headers by which a subgraph knows who asks, for those of a request."""


def introducing(authenticate: Authenticate, key: SecretStr | None, subgraph: str) -> Introduce:
    """Tell a subgraph's endpoints who asks, as its graph is told.

    Args:
        authenticate: verifies a caller's token, as for the graph.
        key: that the router signs its requests with; without one a caller's own token is passed on.
        subgraph: whose endpoints they are.

    Returns:
        What makes the headers. A token that is not good makes nobody of its bearer, whom the endpoint then refuses in
        the form of its own standard; what raises `Refused` is that nobody can say now.
    """
    signs = None if key is None else signer(key)

    async def introduce(headers: Mapping[str, str]) -> Mapping[str, str]:
        try:
            known = await authenticate(headers, None)
        except Refused as refused:
            if refused.status is not HTTPStatus.UNAUTHORIZED:
                raise
            known = RequestContext()
        return known.headers if signs is None else {HEADER: f"Bearer {signs.token(known.identity, subgraph)}"}

    return introduce


def own_routes(routes: Iterable[BaseRoute], introduce: Introduce | None = None) -> list[BaseRoute]:
    """Those of a subgraph's routes, in this process, that are public by themselves, or once who asks is introduced."""
    public = [route for route in routes if getattr(route, "path", "").startswith(_PREFIXES)]
    if introduce is None:
        return public
    return [_introduced(route, introduce) for route in public if isinstance(route, Route)]


def _introduced(route: Route, introduce: Introduce) -> Route:
    async def answered(request: Request) -> Response:
        try:
            told = await introduce(request.headers)
        except Refused as refused:
            return _refusal(refused.status or HTTPStatus.SERVICE_UNAVAILABLE)
        known = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]
        scope = {**request.scope, "headers": [*_anonymous(request.scope["headers"]), *known]}
        return await route.endpoint(Request(scope, request.receive))

    return Route(route.path, answered, methods=list(route.methods or ()))


def _anonymous(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Without what says who asks: nobody introduces themselves."""
    said = {_AUTHORIZATION.encode(), HEADER.encode()}
    return [(name, value) for name, value in headers if name.lower() not in said]


class SubgraphProxy:
    """Passes requests on to a subgraph behind HTTP."""

    def __init__(self, url: str, paths: Sequence[str], introduce: Introduce | None = None) -> None:
        """Make it.

        Args:
            url: some address of the subgraph's; all of them are at its origin.
            paths: that are public.
            introduce: tells it who asks; without, requests say so themselves.
        """
        parts = urlsplit(url)
        self._origin = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
        self._paths = paths
        self._introduce = introduce
        self._http: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def running(self, app: object) -> AsyncGenerator[None]:
        """Keep connections for as long as the router runs."""
        async with aiohttp.ClientSession(
            timeout=_TIMEOUT, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        ) as http:
            self._http = http
            yield
        self._http = None

    def routes(self) -> list[BaseRoute]:
        return [Route(path, self.answer, methods=_METHODS) for path in self._paths]

    async def answer(self, request: Request) -> Response:
        """What the subgraph answers; 502 if it does not, 413 if it is sent too much."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        assert self._http is not None  # noqa: S101 - the lifespan comes first
        try:
            headers = await self._headers(request)
            answer = await self._http.request(
                request.method,
                URL(self._origin + _target(request), encoded=True),
                headers=headers,
                data=bytes(body),
                allow_redirects=False,
            )
        except (aiohttp.ClientError, TimeoutError):
            return _refusal(HTTPStatus.BAD_GATEWAY)
        except Refused as refused:
            return _refusal(refused.status or HTTPStatus.SERVICE_UNAVAILABLE)
        response = StreamingResponse(_pieces(answer), status_code=answer.status)
        if answer.content_length is not None:
            response.headers["content-length"] = str(answer.content_length)
        response.raw_headers.extend(
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in _passed(answer.headers.items())
        )
        return response

    async def _headers(self, request: Request) -> list[tuple[str, str]]:
        passed = _passed(request.headers.items())
        if self._introduce is None:
            return passed
        known = await self._introduce(request.headers)
        return [each for each in passed if each[0].lower() not in {_AUTHORIZATION, HEADER}] + [*known.items()]


async def _pieces(answer: aiohttp.ClientResponse) -> AsyncGenerator[bytes]:
    """Its body as it comes: an archive does not fit into memory. Who goes away ends it at the subgraph, too."""
    async with answer:
        async for piece in answer.content.iter_any():
            yield piece


def _target(request: Request) -> str:
    """Path and query as they came, so that nothing is read differently here and there."""
    raw: Mapping[str, Any] = request.scope
    query: bytes = raw["query_string"]
    path: bytes = raw.get("raw_path") or request.url.path.encode()
    return path.partition(b"?")[0].decode("ascii") + (f"?{query.decode('ascii')}" if query else "")


def _passed(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]


def _refusal(status: HTTPStatus) -> Response:
    return JSONResponse({"error": "temporarily_unavailable"}, status_code=status)
