"""Proofs at the router: each is good once, whichever router it comes to, and a WebSocket may bring its own."""

import os
import time
from uuid import uuid4

import pytest

from shared.caller import Caller, TenantId, UserId
from shared.dpop import ProofInvalid
from shared.errors import Unavailable
from shared.events.connection import connect, connect_patiently
from studium.dpop import Proofs, UsedAnywhere, UsedHere, proof_in
from tests.servers import Servers
from tests.subgraphs.auth.oauth.dpop import Holder

URL = "http://graph.example"


async def test_routers_tell_each_other_which_were_used(servers: Servers) -> None:
    redis, digest = connect_patiently(servers.redis), os.urandom(32)
    try:
        assert [await UsedAnywhere(redis).first(digest) for _ in range(2)] == [True, False]
    finally:
        await redis.aclose()


async def test_nobody_is_let_in_when_nobody_can_say() -> None:
    redis = connect("redis://127.0.0.1:1")
    try:
        with pytest.raises(Unavailable):
            await UsedAnywhere(redis).first(os.urandom(32))
    finally:
        await redis.aclose()


async def test_one_that_is_refused_anyway_is_forgotten() -> None:
    now = [0.0]
    used, digest = UsedHere(lambda: now[0]), os.urandom(32)
    assert [await used.first(digest), await used.first(digest)] == [True, False]
    now[0] = 1000.0
    assert await used.first(digest)


async def test_a_websocket_proves_its_key_when_it_begins() -> None:
    holder, proofs = Holder(), Proofs(URL, UsedHere())
    caller = Caller(TenantId(uuid4()), UserId(uuid4()), "LEARNER", frozenset(), uuid4(), jkt=holder.jkt)
    named = {"studium-request": "GET /graphql"}
    proof = holder.proof("GET", f"{URL}/graphql", token="t", iat=int(time.time()))
    given = proof_in(named, {"DPoP": proof, "authorization": "DPoP t"})
    await proofs.check(caller, named, given, "t")
    with pytest.raises(ProofInvalid):
        await proofs.check(caller, named, given, "t")
    with pytest.raises(ProofInvalid):
        await proofs.check(
            caller, {}, holder.proof("GET", f"{URL}/graphql", token="t"), "t"
        )  # what it is for, nobody said
