"""Reading what a client sends: never more than is allowed, and never more of it once inflated.

Source: https://www.rfc-editor.org/rfc/rfc9110#name-content-encoding
"""

# The brotli package comes without types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import zlib
from collections.abc import Callable, Mapping
from http import HTTPStatus
from io import BytesIO
from typing import Final

import brotli
import zstandard
from starlette.types import Receive

from router.serve.errors import Refused

LARGEST_WINDOW: Final = 8 << 20
"""Bytes of memory for inflating zstd. Source: https://www.rfc-editor.org/rfc/rfc9659"""

_ANY_ZLIB: Final = zlib.MAX_WBITS | 32
"""Lets zlib see for itself whether it is gzip or deflate."""


class _Garbled(Exception):
    """The bytes are not in the coding that they were said to be in."""


async def read_body(receive: Receive, limit: int, coding: str | None = None) -> bytes:
    """The body of a request, inflated if it is in a coding.

    Raises:
        Refused: it is larger than `limit`, of which no more was read or inflated; or the coding is unknown, or not that
            of the body; or the client went away.
    """
    inflate = None if coding is None else _inflating(coding)
    body = await _read(receive, limit)
    if inflate is None:
        return body
    try:
        inflated = inflate(body, limit + 1)
    except _Garbled as error:
        message = f"The body is not in the coding {coding}."
        raise Refused.because(message, status=HTTPStatus.BAD_REQUEST) from error
    if len(inflated) > limit:
        raise too_large(limit)
    return inflated


def too_large(limit: int) -> Refused:
    """The refusal of a body."""
    return Refused.because(f"The body is larger than {limit} bytes.", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


async def _read(receive: Receive, limit: int) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    size = len(body)
    parts = [body]
    while size <= limit and message.get("more_body", False):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    if size > limit:
        raise too_large(limit)
    if message["type"] == "http.disconnect":
        raise Refused.because("The client went away.")
    return b"".join(parts) if len(parts) > 1 else body


def _inflating(coding: str) -> Callable[[bytes, int], bytes] | None:
    """What inflates a body of a coding; None if there is nothing to do.

    Raises:
        Refused: nothing does. Several codings on top of each other help nobody but those who send bombs.
    """
    name = coding.strip().lower()
    if name in {"", "identity"}:
        return None
    inflate = _INFLATERS.get(name)
    if inflate is None:
        raise Refused.because(
            f"The body may be in the codings {', '.join(_OFFERED)}.",
            status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            headers={"accept-encoding": ", ".join(_OFFERED)},
        )
    return inflate


def _inflate_zlib(body: bytes, most: int) -> bytes:
    inflater = zlib.decompressobj(_ANY_ZLIB)
    try:
        inflated = inflater.decompress(body, most)
    except zlib.error as error:
        raise _Garbled from error
    if len(inflated) < most and (not inflater.eof or inflater.unused_data):
        raise _Garbled
    return inflated


def _inflate_brotli(body: bytes, most: int) -> bytes:
    inflater = brotli.Decompressor()
    parts: list[bytes] = []
    size = 0
    try:
        parts.append(inflater.process(body, output_buffer_limit=most))
        size = len(parts[0])
        while size < most and not inflater.can_accept_more_data():
            parts.append(inflater.process(b"", output_buffer_limit=most - size))
            size += len(parts[-1])
    except brotli.error as error:
        raise _Garbled from error
    if size < most and not inflater.is_finished():
        raise _Garbled
    return b"".join(parts)


def _inflate_zstd(body: bytes, most: int) -> bytes:
    inflater = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW)
    try:
        with inflater.stream_reader(BytesIO(body), read_across_frames=True) as reader:
            return reader.read(most)
    except zstandard.ZstdError as error:
        raise _Garbled from error


_INFLATERS: Final[Mapping[str, Callable[[bytes, int], bytes]]] = {
    "gzip": _inflate_zlib,
    "x-gzip": _inflate_zlib,
    "deflate": _inflate_zlib,
    "br": _inflate_brotli,
    "zstd": _inflate_zstd,
}
_OFFERED: Final = ("gzip", "br", "zstd", "deflate")
