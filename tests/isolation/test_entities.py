"""Behind the router: who has come by one of its tokens gets no further than the tenant that the token is about."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import orjson
import pytest

from shared.caller import Caller, TenantId
from shared.ids import uuid7
from shared.tokens import generate_signing_key
from tests.isolation.choosing import ranked, spread
from tests.isolation.client import Answer, Client, Spans
from tests.isolation.entities import EntityKey, caller_with, entity_keys, router_headers, router_token
from tests.isolation.graph import Filler, Operation
from tests.isolation.probing import AT_ONCE, Prober
from tests.isolation.world import World

pytestmark = [pytest.mark.xdist_group("isolation"), pytest.mark.timeout(600)]

KEYS = entity_keys()
LIKELY = 10
"""Kinds of identifiers that each key is tried with; the others take turns."""
EVERYBODY_HAS = {
    "analytics: Course by id",
    "auth: Tenant by id",
    "auth: Tenant by slug",
    "content: LearningItem by id",
    "content: Lesson by id",
    "courses: Course by id",
    "courses: Course by slug",
    "courses: Enrollment by id",
    "courses: Module by id",
    "courses: User by id",
    "users: User by id",
}
"""Of these each tenant of the tests has some."""


def prober(client: Client, world: World, spans: Spans, subgraph: str) -> Prober:
    """Tries what is amber's with the router's token about birch's owner."""
    headers = router_headers(router_token(world.address.router_key, caller_with(world.birch.owner), subgraph))

    async def ask(operation: Operation) -> Answer:
        return await client.ask_subgraph(subgraph, operation, headers, traced=True)

    filler = Filler(world.birch.own)
    return Prober(world.graph, ask, spans, world.amber.kinds, world.amber.secrets, filler, {world.birch.id.hex})


@pytest.mark.parametrize("key", KEYS, ids=str)
async def test_another_tenants_entities_are_like_random_ones(
    world: World, client: Client, spans: Spans, key: EntityKey
) -> None:
    probing = prober(client, world, spans, key.subgraph)
    kinds = ranked(world.amber.kinds, key.field, key.type_name)
    kinds = kinds[:LIKELY] + spread(kinds[LIKELY:], AT_ONCE - LIKELY, KEYS.index(key))
    values = list(dict.fromkeys(world.amber.kinds[kind][0] for kind in kinds))
    assert await probing.compare(str(key), values, key.operation) == []


@pytest.mark.parametrize("key", [key for key in KEYS if str(key) in EVERYBODY_HAS], ids=str)
async def test_ones_own_entities_are_found_in_the_same_way(world: World, client: Client, key: EntityKey) -> None:
    """Else the test above would compare nothing with nothing."""
    token = router_token(world.address.router_key, caller_with(world.amber.owner), key.subgraph)
    values = [value for values in world.amber.kinds.values() for value in values] + [world.amber.slug]
    answer = await client.ask_subgraph(key.subgraph, key.operation(values), router_headers(token))
    assert any(answer.body["data"]["_entities"]), answer.text[:1000]


def test_the_keys_that_everybody_has_are_keys() -> None:
    assert {str(key) for key in KEYS} >= EVERYBODY_HAS


class TestForgedTokens:
    @pytest.fixture
    def birch(self, world: World) -> Caller:
        return caller_with(world.birch.owner)

    async def refused(self, client: Client, world: World, token: str, subgraph: str = "courses") -> None:
        """For everything of everybody in the same words."""
        key = next(key for key in KEYS if key.subgraph == subgraph and key.field == "id")
        for value in (world.amber.kinds["courses.courses.id"][0], str(uuid7())):
            answer = await client.ask_subgraph(subgraph, key.operation([value]), router_headers(token))
            assert [error["extensions"]["code"] for error in answer.body["errors"]] == ["UNAUTHENTICATED"]
            assert "data" not in answer.body

    async def test_of_another_key(self, world: World, client: Client, birch: Caller) -> None:
        forged = replace(birch, tenant_id=world.amber.id)
        await self.refused(client, world, router_token(generate_signing_key().get_secret_value(), forged, "courses"))

    async def test_with_another_tenant_written_into_it(self, world: World, client: Client, birch: Caller) -> None:
        header, payload, signature = router_token(world.address.router_key, birch, "courses").split(".")
        claims = orjson.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        claims["tid"] = str(world.amber.id)
        written = urlsafe_b64encode(orjson.dumps(claims)).rstrip(b"=").decode()
        await self.refused(client, world, f"{header}.{written}.{signature}")

    async def test_for_another_subgraph(self, world: World, client: Client, birch: Caller) -> None:
        await self.refused(client, world, router_token(world.address.router_key, birch, "users"))

    async def test_that_is_a_callers_own(self, world: World, client: Client) -> None:
        await self.refused(client, world, world.amber.owner)

    async def test_of_a_tenant_that_never_was(self, world: World, client: Client, birch: Caller) -> None:
        """Signed by the router itself: the database knows no such role."""
        nobody = replace(birch, tenant_id=TenantId(uuid7()))
        token = router_token(world.address.router_key, nobody, "courses")
        key = next(key for key in KEYS if key.subgraph == "courses" and key.field == "id")
        answer = await client.ask_subgraph(
            "courses", key.operation([world.amber.kinds["courses.courses.id"][0]]), router_headers(token)
        )
        assert answer.body["errors"][0]["extensions"]["code"] == "TENANT_NOT_FOUND"
        assert "title" not in answer.text
