"""Make a counterexample small: leave out of the operation, then of the subgraphs, what the difference does not need."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import fields, replace
from itertools import islice
from typing import Any, TypeAlias, TypeVar, cast

from graphql import GraphQLError, Node, parse, print_ast

from router.compose import Refused
from tests.conformance.monolith.data import World
from tests.conformance.monolith.federation import Federation, Invalid
from tests.conformance.monolith.operations import Operation
from tests.conformance.monolith.trial import tried

NodeT = TypeVar("NodeT", bound=Node)
Fails: TypeAlias = Callable[[str], Awaitable[bool]]

_TRIES = 3_000
"""Most variants that are tried of one document."""

_NEVER_EMPTY = {"selections", "fields"}
"""What a node must have some of."""

_KEPT = {"types", "interfaces", "values"}
"""What the data set relies on: members of unions, interfaces of objects, values of enums."""


async def shrink(sdls: Mapping[str, str], operation: Operation, world: World) -> tuple[dict[str, str], Operation]:
    """Subgraphs and an operation for which the answers differ still."""
    query = await _smaller(operation.query, _operation_fails(sdls, operation, world))
    operation = operation._replace(query=query)
    smaller = dict(sdls)
    for name in sdls:
        without = {each: sdl for each, sdl in smaller.items() if each != name}
        if await _differs(without, operation, world):
            smaller = without
    for name in list(smaller):
        smaller[name] = await _smaller(smaller[name], _subgraph_fails(smaller, name, operation, world))
    query = await _smaller(operation.query, _operation_fails(smaller, operation, world))
    return smaller, operation._replace(query=query)


def _operation_fails(sdls: Mapping[str, str], operation: Operation, world: World) -> Fails:
    async def fails(text: str) -> bool:
        return await _differs(sdls, operation._replace(query=text), world)

    return fails


def _subgraph_fails(sdls: Mapping[str, str], name: str, operation: Operation, world: World) -> Fails:
    async def fails(text: str) -> bool:
        return await _differs({**sdls, name: text}, operation, world)

    return fails


async def _differs(sdls: Mapping[str, str], operation: Operation, world: World) -> bool:
    """Whether the subgraphs compose, the operation is valid, and an answer differs."""
    try:
        federation = Federation.of(sdls, world)
        if isinstance(federation, Refused) or not federation.is_valid(operation.query):
            return False
        differs = await tried(federation, operation)
    except (GraphQLError, KeyError, TypeError, Invalid):
        return False  # what is left out makes no sense of the rest
    return differs is not None and "Runtime Object type" not in differs


async def _smaller(text: str, fails: Fails) -> str:
    """A text of which nothing can be left out, or as near to it as the tries allow."""
    at, since = 0, 0
    for _ in range(_TRIES):
        variant = next(islice(_variants(parse(text, no_location=True)), at, None), None)
        if variant is None:
            if since == 0:
                break
            at, since = 0, 0
        elif await fails(candidate := print_ast(variant)):
            text, since = candidate, since + 1
        else:
            at += 1
    return text


def _variants(node: NodeT) -> Iterator[NodeT]:
    """The node with one thing left out somewhere: large things first."""
    parts: dict[str, Any] = {each.name: getattr(node, each.name) for each in fields(cast("Any", node))}
    for name, value in parts.items():
        for rest in _less(name, value):
            yield _with(node, name, rest)
    for name, value in parts.items():
        if isinstance(value, Node):
            for variant in _variants(value):
                yield _with(node, name, variant)
        elif isinstance(value, tuple):
            for variant in _variants_of_items(cast("tuple[Any, ...]", value)):
                yield _with(node, name, variant)


def _less(name: str, value: Any) -> Iterator[Any]:
    """A part of a node, with one thing less in it."""
    if name in {"alias", "default_value"} and value is not None:
        yield None
    elif isinstance(value, tuple) and name not in _KEPT:
        items = cast("tuple[Any, ...]", value)
        for at in range(0 if name in _NEVER_EMPTY and len(items) == 1 else len(items)):
            yield items[:at] + items[at + 1 :]


def _variants_of_items(items: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for at, item in enumerate(items):
        for variant in _variants(item) if isinstance(item, Node) else ():
            yield (*items[:at], variant, *items[at + 1 :])


def _with(node: NodeT, name: str, value: Any) -> NodeT:
    return cast("NodeT", replace(cast("Any", node), **{name: value}))
