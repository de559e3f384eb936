"""Operations some of whose selections come later."""

import random
from dataclasses import replace
from typing import Any

from graphql import (
    BooleanValueNode,
    ConstArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    parse,
    print_ast,
)

from tests.conformance.monolith.operations import Operation


def deferring(operation: Operation, chance: random.Random) -> Operation:
    """The operation with some of what it selects in deferred fragments, and some of it both there and outside."""
    document = _deferring(parse(operation.query, no_location=True), chance)
    return operation._replace(query=print_ast(document))


def _deferring(document: DocumentNode, chance: random.Random) -> DocumentNode:
    definitions: list[Any] = []
    for each in document.definitions:
        is_query = isinstance(each, OperationDefinitionNode) and each.operation is OperationType.QUERY
        definitions.append(replace(each, selection_set=_selected(each.selection_set, chance, may_defer=is_query)))  # pyright: ignore[reportAttributeAccessIssue,reportCallIssue,reportUnknownArgumentType,reportUnknownMemberType]  # all have one
    return replace(document, definitions=tuple(definitions))


def _selected(selected: SelectionSetNode, chance: random.Random, *, may_defer: bool) -> SelectionSetNode:
    parts = [_part(each, chance, may_defer=may_defer) for each in selected.selections]
    if may_defer and chance.random() < 0.3:
        inside = [each for each in parts if chance.random() < 0.6] or parts[:1]
        outside = [each for each in parts if each not in inside or chance.random() < 0.15]
        body = SelectionSetNode(selections=tuple(inside))
        parts = [*outside, InlineFragmentNode(directives=(_defer(chance),), selection_set=body)]
    return SelectionSetNode(selections=tuple(parts))


def _defer(chance: random.Random) -> DirectiveNode:
    arguments: list[ConstArgumentNode] = []
    if chance.random() < 0.1:
        arguments.append(ConstArgumentNode(name=NameNode(value="if"), value=BooleanValueNode(value=False)))
    if chance.random() < 0.2:
        label = StringValueNode(value=f"label {chance.randrange(10**9)}")
        arguments.append(ConstArgumentNode(name=NameNode(value="label"), value=label))
    return DirectiveNode(name=NameNode(value="defer"), arguments=tuple(arguments))


def _part(node: Any, chance: random.Random, *, may_defer: bool) -> Any:
    """Below a field of a mutation's root all may be deferred."""
    below = getattr(node, "selection_set", None)
    if below is None:
        return node
    return replace(node, selection_set=_selected(below, chance, may_defer=may_defer or isinstance(node, FieldNode)))
