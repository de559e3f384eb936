"""Two tenants who ask the same at the same moment share plans, code and connections, and never what is told."""

import asyncio
from itertools import product

import pytest
from graphql import is_required_argument

from tests.isolation.client import Client
from tests.isolation.comparing import Said, differences, leaked, said
from tests.isolation.graph import Operation, type_of
from tests.isolation.world import Inhabitants, World

pytestmark = [pytest.mark.xdist_group("isolation"), pytest.mark.timeout(600)]


def shared_operations(world: World) -> list[Operation]:
    """Every field at the root that asks for nothing, and a few for what only one of the tenants has."""
    plain = [
        Operation(f"query Same {{ {name}{world.graph.selection(type_of(one), depth=2)} }}", {})
        for name, one in world.graph.root("query").items()
        if not any(is_required_argument(each) for each in one.args.values())
    ]
    mine = [("courses.courses.id", "course(id: $id) { id title modules { id items { item { title } } } }")]
    mine += [("users.users.id", "user(id: $id) { id email enrollments { edges { node { id } } } }")]
    mine += [("content.lessons._id", "learningItem(id: $id) { id title }")]
    return plain + [
        Operation(f"query Same($id: ID!) {{ {text} }}", {"id": one.kinds[kind][0]})
        for (kind, text), one in product(mine, (world.amber, world.birch))
    ]


async def test_each_is_told_what_they_would_be_told_alone(world: World, client: Client) -> None:
    operations = shared_operations(world)
    tenants = (world.amber, world.birch)
    foreign = {world.amber.slug: world.birch.secrets, world.birch.slug: world.amber.secrets}

    async def ask(one: Inhabitants, operation: Operation) -> Said:
        answer = await client.ask(operation, one.owner)
        assert leaked(answer.text, foreign[one.slug], operation.variables) == []
        return said(answer.body, [])

    pairs = list(product(operations, tenants))
    alone = [[await ask(one, operation) for operation, one in pairs] for _ in range(2)]
    together = await asyncio.gather(*(ask(one, operation) for operation, one in pairs))
    for (operation, one), first, second, now in zip(pairs, *alone, together, strict=True):
        assert differences(now, first, second) == [], (one.slug, operation)


async def test_what_one_has_and_the_other_has_not_is_told_to_one(world: World, client: Client) -> None:
    course = Operation(
        "query One($id: ID!) { course(id: $id) { id } }", {"id": world.amber.kinds["courses.courses.id"][0]}
    )

    async def found(one: Inhabitants) -> object:
        return (await client.ask(course, one.owner)).body["data"]["course"]

    answers = await asyncio.gather(*(found(one) for one in [world.amber, world.birch] * 20))
    assert answers == [{"id": course.variables["id"]}, None] * 20
