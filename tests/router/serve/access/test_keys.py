"""Key sets are read seldom, and again when a key is unknown."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from joserfc.jwk import OctKey, RSAKey

from router.serve.access.jwks import read_keys
from router.serve.access.keys import FAILURES, KeysUnavailable, loader
from router.serve.access.tokens import InvalidToken
from tests.router.serve.access.issuing import Issuer, claims, sign, signing_key


class TestPublishedKeys:
    async def test_a_key_set_is_read_once(self) -> None:
        issuer = Issuer()
        keys = issuer.published()
        await asyncio.gather(*(keys.find("one", "ES256") for _ in range(50)))
        assert issuer.reads == 1

    async def test_a_rotated_key_is_found_at_once(self) -> None:
        issuer = Issuer()
        keys = issuer.published()
        await keys.find("one", "ES256")
        issuer.now, issuer.keys = 20, [*issuer.keys, signing_key("two")]
        assert await keys.find("two", "ES256")
        assert issuer.reads == 2

    async def test_unknown_keys_have_the_set_read_seldom(self) -> None:
        issuer = Issuer()
        keys = issuer.published()
        await keys.find("one", "ES256")
        issuer.now = 11
        for number in range(1_000):
            assert await keys.find(f"unknown {number}", "ES256") is None
        assert issuer.reads == 2

    async def test_known_keys_do_not_wait_for_unknown_ones(self) -> None:
        issuer, gate = Issuer(), asyncio.Event()
        keys = issuer.published()
        await keys.find("one", "ES256")
        issuer.now, load = 11, issuer.load

        async def slowly() -> bytes:
            await gate.wait()
            return await load()

        keys._load = slowly  # pyright: ignore[reportPrivateUsage]  # the issuer becomes slow
        waiting = asyncio.ensure_future(keys.find("unknown", "ES256"))
        await asyncio.sleep(0)
        assert await keys.find("one", "ES256")
        assert not waiting.done()
        gate.set()
        assert await waiting is None

    async def test_an_old_set_is_renewed_behind_the_scenes(self) -> None:
        issuer = Issuer()
        keys = issuer.published()
        old = await keys.find("one", "ES256")
        assert old is not None
        issuer.now, issuer.keys = 601, [signing_key("two")]
        assert keys.holds(old)
        assert await keys.find("two", "ES256")
        assert not keys.holds(old)

    async def test_a_retired_keys_tokens_are_refused_although_they_are_remembered(self) -> None:
        issuer = Issuer()
        verifier, token = issuer.verifier(), issuer.token()
        assert await verifier.identity(token)
        issuer.now, issuer.keys = 601, [signing_key("two")]
        assert await verifier.identity(issuer.token())
        with pytest.raises(InvalidToken):
            await verifier.identity(token)

    async def test_keys_stay_in_use_while_the_set_cannot_be_read(self) -> None:
        issuer = Issuer()
        keys = issuer.published()
        await keys.find("one", "ES256")
        issuer.now, issuer.down = 10_000, True
        assert await keys.find("one", "ES256")
        assert await keys.find("two", "ES256") is None

    async def test_nobody_is_let_in_without_keys_but_soon_after(self) -> None:
        issuer = Issuer(down=True)
        keys = issuer.published()
        with pytest.raises(KeysUnavailable):
            await keys.find("one", "ES256")
        issuer.down, issuer.now = False, 1
        assert await keys.find("one", "ES256")

    async def test_who_stops_waiting_does_not_stop_the_reading(self) -> None:
        issuer = Issuer()
        keys = issuer.published()
        waiting = asyncio.ensure_future(keys.find("one", "ES256"))
        await asyncio.sleep(0)
        waiting.cancel()
        assert await keys.find("one", "ES256")
        assert issuer.reads == 1


class TestReadKeys:
    def test_what_cannot_verify_is_passed_over(self) -> None:
        good = signing_key("good").as_dict(private=False)
        weak: Any = {**RSAKey.generate_key(2048).as_dict(private=False), "n": "AQAB", "alg": "RS256"}
        others = [weak, {**good, "use": "enc"}, {**good, "key_ops": ["sign"]}, {"kty": "XY"}, 7, {}, {**good, "x": "!"}]
        others += [{**good, "crv": "P-384"}, {**good, "alg": "ES384"}, {"kty": "oct", "k": "c2hvcnQ"}, {**good, "x": 1}]
        found = read_keys(orjson.dumps({"keys": [*others, good]}), ("ES256", "RS256", "HS256"))
        assert [key.kid for key in found] == ["good"]

    def test_shared_secrets_are_read_only_for_their_algorithms(self) -> None:
        text = orjson.dumps({"keys": [OctKey.generate_key(256, {"kid": "k"}).as_dict(private=True)]})
        assert read_keys(text, ("ES256",)) == ()
        assert read_keys(text, ("HS256",))[0].algorithms == {"HS256"}
        assert read_keys(text, ("HS512",)) == ()

    @pytest.mark.parametrize("text", [b"", b"[]", b'"keys"', b'{"keys": {}}', b"{}"])
    def test_what_is_no_key_set_is_an_error(self, text: bytes) -> None:
        with pytest.raises(ValueError, match=r"JSON|unexpected|empty|input"):
            read_keys(text, ("ES256",))


class TestLoader:
    async def test_a_file_is_read(self, tmp_path: Path) -> None:
        file = tmp_path / "jwks.json"
        file.write_bytes(b"{}")
        assert await loader(str(file), timeout=60)() == b"{}"

    @pytest.mark.parametrize("path", ["/moved", "/missing", "/huge"])
    async def test_redirects_errors_and_floods_are_failures(self, path: str) -> None:
        async def moved(_: web.Request) -> web.Response:
            return web.HTTPFound("/keys")

        async def keys(_: web.Request) -> web.Response:
            return web.Response(body=b"{}")

        async def huge(_: web.Request) -> web.Response:
            return web.Response(body=b" " * 2_000_000)

        app = web.Application()
        app.router.add_get("/moved", moved)
        app.router.add_get("/keys", keys)
        app.router.add_get("/huge", huge)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            assert await loader(f"http://{host}:{port}/keys", timeout=60)() == b"{}"
            with pytest.raises(FAILURES):
                await loader(f"http://{host}:{port}{path}", timeout=60)()
        finally:
            await runner.cleanup()


async def test_a_flood_of_unknown_keys_reads_once_and_verifies_nothing() -> None:
    issuer = Issuer()
    verifier, forger = issuer.verifier(), signing_key("forged")
    assert await verifier.identity(issuer.token())
    issuer.now = 20
    flood = [sign(forger, claims(), kid=f"k{number}") for number in range(100)]
    outcomes = await asyncio.gather(*map(verifier.identity, flood), return_exceptions=True)
    assert {type(each) for each in outcomes} == {InvalidToken}
    assert issuer.reads == 2
