"""An execution that leads to too many objects ends with an error, soon."""

import time

import pytest

from router.execute import Executor, InProcessTransport
from router.execute.budget import Budget, TooManyObjects
from router.execute.json import JSONObject
from router.execute.paths import objects_at
from router.plan.nodes import Each, Key, Representation, RepresentationField
from tests.router.execute.graphs import described, fetch, graph, plan, select

SDL = """
    type Query { users: [User!] }
    type User { id: ID! name: String friends: [User!] tags: [String!] }
"""
PROMPT_SECONDS = 5.0
"""Of processor time. Generous: without a bound, ten to the power of thirty steps would be taken."""

TOO_COMPLEX = {
    "errors": [
        {
            "message": "The operation leads to more than 1000 objects: ask for fewer.",
            "extensions": {"code": "OPERATION_TOO_COMPLEX"},
        }
    ],
    "data": None,
}


def everybodys_friends(levels: int) -> JSONObject:
    """Ten users whose friends' friends … are the same ten objects: small in memory, and endless to walk."""
    users = [{"__typename": "User", "id": str(n), "tags": ["x"] * 100} for n in range(10)]
    for _ in range(levels):
        users = [{"__typename": "User", "id": str(n), "friends": users} for n in range(10)]
    return {"users": users}


async def execute(data: JSONObject, selection: object, max_objects: int = 1_000) -> JSONObject:
    """Answers from shared data, which a subgraph in this process hands over without a copy."""

    async def answer(*_: object) -> JSONObject:
        return {"data": data}

    async def entities(query: object, variables: object, *_: object) -> JSONObject:
        raise AssertionError("Too many objects were described.")

    schema = graph(SDL).schema
    text = "query($representations:[_Any!]!){_entities(representations:$representations){...on User{name}}}"
    names = fetch(
        1,
        "names",
        text,
        entities=described(
            Key("users"),
            Each(),
            *(Key("friends"), Each()) * 30,
            shapes=[Representation(frozenset({"User"}), None, (RepresentationField("id", "id"),))],
        ),
        after=frozenset({0}),
    )
    fields = "id tags"
    for _ in range(30):
        fields = f"id tags friends{{{fields}}}"
    fetches = [fetch(0, "users", f"{{users{{{fields}}}}}")]
    if selection is None:
        fetches.append(names)
    query = plan(fetches, select(schema, "Query", {"users": selection or ["id"]}))  # pyright: ignore[reportArgumentType]  # JSON
    transports = {"users": InProcessTransport(answer), "names": InProcessTransport(entities)}
    return (await Executor(query, transports, schema, max_objects=max_objects).execute({}, {})).as_json()


class TestBound:
    async def test_objects_to_describe_are_bounded(self) -> None:
        started = time.process_time()
        assert await execute(everybodys_friends(30), None) == TOO_COMPLEX
        assert time.process_time() - started < PROMPT_SECONDS

    async def test_objects_in_the_answer_are_bounded(self) -> None:
        selection: object = ["id"]
        for _ in range(30):
            selection = {"friends": selection}
        started = time.process_time()
        assert await execute(everybodys_friends(30), selection) == TOO_COMPLEX
        assert time.process_time() - started < PROMPT_SECONDS

    async def test_items_of_lists_of_scalars_count_too(self) -> None:
        assert await execute(everybodys_friends(0), ["tags"]) == TOO_COMPLEX

    async def test_an_answer_within_the_bound_is_given(self) -> None:
        answer = await execute(everybodys_friends(1), {"friends": ["id"]}, 111)
        assert len(answer["data"]["users"]) == 10
        assert (await execute(everybodys_friends(1), {"friends": ["id"]}, 110))["data"] is None


class TestPaths:
    def test_a_list_is_not_walked_when_its_length_is_too_much_already(self) -> None:
        budget = Budget(5)
        with pytest.raises(TooManyObjects):
            objects_at({"users": [{}] * 6}, (Key("users"), Each()), budget)
        assert len(objects_at({"users": [{}] * 5}, (Key("users"), Each()), budget)) == 5
        assert budget.left == 0
