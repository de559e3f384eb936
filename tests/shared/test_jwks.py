"""A key set behind a URL is fetched seldom, and again when a key is unknown."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from shared.caller import TenantId, UserId
from shared.errors import Unavailable
from shared.ids import uuid7
from shared.jwks import PublishedKeys
from shared.tokens import TokenInvalid, TokenIssuer, TokenVerifier, generate_signing_key


@dataclass
class Publisher:
    """Publishes the keys it is told to, and counts who asks."""

    url: str = ""
    asked: int = 0
    status: int = 200
    keys: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    now: float = 1000.0

    async def answer(self, _: web.Request) -> web.Response:
        """The key set."""
        self.asked += 1
        return web.json_response({"keys": self.keys}, status=self.status)

    def clock(self) -> float:
        """The time, set by hand."""
        return self.now

    def publish(self, issuer: TokenIssuer) -> None:
        """Add a key."""
        self.keys += issuer.jwks()["keys"]


@pytest.fixture
async def publisher() -> AsyncGenerator[Publisher]:
    """A server of key sets."""
    publisher, app = Publisher(), web.Application()
    app.router.add_get("/jwks.json", publisher.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    publisher.url = f"http://{host}:{port}/jwks.json"
    yield publisher
    await runner.cleanup()


@pytest.fixture
def issuer() -> TokenIssuer:
    """Signs tokens."""
    return TokenIssuer(generate_signing_key())


def token(issuer: TokenIssuer) -> str:
    """A token."""
    return issuer.issue(TenantId(uuid7()), UserId(uuid7()), uuid7(), role="LEARNER", scopes=[]).access_token


class TestPublishedKeys:
    async def test_are_fetched_once_for_many_tokens(self, publisher: Publisher, issuer: TokenIssuer) -> None:
        publisher.publish(issuer)
        verifier = TokenVerifier(PublishedKeys(publisher.url))
        for _ in range(5):
            await verifier.caller(token(issuer))
        assert publisher.asked == 1

    async def test_those_who_come_during_the_first_fetch_wait_for_it(
        self, publisher: Publisher, issuer: TokenIssuer
    ) -> None:
        publisher.publish(issuer)
        verifier = TokenVerifier(PublishedKeys(publisher.url))
        await asyncio.gather(*(verifier.caller(token(issuer)) for _ in range(5)))
        assert publisher.asked == 1

    async def test_the_first_fetch_is_tried_again_soon(self, publisher: Publisher, issuer: TokenIssuer) -> None:
        verifier = TokenVerifier(PublishedKeys(publisher.url, clock=publisher.clock))
        publisher.status = 503
        with pytest.raises(Unavailable):
            await verifier.caller(token(issuer))
        publisher.status = 200
        publisher.publish(issuer)
        publisher.now += 1
        await verifier.caller(token(issuer))

    async def test_a_key_rotated_in_is_found(self, publisher: Publisher, issuer: TokenIssuer) -> None:
        publisher.publish(issuer)
        verifier = TokenVerifier(PublishedKeys(publisher.url, clock=publisher.clock))
        await verifier.caller(token(issuer))
        newer = TokenIssuer(generate_signing_key())
        publisher.publish(newer)
        publisher.now += 11
        await verifier.caller(token(newer))
        await verifier.caller(token(issuer))
        assert publisher.asked == 2

    async def test_a_flood_of_unknown_keys_causes_one_fetch(self, publisher: Publisher, issuer: TokenIssuer) -> None:
        publisher.publish(issuer)
        verifier = TokenVerifier(PublishedKeys(publisher.url, clock=publisher.clock))
        await verifier.caller(token(issuer))
        publisher.now += 11
        for _ in range(20):
            with pytest.raises(TokenInvalid):
                await verifier.caller(token(TokenIssuer(generate_signing_key())))
        assert publisher.asked == 2

    async def test_stay_in_use_while_the_publisher_is_away(self, publisher: Publisher, issuer: TokenIssuer) -> None:
        publisher.publish(issuer)
        verifier = TokenVerifier(PublishedKeys(publisher.url, clock=publisher.clock))
        await verifier.caller(token(issuer))
        publisher.status = 503
        publisher.now += 3600
        await verifier.caller(token(issuer))
        assert publisher.asked == 2

    async def test_a_retired_key_is_refused(self, publisher: Publisher, issuer: TokenIssuer) -> None:
        publisher.publish(issuer)
        verifier = TokenVerifier(PublishedKeys(publisher.url, clock=publisher.clock))
        await verifier.caller(token(issuer))
        publisher.keys.clear()
        publisher.now += 601
        with pytest.raises(TokenInvalid):
            await verifier.caller(token(issuer))

    async def test_without_any_the_service_is_unavailable(self, publisher: Publisher, issuer: TokenIssuer) -> None:
        publisher.status = 500
        with pytest.raises(Unavailable):
            await TokenVerifier(PublishedKeys(publisher.url)).caller(token(issuer))
