"""The auth subgraph's own addresses at the platform's public one: OAuth, and whatever else is no GraphQL.

Where the subgraph runs in the router's process its routes are taken over as they are; where it is behind HTTP, requests
are passed on to it. Nothing of the platform's own is added to them: these endpoints look at tokens themselves.
"""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from yarl import URL

PREFIXES: Final = ("/t/", "/.well-known/")
_PATHS: Final = ("/t/{path:path}", "/.well-known/{path:path}")
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
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30)


def own_routes(routes: Iterable[BaseRoute]) -> list[BaseRoute]:
    """Those of a subgraph's routes that are public by themselves."""
    return [route for route in routes if getattr(route, "path", "").startswith(PREFIXES)]


class AuthProxy:
    """Passes requests on to the auth subgraph behind HTTP."""

    def __init__(self, jwks_url: str) -> None:
        """Args: `jwks_url` is where the subgraph publishes its keys; the rest is at the same origin."""
        parts = urlsplit(jwks_url)
        self._origin = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
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
        return [Route(path, self.answer, methods=_METHODS) for path in _PATHS]

    async def answer(self, request: Request) -> Response:
        """What the subgraph answers; 502 if it does not, 413 if it is sent too much."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        assert self._http is not None  # noqa: S101 - the lifespan comes first
        try:
            async with self._http.request(
                request.method,
                URL(self._origin + _target(request), encoded=True),
                headers=_passed(request.headers.items()),
                data=bytes(body),
                allow_redirects=False,
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            return _refusal(HTTPStatus.BAD_GATEWAY)
        response = Response(content, status_code=answer.status)
        del response.headers["content-length"]
        response.raw_headers.append((b"content-length", str(len(content)).encode()))
        response.raw_headers.extend(
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in _passed(answer.headers.items())
        )
        return response


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
