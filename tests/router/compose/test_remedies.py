"""An error says where it is, what is wrong and what would mend it."""

import pytest

from router.compose.pipeline import Refused, compose
from router.compose.subgraph import Subgraph

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", '
    'import: ["@key", "@provides", "@shareable", "@context", "@fromContext", "@interfaceObject", "@listSize"])\n'
)


@pytest.mark.parametrize(
    ("sdl", "said"),
    [
        (
            'type Query { t: T @provides(fields: "x") } scalar T',
            '"Query.t" cannot have @provides: its type "T" has no fields. Remove it. (at a:2:14)',
        ),
        (
            'type Query { t: T } type T @key(fields: "id") { id(x: Int): ID! }',
            '"T.id" takes arguments, which nobody could give here; leave it out. (at a:2:28)',
        ),
        (
            'type Query { t: T } type T @key(fields: "id { x }") { id: ID! }',
            '"T.id" has no fields to select; leave its braces out. (at a:2:28)',
        ),
        (
            "type Query { i: I } interface I { x: Int @shareable } type T implements I { x: Int }",
            "which nothing resolves; mark what implements it. (at a:2:42)",
        ),
        (
            "type Query { t: T } type T @interfaceObject { id: ID! }",
            "so that no entity can reach it: add one. (at a:2:21)",
        ),
        (
            'type Query { t: T @listSize(sizedFields: ["x"]) } type T { x: Int }',
            '"T.x" is no list; leave it out. (at a:2:19)',
        ),
        (
            'type Query { t: T } type T @key(fields: "id") { id: ID! f(a: ID @fromContext(field: "$c { id }")): Int }',
            '"T.f(a:)" uses "c", which is never set; mark a type that leads here with @context. (at a:2:65)',
        ),
    ],
)
def test_what_would_mend_it_is_told(sdl: str, said: str) -> None:
    outcome = compose([Subgraph("a", "", LINK + sdl)])
    assert isinstance(outcome, Refused)
    assert [str(error) for error in outcome.errors if said in str(error)]
