"""Invalidation over HTTP, for whoever has the secret."""

import hmac
from collections.abc import Mapping, Sequence
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

_KEYS: Final = frozenset({"tenant", "tags", "subgraph", "types"})


class Invalidation:
    """The endpoint. What it takes is `{"tenant", "tags"}`, or `{"tenant", "subgraph", "types"}`.

    Without `tenant` it is about callers who have none, without `types` about all that the subgraph has said.
    """

    def __init__(self, caches: Caches, secret: str) -> None:
        self._caches = caches
        self._secret = f"Bearer {secret}".encode()

    async def answer(self, request: Request) -> JSONResponse:
        """Invalidate, and say how many answers were removed, as far as that is known."""
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), self._secret):
            return JSONResponse({"error": "Not authorized."}, HTTPStatus.UNAUTHORIZED, {"www-authenticate": "Bearer"})
        body = await _body(request)
        asked = None if body is None else _asked(body)
        if asked is None:
            problem = 'Send {"tenant", "tags"} or {"tenant", "subgraph", "types"}, a text or a list of texts each.'
            return JSONResponse({"error": problem}, HTTPStatus.BAD_REQUEST)
        try:
            return JSONResponse(await self._invalidate(asked))
        except StoreUnavailable as error:
            return JSONResponse({"error": str(error)}, HTTPStatus.SERVICE_UNAVAILABLE)

    async def _invalidate(self, asked: Mapping[str, Any]) -> Mapping[str, int]:
        tenant = asked.get("tenant")
        if "tags" in asked:
            return {"removed": await self._caches.invalidate_tags(asked["tags"], tenant=tenant)}
        await self._caches.invalidate_types(asked["subgraph"], asked.get("types", ()), tenant=tenant)
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
    if asked.keys() - _KEYS or ("tags" in asked) == ("subgraph" in asked) or ("tags" in asked and "types" in asked):
        return None
    texts: Sequence[Any] = [asked[name] for name in ("tenant", "subgraph") if asked.get(name) is not None]
    lists = [asked[name] for name in ("tags", "types") if name in asked]
    if not all(isinstance(each, list) for each in lists):
        return None
    texts = [*texts, *(text for each in lists for text in each)]
    if asked.get("subgraph", "") is None or not all(
        isinstance(each, str) and len(each) <= LONGEST_TAG for each in texts
    ):
        return None
    return asked
