"""Random operations with deferred fragments over random graphs: what comes bit by bit is the whole answer."""

import random
from dataclasses import replace
from typing import Any

import pytest
from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    print_ast,
    validate,
)

from router.compose import Composed, Subgraph, compose
from router.serve.engine import Engine
from router.serve.request import GraphQLRequest, RequestContext
from tests.conformance.monolith.data import World
from tests.conformance.monolith.federation import LIMITS, Federation
from tests.conformance.monolith.operations import Operation, Operations
from tests.conformance.monolith.schema import draw_schema
from tests.conformance.monolith.split import split
from tests.router.execute.increments import collect

_DEFER = DirectiveNode(name=NameNode(value="defer"), arguments=())


@pytest.mark.parametrize("seed", range(6))
async def test_all_that_comes_is_the_answer(seed: int) -> None:
    chance = random.Random(seed)
    schema = draw_schema(chance)
    sdls, world = split(schema, chance), World(schema, seed)
    composed = compose([Subgraph(name, f"http://{name}", sdl) for name, sdl in sdls.items()])
    if not isinstance(composed, Composed):
        return  # the split leaves fields that cannot be reached
    federation = Federation(composed, sdls, world)
    engine = Engine.from_sdl(composed.supergraph_sdl, federation.engine.transports, LIMITS, defer=True)
    operations = Operations(federation.schema, chance)
    for _ in range(5):
        operation = operations.draw()
        document = deferring(parse(operation.query, no_location=True), chance)
        if not validate(engine.schema, document):
            await _hold(federation, engine, operation, print_ast(document))


async def _hold(federation: Federation, engine: Engine, operation: Operation, query: str) -> None:
    whole = await federation.answer(*operation)
    if whole.errors:
        return  # null goes up to the fragment only, and not as far as in the whole answer
    federation.world.done.clear()
    request = GraphQLRequest(query, variables=operation.variables)
    response = await engine.execute_incrementally(request, RequestContext())
    assert await collect(response) == (whole.data, []), query


def deferring(document: DocumentNode, chance: random.Random) -> DocumentNode:
    """The document with some of what it selects in deferred fragments, and some of it both there and outside."""
    definitions: list[Any] = []
    for each in document.definitions:
        is_query = isinstance(each, OperationDefinitionNode) and each.operation is OperationType.QUERY
        definitions.append(replace(each, selection_set=_deferring(each.selection_set, chance, may_defer=is_query)))  # pyright: ignore[reportAttributeAccessIssue,reportCallIssue,reportUnknownArgumentType,reportUnknownMemberType]  # all have one
    return replace(document, definitions=tuple(definitions))


def _deferring(selected: SelectionSetNode, chance: random.Random, *, may_defer: bool) -> SelectionSetNode:
    parts = [_part(each, chance, may_defer=may_defer) for each in selected.selections]
    if may_defer and chance.random() < 0.3:
        inside = [each for each in parts if chance.random() < 0.6] or parts[:1]
        outside = [each for each in parts if each not in inside or chance.random() < 0.15]
        fragment = InlineFragmentNode(directives=(_DEFER,), selection_set=SelectionSetNode(selections=tuple(inside)))
        parts = [*outside, fragment]
    return SelectionSetNode(selections=tuple(parts))


def _part(node: Any, chance: random.Random, *, may_defer: bool) -> Any:
    """Below a field of a mutation's root all may be deferred."""
    below = getattr(node, "selection_set", None)
    if below is None:
        return node
    return replace(node, selection_set=_deferring(below, chance, may_defer=may_defer or isinstance(node, FieldNode)))
