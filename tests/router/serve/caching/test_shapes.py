"""What the schema says of a request: the least of all that it selects."""

import pytest

from router.compose import Composed, Subgraph, compose
from router.serve.caching.config import Lifetime, Scope, SubgraphCaching
from router.serve.caching.hints import Hints, read_hints
from router.serve.caching.policy import Said
from router.serve.caching.shapes import Shapes
from router.supergraph import Supergraph
from tests.router.serve.caching.shop import LINKS

A = f"""{LINKS}
type Query {{
  book(id: ID!): Book @cacheControl(maxAge: 50)
  plain: Plain
  number: Int
  hinted: Int @cacheControl(maxAge: 20)
  media: Media @cacheControl(maxAge: 40)
  own: Own
}}
type Book @key(fields: "id") @cacheControl(maxAge: 30) {{
  id: ID!
  title: String
  pages: [Page!]
  cover: Page @cacheControl(inheritMaxAge: true)
  note: String @cacheControl(maxAge: 10, scope: PRIVATE)
}}
type Page {{ text: String }}
type Plain {{ text: String }}
type Own @cacheControl(maxAge: 60) {{ text: String }}
interface Media {{ id: ID! }}
type Film implements Media @cacheControl(scope: PRIVATE) {{ id: ID! }}
"""
B = f"""{LINKS}
type Book @key(fields: "id") @cacheControl(maxAge: 30) {{ id: ID! @shareable rating: Int rank: Rank }}
type Rank @cacheControl(maxAge: 5) {{ n: Int }}
"""


def _composed() -> Supergraph:
    composed = compose([Subgraph("a", "http://a", A), Subgraph("b", "http://b", B)])
    assert isinstance(composed, Composed), composed
    return Supergraph.from_sdl(composed.supergraph_sdl)


SUPERGRAPH = _composed()
HINTS = read_hints(SUPERGRAPH)


def shapes(subgraph: str = "a", config: SubgraphCaching | None = None) -> Shapes:
    own = config or SubgraphCaching()
    return Shapes(subgraph, SUPERGRAPH, "1", HINTS.get(subgraph, Hints()).with_config(own), own)


@pytest.mark.parametrize(
    ("selections", "expected"),
    [
        ("hinted", Said(20, Scope.PUBLIC)),
        ("hinted own { text }", Said(20, Scope.PUBLIC)),
        ("number", Said(0, None)),
        ("plain { text }", Said(0, None)),
        ("own { text }", Said(60, Scope.PUBLIC)),
        ("own { ... on Own { __typename text } }", Said(60, Scope.PUBLIC)),
        # The type is in two subgraphs: whether each of them means it to be public cannot be told.
        ('book(id: "1") { title }', Said(50, None)),
        ('book(id: "1") { cover { text } }', Said(50, None)),
        ('book(id: "1") { pages { text } }', Said(0, None)),
        ('book(id: "1") { note }', Said(10, Scope.PRIVATE)),
        ("media { id }", Said(40, Scope.PRIVATE)),
        ("unknown { x }", Said(0, None)),
    ],
)
def test_root_fields_last_as_long_as_the_least_of_them(selections: str, expected: Said) -> None:
    shape = shapes().read(f"{{ {selections} }}")
    assert shape is not None
    assert shape.said == expected


@pytest.mark.parametrize(("selections", "expected"), [("rating", Said(30, None)), ("rating rank { n }", Said(5, None))])
def test_entities_last_as_long_as_their_type(selections: str, expected: Said) -> None:
    reading = shapes("b")
    text = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Book {{ {selections} }} }} }}"
    shape = reading.read(text)
    assert shape is not None
    assert reading.said_of(shape.groups[0], "Book") == expected


def test_a_default_is_for_what_nothing_is_said_of() -> None:
    config = SubgraphCaching(default_seconds=15)
    for selections, expected in {
        "number": Said(15, Scope.PRIVATE),
        "plain { text }": Said(15, Scope.PRIVATE),
        "hinted": Said(20, Scope.PUBLIC),
        "number own { text }": Said(15, Scope.PRIVATE),
    }.items():
        shape = shapes(config=config).read(f"{{ {selections} }}")
        assert shape is not None
        assert shape.said == expected


def test_the_configuration_has_precedence_over_the_schema() -> None:
    lifetimes = {"Query.hinted": Lifetime(7), "Plain": Lifetime(70, Scope.PUBLIC)}
    reading = shapes(config=SubgraphCaching(lifetimes=lifetimes, tags={"Query.plain": ("plain",)}))
    hinted, plain = reading.read("{ hinted }"), reading.read("{ plain { text } }")
    assert hinted is not None
    assert plain is not None
    assert (hinted.said, plain.said) == (Said(7, Scope.PRIVATE), Said(70, Scope.PUBLIC))
    assert plain.tags({}) == ("plain",)


def test_types_are_all_that_values_may_be_of() -> None:
    shape = shapes().read('{ media { id } book(id: "1") { pages { text } } }')
    assert shape is not None
    assert shape.types == {"Query", "Media", "Film", "Book", "Page"}


@pytest.mark.parametrize(
    "text",
    ["", "{", "fragment F on Query { number }", "{ ...F } fragment F on Query { number }", "{ ... { number } }"],
)
def test_nothing_is_known_of_other_texts(text: str) -> None:
    assert shapes().read(text) is None


async def test_a_long_text_is_read_as_well() -> None:
    text = "{ " + " ".join(f"a{number}: hinted" for number in range(500)) + " }"
    reading = shapes()
    shape = await reading.of(text)
    assert shape is not None
    assert shape.said == Said(20, Scope.PUBLIC)
    assert await reading.of(text) is shape


def test_keys_differ_by_supergraph_subgraph_and_text() -> None:
    config = SubgraphCaching()
    prefixes: set[bytes] = set()
    for subgraph in ("a", "b"):
        for version in ("1", "2"):
            for text in ("{ number }", "{ n: number }"):
                shape = Shapes(subgraph, SUPERGRAPH, version, Hints(), config).read(text)
                assert shape is not None
                prefixes.add(shape.prefix)
    assert len(prefixes) == 8
