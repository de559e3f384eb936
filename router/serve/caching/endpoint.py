"""Invalidation over HTTP, for whoever has the secret."""

import hmac
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, cast

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse

from router.serve.caching.caches import Caches
from router.serve.caching.store import StoreUnavailable
from router.serve.caching.tags import LONGEST_TAG

INVALIDATION_PATH = "/cache/invalidate"

_LARGEST: Final = 1_000_000
"""Bytes of a request."""

_MOST: Final = 10_000
"""Tags, or types, of a request."""

_SAID: Final = (
    'Send {"tenant", "tags"} or {"tenant", "subgraph", "types"}: texts, and lists of at most %d texts; '
    'the types ["*"] mean all that the subgraph has said.'
)


class Invalidation:
    """The endpoint. What it takes is `{"tenant", "tags"}`, or `{"tenant", "subgraph", "types"}`.

    Without `tenant` it is about callers who have none. Who means all that a subgraph has said, says so by the types
    `["*"]`; empty lists mean nothing.
    """

    def __init__(self, caches: Caches, secret: str) -> None:
        self._caches = caches
        self._secret = f"Bearer {secret}".encode()

    async def answer(self, request: Request) -> JSONResponse:
        """Invalidate, and say how many answers were removed, as far as that is known."""
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), self._secret):
            return JSONResponse({"error": "Not authorized."}, HTTPStatus.UNAUTHORIZED, {"www-authenticate": "Bearer"})
        body = await _body(request)
        if body is None:
            problem = f"More than {_LARGEST} bytes; send several requests."
            return JSONResponse({"error": problem}, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        asked = _asked(body)
        if asked is None:
            return JSONResponse({"error": _SAID % _MOST}, HTTPStatus.BAD_REQUEST)
        try:
            return JSONResponse(await self._invalidate(asked))
        except StoreUnavailable as error:
            return JSONResponse({"error": str(error)}, HTTPStatus.SERVICE_UNAVAILABLE)

    async def _invalidate(self, asked: Mapping[str, Any]) -> Mapping[str, int]:
        tenant = asked.get("tenant")
        if "tags" in asked:
            return {"removed": await self._caches.invalidate_tags(asked["tags"], tenant=tenant)}
        await self._caches.invalidate_types(asked["subgraph"], asked["types"], tenant=tenant)
        return {}


async def _body(request: Request) -> bytes | None:
    """The body; None if it is too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST:
            return None
    return bytes(body)


def _asked(body: bytes) -> Mapping[str, Any] | None:
    """What is to be invalidated; None if that is not said."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(parsed, dict):
        return None
    asked = cast("dict[str, Any]", parsed)
    if asked.keys() - {"tenant"} not in ({"tags"}, {"subgraph", "types"}):
        return None
    listed: Any = asked.get("tags", asked.get("types"))
    if not isinstance(listed, list) or len(cast("list[Any]", listed)) > _MOST:
        return None
    tenant: Any = asked.get("tenant")
    texts: list[Any] = ["" if tenant is None else tenant, asked.get("subgraph", ""), *cast("list[Any]", listed)]
    return asked if all(isinstance(each, str) and len(each) <= LONGEST_TAG for each in texts) else None
