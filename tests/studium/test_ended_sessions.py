"""Whoever has signed out is refused by every router, and what runs on their behalf ends."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, cast
from uuid import UUID, uuid4

import msgspec
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from router.serve.errors import Refused
from router.serve.streams.revocation import Revocations
from shared.caller import Caller, TenantId, UserId
from shared.events import streams
from shared.events.connection import connect
from shared.events.event import Recorded
from shared.events.trim import KEEP
from shared.jwks import LocalKeys
from shared.tokens import LIFETIME_SECONDS, TokenIssuer, TokenVerifier, generate_signing_key
from studium.ended_sessions import MEMORABLE_SECONDS, TOPIC, EndedSessions, SessionHasEnded
from studium.following import Following
from studium.gateway import authenticating, identify
from subgraphs.auth.events import SessionEnded
from tests.patience import PATIENCE_SECONDS
from tests.servers import Servers


def caller() -> Caller:
    return Caller(TenantId(uuid4()), UserId(uuid4()), "LEARNER", frozenset({"learn"}), uuid4())


def session_of(one: Caller) -> UUID:
    assert one.session_id is not None
    return one.session_id


def following(
    ended: EndedSessions, servers: Servers, clock: Callable[[], float] = time.time
) -> AbstractAsyncContextManager[None]:
    """As a router does."""
    follower = Following("auth", {TOPIC: ended.note}, back_seconds=MEMORABLE_SECONDS, clock=clock)
    return follower.on(SecretStr(servers.redis))


@pytest.fixture
async def redis(servers: Servers) -> AsyncGenerator[Redis]:
    """A server whose stream of the auth subgraph's events is empty."""
    client = connect(servers.redis)
    await cast("Any", client).delete(streams.stream_of("auth"))
    yield client
    await client.aclose()


async def signed_out(redis: Redis, one: Caller) -> None:
    """As the relay tells it."""
    event = SessionEnded(tenant_id=one.tenant_id, user_id=one.require_user(), session_id=session_of(one))
    await told(redis, event.topic, one.tenant_id, msgspec.json.encode(event))


async def told(redis: Redis, topic: str, tenant_id: UUID, payload: bytes) -> None:
    event = Recorded(event_id=uuid4(), tenant_id=tenant_id, topic=topic, payload=payload)
    await streams.append(redis, streams.stream_of("auth"), [event])


async def refused(ended: EndedSessions, one: Caller) -> None:
    """Wait until they are."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                ended.refuse(one)
            except SessionHasEnded:
                return
            await asyncio.sleep(0.01)


@pytest.mark.xdist_group("auth-stream")
class TestEndedSessions:
    async def test_a_stream_of_the_session_ends_and_its_token_is_refused(self, redis: Redis, servers: Servers) -> None:
        revocations, one, other = Revocations(), caller(), caller()
        over: list[str] = []
        revocations.watch(identify(one, time.time() + 60), lambda: over.append("one"))
        revocations.watch(identify(other, time.time() + 60), lambda: over.append("other"))
        ended = EndedSessions(revocations)
        async with following(ended, servers):
            ended.refuse(one)
            await signed_out(redis, one)
            await refused(ended, one)
            ended.refuse(other)
        assert over == ["one"]

    async def test_another_session_of_the_same_person_goes_on(self, redis: Redis, servers: Servers) -> None:
        revocations, one = Revocations(), caller()
        elsewhere = Caller(one.tenant_id, one.user_id, one.role, one.scopes, uuid4())
        over: list[str] = []
        revocations.watch(identify(elsewhere, time.time() + 60), lambda: over.append("elsewhere"))
        ended = EndedSessions(revocations)
        async with following(ended, servers):
            await signed_out(redis, one)
            await refused(ended, one)
            ended.refuse(elsewhere)
        assert over == []

    async def test_a_router_that_starts_later_knows_from_its_first_request(
        self, redis: Redis, servers: Servers
    ) -> None:
        gone = [caller() for _ in range(1_100)]
        for each in gone:
            await signed_out(redis, each)
        ended = EndedSessions(Revocations())
        async with following(ended, servers):
            for each in gone:
                with pytest.raises(SessionHasEnded):
                    ended.refuse(each)

    async def test_they_are_forgotten_once_no_token_of_theirs_is_valid(self, redis: Redis, servers: Servers) -> None:
        first, second, now = caller(), caller(), time.time()
        clock = [now]
        ended = EndedSessions(Revocations(), clock=lambda: clock[0])
        async with following(ended, servers, lambda: clock[0]):
            await signed_out(redis, first)
            await refused(ended, first)
            clock[0] = now + LIFETIME_SECONDS + 3600
            await signed_out(redis, second)
            await refused(ended, second)
            ended.refuse(first)

    async def test_what_is_no_such_event_is_passed_over(self, redis: Redis, servers: Servers) -> None:
        one = caller()
        ended = EndedSessions(Revocations())
        async with following(ended, servers):
            await told(redis, "auth.account-opened.v1", one.tenant_id, b'{"user_id": 1}')
            await told(redis, SessionEnded.topic, one.tenant_id, b"{}")
            await signed_out(redis, one)
            await refused(ended, one)

    async def test_a_router_starts_without_redis(self) -> None:
        follower = Following("auth", {}, back_seconds=MEMORABLE_SECONDS, first_read_seconds=0.1)
        async with follower.on(SecretStr("redis://127.0.0.1:1/0")):
            assert not follower.known.is_set()

    async def test_the_router_says_so_to_whoever_presents_the_token(self, redis: Redis, servers: Servers) -> None:
        issuer = TokenIssuer(generate_signing_key())
        verifier = TokenVerifier(LocalKeys(issuer.public_keys))
        token = issuer.issue(TenantId(uuid4()), UserId(uuid4()), uuid4(), role="LEARNER", scopes=[]).access_token
        headers = {"authorization": f"Bearer {token}"}
        ended = EndedSessions(Revocations())
        authenticate = authenticating(verifier, ended)
        async with following(ended, servers):
            assert (await authenticate(headers, None)).identity is not None
            one = await verifier.caller(token)
            await signed_out(redis, one)
            await refused(ended, one)
            with pytest.raises(Refused) as answer:
                await authenticate(headers, None)
        assert (answer.value.status, answer.value.errors[0]["extensions"]["code"]) == (401, "SESSION_ENDED")


def test_the_stream_keeps_events_longer_than_tokens_are_valid() -> None:
    assert KEEP.total_seconds() > LIFETIME_SECONDS + 3600
