"""All rules in one walk find what graphql-core finds with each rule by itself."""

import gc
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
    Node,
    OperationDefinitionNode,
    VisitorAction,
    build_schema,
    parse,
    validate,
)

from router.serve.discreet import discreet_rules
from router.serve.documents import RULES
from router.serve.validation import Rule, Rules
from tests.conformance.inputs.documents import draw_document
from tests.conformance.inputs.graph import CATALOGUE

SCHEMA: Final = build_schema(CATALOGUE.replace('@key(fields: "id")', ""))
DOCUMENTS: Final = 150
LONGEST: Final = 2_000


def expected(document: DocumentNode, rules: Sequence[Rule], most: int) -> list[Any]:
    return _told(validate(SCHEMA, document, rules, max_errors=most), most)


def found(document: DocumentNode, rules: Sequence[Rule], most: int) -> list[Any]:
    return _told(Rules(rules).errors(SCHEMA, document, most=most), most)


def _told(errors: Sequence[GraphQLError], most: int) -> list[Any]:
    """What was found, and how much; that there was more is said in words of one's own."""
    return [(each.message, each.locations, each.path) for each in errors[:most]] + [len(errors)]


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
        wrong = expected(document, rules, most)
        assert found(document, rules, most) == wrong, text
        invalid += len(wrong) > 1
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
    assert found(document, rules, 1_000) == expected(document, rules, 1_000)


class Placing(ASTValidationRule):
    """Reports where each node lies."""

    def enter(self, node: Any, key: Any, parent: Any, path: Any, ancestors: Any) -> VisitorAction:
        return self._note(node, key, parent, path, ancestors)

    def leave(self, node: Any, key: Any, parent: Any, path: Any, ancestors: Any) -> VisitorAction:
        return self._note(node, key, parent, path, ancestors)

    def _note(self, node: Any, key: Any, parent: Any, path: Any, ancestors: Any) -> VisitorAction:
        above = [_kinds(each) for each in (*ancestors, parent)]
        self.report_error(GraphQLError(f"{node.kind} {key} {path} {above}", node))
        return None


def _kinds(above: Node | tuple[Node, ...] | None) -> list[str]:
    nodes = above if isinstance(above, tuple) else () if above is None else (above,)
    return [each.kind for each in nodes]


def test_rules_are_told_where_a_node_lies() -> None:
    text = """
        query A($a: [Int!] = [1], $b: Int @x) @y(z: {a: [$a, {b: 2}]}) { a: b(c: $a) @include(if: true) { ...F d } }
        fragment F on Query { ... on Query { e } ... @skip(if: false) { f } }
    """
    document = parse(text)
    assert found(document, (Placing,), 1_000) == expected(document, (Placing,), 1_000)


def test_variables_are_found_where_they_are_used() -> None:
    text = (
        "query ($a: Int, $b: Int) { x(a: $a, b: [$c], c: {d: $a}) ...F } fragment F on Query { y(z: $b) @skip(if: $e) }"
    )
    document = parse(text)
    assert found(document, RULES, 1_000) == expected(document, RULES, 1_000)


def test_a_document_leaves_nothing_for_the_garbage_collector() -> None:
    document = parse("query ($a: Int) { a: __typename b: __typename ...F } fragment F on Query { __typename }")
    rules = Rules(RULES)
    rules.errors(SCHEMA, document, most=3)
    gc.collect()
    gc.disable()
    try:
        assert rules.errors(SCHEMA, document, most=3)
        assert gc.collect() == 0
    finally:
        gc.enable()
