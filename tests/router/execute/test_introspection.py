"""Questions about the schema are answered apart from the event loop, and the last answers are kept."""

from graphql import build_schema, parse

from router.execute.introspection import KEPT, Introspection

SCHEMA = build_schema("type Query { name: String }")


def asking(text: str) -> Introspection:
    return Introspection(SCHEMA, parse(text))


async def test_an_answer_is_kept() -> None:
    introspection = asking("{ __schema { queryType { name } } }")
    first = await introspection.answer({})
    assert first == ({"__schema": {"queryType": {"name": "Query"}}}, [])
    assert await introspection.answer({}) is first


async def test_an_answer_that_depends_on_variables_is_not() -> None:
    introspection = asking("query ($name: String!) { __type(name: $name) { name } }")
    assert await introspection.answer({"name": "Query"}) == ({"__type": {"name": "Query"}}, [])
    assert await introspection.answer({"name": "Nothing"}) == ({"__type": None}, [])


async def test_the_oldest_answers_are_forgotten() -> None:
    asked = [asking(f"{{ a{number}: __typename }}") for number in range(KEPT + 1)]
    answers = [await each.answer({}) for each in asked]
    assert await asked[-1].answer({}) is answers[-1]
    again = await asked[0].answer({})
    assert again == answers[0]
    assert again is not answers[0]
