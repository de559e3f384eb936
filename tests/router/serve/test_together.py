"""All rules as one find what graphql-core finds with each rule by itself."""

import random
from collections.abc import Sequence
from typing import Any, Final

import pytest
from graphql import (
    BREAK,
    SKIP,
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    VisitorAction,
    build_schema,
    parse,
    validate,
)

from router.serve.discreet import discreet_rules
from router.serve.documents import RULES
from router.serve.together import Rule, together
from tests.conformance.inputs.documents import draw_document
from tests.conformance.inputs.graph import CATALOGUE

SCHEMA: Final = build_schema(CATALOGUE.replace('@key(fields: "id")', ""))
DOCUMENTS: Final = 150
LONGEST: Final = 2_000


def found(schema: GraphQLSchema, document: DocumentNode, rules: Sequence[Rule], most: int) -> list[Any]:
    errors = validate(schema, document, rules, max_errors=most)
    return [(each.message, each.locations, each.path) for each in errors]


@pytest.mark.parametrize("rules", [RULES, discreet_rules(RULES)], ids=["named", "discreet"])
def test_they_find_the_same_in_the_same_order(rules: tuple[Rule, ...]) -> None:
    chance = random.Random(20)
    invalid = 0
    for _ in range(DOCUMENTS):
        text = draw_document(chance).text
        try:
            document = parse(text[:LONGEST])
        except GraphQLError:
            continue
        most = chance.choice((1, 3, 100))
        expected = found(SCHEMA, document, rules, most)
        assert found(SCHEMA, document, [together(rules)], most) == expected, text
        invalid += bool(expected)
    assert invalid > DOCUMENTS / 20


class Noting(ASTValidationRule):
    """Reports each call, and does as it is told by the names of fields."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> VisitorAction:
        return self._note("enter operation", node)

    def enter_field(self, node: FieldNode, *_: Any) -> VisitorAction:
        self._note("enter", node)
        return {"skipped": SKIP, "last": BREAK}.get(node.name.value)

    def leave_field(self, node: FieldNode, *_: Any) -> VisitorAction:
        self._note("leave", node)
        return BREAK if node.name.value == "left" else None

    def _note(self, what: str, node: Any) -> VisitorAction:
        self.report_error(GraphQLError(what, node))
        return None


class NotingAll(Noting):
    """The same for every kind of node."""

    def enter(self, node: Any, *_: Any) -> VisitorAction:
        return self._note(f"enter {node.kind}", node)

    def leave(self, node: Any, *_: Any) -> VisitorAction:
        return self._note(f"leave {node.kind}", node)


@pytest.mark.parametrize(
    "text",
    [
        "{ a { b } skipped { c { d } } e }",
        "{ a last { b } c } query Other { d }",
        "{ a { left { b } } c }",
        "{ skipped { skipped { a } } b }",
        "fragment F on Query { skipped { a } } { ...F @include(if: true) b }",
    ],
)
def test_rules_look_away_and_stop_looking_each_for_itself(text: str) -> None:
    rules: tuple[Rule, ...] = (Noting, NotingAll, Noting)
    document = parse(text)
    assert found(SCHEMA, document, [together(rules)], 1_000) == found(SCHEMA, document, rules, 1_000)
