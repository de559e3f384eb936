"""A body is never read further than is allowed, nor inflated further."""

# The brotli package comes without types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from starlette.types import Message

from router.serve import Refused
from router.serve.http.body import read_body

LIMIT = 2_000_000
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}
coded = pytest.mark.parametrize("coding", list(CODINGS))


async def read(body: bytes, coding: str | None, limit: int = LIMIT) -> bytes:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return await read_body(receive, limit, coding)


async def refused(body: bytes, coding: str, limit: int = LIMIT) -> Refused:
    with pytest.raises(Refused) as refusal:
        await read(body, coding, limit)
    return refusal.value


class TestInflating:
    @coded
    async def test_a_body_in_a_coding_is_read(self, coding: str) -> None:
        body = b'{"query":"{whoami}"}' * 1000
        assert await read(CODINGS[coding](body), coding.upper()) == body

    @coded
    async def test_a_body_may_be_as_large_as_the_limit_and_no_larger(self, coding: str) -> None:
        assert len(await read(CODINGS[coding](b" " * LIMIT), coding)) == LIMIT
        assert (await refused(CODINGS[coding](b" " * (LIMIT + 1)), coding)).status == 413

    async def test_a_body_without_a_coding_is_left_alone(self) -> None:
        assert await read(b"{}", "identity") == b"{}"

    @coded
    @pytest.mark.parametrize("body", [b"{}", b"\x1f\x8b" + b"x" * 50, b"x" * 1000])
    async def test_a_body_in_another_coding_is_refused(self, coding: str, body: bytes) -> None:
        assert (await refused(body, coding)).status == 400

    @pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
    async def test_half_a_body_is_refused(self, coding: str) -> None:
        body = CODINGS[coding](b'{"query":"{whoami}"}')
        assert (await refused(body[:-3], coding)).status == 400

    @pytest.mark.parametrize("coding", ["gzip", "deflate"])
    async def test_what_follows_a_body_is_refused(self, coding: str) -> None:
        assert (await refused(CODINGS[coding](b"{}") + b"{}", coding)).status == 400

    @pytest.mark.parametrize("coding", ["compress", "gzip, gzip", "exi", "*"])
    async def test_other_codings_are_refused_and_ours_named(self, coding: str) -> None:
        refusal = await refused(b"{}", coding)
        assert refusal.status == 415
        assert refusal.headers == {"accept-encoding": "gzip, br, zstd, deflate"}


def bomb(coding: str) -> bytes:
    """A small body that inflates to 100 MB."""
    zeros, times = bytes(1_000_000), 100
    match coding:
        case "br":
            brotler = brotli.Compressor(quality=1)
            return b"".join(brotler.process(zeros) for _ in range(times)) + brotler.finish()
        case "zstd":
            zstander = zstandard.ZstdCompressor(level=1).compressobj()
            return b"".join(zstander.compress(zeros) for _ in range(times)) + zstander.flush()
        case _:
            zipper = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
            return b"".join(zipper.compress(zeros) for _ in range(times)) + zipper.flush()


class TestBombs:
    @pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
    async def test_memory_stays_flat(self, coding: str) -> None:
        body = bomb(coding)
        assert len(body) < LIMIT
        tracemalloc.start()
        try:
            refusal = await refused(body, coding)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert refusal.status == 413
        assert most < 4 * LIMIT

    async def test_a_window_that_takes_much_memory_is_refused(self) -> None:
        parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=27)
        body = zstandard.ZstdCompressor(compression_params=parameters).compress(b" " * 20_000_000)
        assert (await refused(body, "zstd", 1000)).status == 400
