"""Answers made smaller, in a coding that the client takes.

Source: https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding
"""

# The brotli package comes without types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

import brotli
import zstandard

from router.serve.http.config import Compression
from router.serve.http.negotiate import preferences

INLINE_BYTES: Final = 65_536
"""Longer answers are compressed in a thread, so that the event loop goes on; shorter ones take less than 1 ms."""

LONGEST_HEADER: Final = 500
"""Longer headers are cut: no client needs them, and the outcome is kept per header."""

_GZIP: Final = zlib.MAX_WBITS | 16


def _gzip(body: bytes) -> bytes:
    compressor = zlib.compressobj(level=4, wbits=_GZIP)
    return compressor.compress(body) + compressor.flush()


def _brotli(body: bytes) -> bytes:
    return brotli.compress(body, mode=brotli.MODE_TEXT, quality=4)


def _zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(body)  # a compressor serves one thread


_CODERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {"gzip": _gzip, "br": _brotli, "zstd": _zstd}


async def compressed(body: bytes, coding: str) -> bytes:
    """The body in a coding."""
    code = _CODERS[coding]
    return code(body) if len(body) <= INLINE_BYTES else await asyncio.to_thread(code, body)


class Compressor:
    """Chooses codings, where that is worth it and gives nothing away."""

    def __init__(self, policy: Compression) -> None:
        self._policy = policy
        self._liked = lru_cache(maxsize=256)(self._best)

    def coding(self, size: int, request_headers: Mapping[str, str]) -> str | None:
        """The coding for an answer of so many bytes; None for leaving it as it is."""
        accepted = request_headers.get("accept-encoding")
        if accepted is None or size < self._policy.minimum_bytes:
            return None
        if "cookie" in request_headers and not self._policy.cookies:
            return None
        return self._liked(accepted[:LONGEST_HEADER])

    def _best(self, accepted: str) -> str | None:
        liked = dict(preferences(accepted))
        rated = [(liked.get(coding, liked.get("*", 0.0)), coding) for coding in self._policy.codings]
        quality, coding = max(rated, key=lambda each: each[0], default=(0.0, None))  # the first of equals
        return coding if quality > 0 else None
