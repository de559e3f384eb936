"""Random operations with `@defer`: whatever comes when, together it is the answer that comes without `@defer`."""

import pytest
from graphql import parse, validate

from router.supergraph.api_schema import with_defer
from tests.router.execute.increments import assemble, collect, collect_2022
from tests.router.harness import Federation
from tests.router.plan.test_random_queries import Generator, federation

LONGEST = 1_000
"""Longer operations take more time and tell no more."""


class DeferringGenerator(Generator):
    """Puts some of the fields into deferred fragments, and some of these elsewhere as well."""

    def _selection(self, type_: object, depth: int) -> str:
        text = super()._selection(type_, depth)
        if self._random.random() > 0.4:
            return text
        again = super()._selection(type_, min(depth, 1)) if self._random.random() < 0.4 else "{ __typename }"
        return f"{{ {self._deferred(text)} ... {again} }}"

    def _deferred(self, text: str) -> str:
        label = f'label: "{self._random.getrandbits(64)}"' if self._random.random() < 0.5 else ""
        condition = self._random.choice(("", "", "", "if: true", "if: false", "if: $x", "if: $y"))
        if "$" in condition:
            self._variables.add(condition[-1])
        arguments = f"({label} {condition})" if label or condition else ""
        return f"... @defer{arguments} {text}"


@pytest.fixture(scope="module")
def everything() -> Federation:
    """A graph that has a bit of everything."""
    return federation()


@pytest.mark.parametrize("seed", range(8))
async def test_all_that_comes_is_the_answer(everything: Federation, seed: int) -> None:
    schema = with_defer(everything.supergraph.api_schema)
    generator = DeferringGenerator(schema, seed)
    answered = 0
    while answered < 3:
        query, variables = generator.operation()
        if "@defer" not in query or len(query) > LONGEST or validate(schema, parse(query)):
            continue
        answered += 1
        await hold(everything, query, variables)


@pytest.mark.parametrize(
    "query",
    [
        "{ current { ... @defer { ... on Film { percent stars } } } }",
        "{ current { ... @defer { ... on Book { stars } } } }",
        "{ things { ... @defer { ... on Item { title } ... on Person { friends { ... @defer { karma } } } } } }",
    ],
)
async def test_types_that_are_known_later(everything: Federation, query: str) -> None:
    await hold(everything, query, {})


async def hold(federation: Federation, query: str, variables: dict[str, bool]) -> None:
    """Compare with the answer in one piece, in both formats, and with graphql-core's bit by bit."""
    data, errors = await collect(await federation.increments(query, variables))
    assert errors == [], query
    assert data == federation.expected(query, variables), query
    assert await collect_2022(await federation.increments(query, variables)) == data, query
    assert assemble(*await federation.expected_increments(query, variables)) == (data, []), query
