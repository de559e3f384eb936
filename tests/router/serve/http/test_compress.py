"""Answers are compressed as the client likes it, where that is worth it and gives nothing away."""

# The brotli package comes without types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import gzip
from collections.abc import Callable

import brotli
import pytest
import zstandard

from router.serve.http.compress import INLINE_BYTES, Compressor, compressed
from router.serve.http.config import Compression

BODY = b'{"data":{"books":[' + b'{"title":"A"},' * 200 + b"{}]}}"
DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": zstandard.decompress,
}


async def coding(headers: dict[str, str], policy: Compression | None = None, body: bytes = BODY) -> str | None:
    coding = Compressor(policy or Compression()).coding(len(body), headers)
    if coding is not None:
        sent = await compressed(body, coding)
        assert DECODERS[coding](sent) == body
        assert len(sent) < len(body)
    return coding


class TestNegotiation:
    @pytest.mark.parametrize(
        ("accepted", "chosen"),
        [
            ("gzip", "gzip"),
            ("gzip, deflate, br", "br"),
            ("gzip, deflate, br, zstd", "zstd"),
            ("br;q=0.5, gzip", "gzip"),
            ("GZIP", "gzip"),
            ("*", "zstd"),
            ("zstd;q=0, *", "br"),
            ("gzip;q=0, br;q=nonsense", None),
            ("deflate, identity", None),
            ("", None),
        ],
    )
    async def test_the_client_gets_what_it_likes_best(self, accepted: str, chosen: str | None) -> None:
        assert await coding({"accept-encoding": accepted}) == chosen

    async def test_who_does_not_ask_gets_it_as_it_is(self) -> None:
        assert await coding({}) is None

    async def test_ours_may_be_fewer(self) -> None:
        policy = Compression(codings=("gzip",))
        assert await coding({"accept-encoding": "zstd, br, gzip"}, policy) == "gzip"
        with pytest.raises(ValueError, match="no coding lzma"):
            Compression(codings=("lzma",))


class TestWorth:
    async def test_small_answers_are_sent_as_they_are(self) -> None:
        assert await coding({"accept-encoding": "gzip"}, body=b"x" * 999) is None
        assert await coding({"accept-encoding": "gzip"}, body=b"x" * 1000) == "gzip"

    @pytest.mark.parametrize("name", list(DECODERS))
    async def test_large_answers_are_compressed_in_a_thread(self, name: str) -> None:
        assert await coding({"accept-encoding": name}, body=BODY * (INLINE_BYTES // len(BODY) + 1)) == name


class TestSecrets:
    async def test_answers_to_who_brings_cookies_do_not_tell_by_their_length(self) -> None:
        headers = {"accept-encoding": "gzip", "cookie": "session=1"}
        assert await coding(headers) is None
        assert await coding(headers, Compression(cookies=True)) == "gzip"

    async def test_half_a_body_is_not_left_in_a_compressor(self) -> None:
        """Each answer is whole by itself: none can be told from what another had in common with it."""
        first = await compressed(BODY, "gzip")
        second = await compressed(BODY, "gzip")
        assert first == second
