"""Every input of the table gets its small answer and holds nobody up, and the next request gets its own."""

import re
import time
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from graphql import print_ast
from starlette.applications import Starlette

from router.execute import InProcessTransport
from router.serve import Engine, GraphQLRequest, Identity, RequestContext, create_app
from tests.conformance.hostile.rows import ELSEWHERE, GUARDED, ROWS, SMALL, TALKS, Row, Talk, post
from tests.conformance.inputs.asgi import exchanged
from tests.conformance.inputs.graph import create_router
from tests.conformance.inputs.talk import talked
from tests.router.harness import Federation, World
from tests.router.serve.access.guarded_graph import Guarded, denied

ROOT: Final = Path(__file__).resolve().parents[3]
SECURITY: Final = ROOT / "docs" / "router" / "security.md"

HELD_SECONDS: Final = 5.0
"""Of processor time. Generous: what it guards against takes many seconds; `make fuzz` holds the rows to 50 ms."""

NEXT: Final = post("{ __typename }")


@cache
def applications() -> dict[str, Starlette]:
    return {"catalogue": create_router().app, GUARDED: create_app(Guarded().engine)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.id} {row.what}")
async def test_an_input_gets_its_answer(row: Row) -> None:
    app = applications()[row.app]
    taken = await exchanged(app, row.make())
    assert taken.error is None
    assert taken.status in row.status
    assert len(taken.body) <= row.most
    assert b"secret" not in taken.body
    if row.code is not None:
        assert row.code in {code_of(orjson.loads(taken.body)), "*"}
    assert taken.seconds < HELD_SECONDS
    await require_prompt(app)


@pytest.mark.parametrize("row", TALKS, ids=lambda row: f"{row.id} {row.what}")
async def test_a_talk_gets_its_answer(row: Talk) -> None:
    app = applications()["catalogue"]
    talk = await talked(app, row.script)
    assert talk.error is None
    said = [each for each in talk.said if each["type"] in {"websocket.send", "websocket.close"}]
    assert max(len(str(each.get("text", ""))) for each in said) <= SMALL
    assert row.says in str(said)
    if row.closes is not None:
        assert said[-1].get("code") == row.closes
    assert talk.seconds < HELD_SECONDS
    await require_prompt(app)


async def require_prompt(app: Starlette) -> None:
    """The next request is answered as ever."""
    began = time.thread_time()
    taken = await exchanged(app, NEXT())
    assert orjson.loads(taken.body) == {"data": {"__typename": "Query"}}
    assert time.thread_time() - began < HELD_SECONDS


def code_of(answer: Any) -> str:
    """Of the first error; "" if there is none."""
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else ""


async def test_whoever_has_one_of_two_subgraphs_scopes_is_denied() -> None:
    url, used = "https://specs.apollo.dev/federation/v2.9", '["@shareable", "@requiresScopes"]'
    link = f'extend schema @link(url: "{url}", import: {used})'
    sdls = {
        name: f'{link} type Query {{ f: Int @shareable @requiresScopes(scopes: [["{name}"]]) {name}: Int }}'
        for name in ("one", "other")
    }
    federation = Federation(sdls, World({"Query": {"f": 1, "one": 1, "other": 1}}, {}))
    transports = {name: InProcessTransport(each.execute, each.subscribe) for name, each in federation.subgraphs.items()}
    engine = Engine.from_sdl(print_ast(federation.supergraph.document), transports)
    answers: list[Any] = []
    for scopes in ({"one"}, {"other"}, {"one", "other"}):
        context = RequestContext(identity=Identity("ada", scopes=frozenset(scopes)))
        answers.append((await engine.execute(GraphQLRequest("{ f }"), context)).as_json())
    refused = {"data": {"f": None}, "errors": [denied("f")]}
    assert answers == [refused, refused, {"data": {"f": 1}}]


async def test_an_id_of_another_type_is_not_taken_for_one() -> None:
    answer = await Guarded().answer('{ node(id: "w") { ... on Person { name email } } }')
    assert answer == {"data": {"node": {}}}


class TestTable:
    """The table is whole, and what it names exists."""

    def test_every_input_has_its_row(self) -> None:
        ids = {row.id for row in (*ROWS, *TALKS)} | ELSEWHERE.keys()
        assert ids == {f"S{number}" for number in range(1, 35)}

    @pytest.mark.parametrize("id_", ELSEWHERE)
    def test_tests_elsewhere_exist(self, id_: str) -> None:
        for each in ELSEWHERE[id_]:
            path, _, name = each.partition("::")
            assert f"def {name or 'test_'}" in (ROOT / path).read_text(encoding="utf-8"), each

    def test_the_documentation_tells_of_every_input(self) -> None:
        told = re.findall(r"^\| (S\d+) \|", SECURITY.read_text(encoding="utf-8"), re.MULTILINE)
        assert told == [f"S{number}" for number in range(1, 35)]
