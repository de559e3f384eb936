"""How long each field took, told to a router that asks: federated tracing, version 1.

A router that asks gets `extensions.ftv1`: a `Trace` message of Apollo's usage reports, in base64. Nothing is measured
for requests that do not ask.

Source: https://www.apollographql.com/docs/graphos/reference/federation/subgraph-specific-implementation
"""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Final, cast

from graphql import GraphQLError, GraphQLResolveInfo
from strawberry.extensions import SchemaExtension

from shared.errors import DomainError
from shared.protobuf import Message

HEADER: Final = "apollo-federation-include-trace"
VERSION: Final = "ftv1"

_wanted: ContextVar[bool] = ContextVar("field_traces_wanted", default=False)


@contextmanager
def traced_if_asked(headers: Mapping[str, str]) -> Generator[None]:
    """Measure what is executed within the block if the request's headers, their names in lower case, ask for it."""
    if headers.get(HEADER) != VERSION:
        yield
        return
    token = _wanted.set(True)
    try:
        yield
    finally:
        _wanted.reset(token)


def traces_wanted() -> bool:
    """Whether what is executed now is to be measured."""
    return _wanted.get()


@dataclass(slots=True)
class Node:
    """A place in the answer: a field, or an item of a list.

    Attributes:
        key: its response key, or its index; empty for the answer itself.
        began: nanoseconds since the operation began, as is `ended`.
    """

    key: str | int = ""
    name: str = ""
    type: str = ""
    parent: str = ""
    began: int = 0
    ended: int = 0
    errors: list[GraphQLError] = field(default_factory=list[GraphQLError])
    children: "dict[str | int, Node]" = field(default_factory=dict[str | int, "Node"])

    def at(self, path: list[str | int]) -> "Node":
        """The node at a path from here, made where there was none."""
        node = self
        for key in path:
            node = node.children.setdefault(key, Node(key))
        return node

    def nearest(self, path: list[str | int]) -> "Node":
        """The last node on a path from here."""
        node = self
        for key in path:
            if key not in node.children:
                break
            node = node.children[key]
        return node


class FieldTraces(SchemaExtension):
    """Measures the fields of one operation."""

    def __init__(self) -> None:
        self._root = Node()
        self._since = time.time_ns()
        self._began = time.monotonic_ns()

    def resolve(
        self,
        _next: Callable[..., Any],
        root: Any,
        info: GraphQLResolveInfo[Any],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Measure a field."""
        path = info.path.as_list()
        node = self._root.at(path)
        node.name, node.type, node.parent = info.field_name, str(info.return_type), info.parent_type.name
        node.began = self._now()
        result = _next(root, info, *args, **kwargs)
        if isawaitable(result):
            return self._resolved(node, result)
        node.ended = self._now()
        return result

    def get_results(self) -> dict[str, Any]:
        """The trace, for the answer's extensions."""
        result = self.execution_context.result
        for error in cast("list[GraphQLError]", getattr(result, "errors", None) or []):
            self._root.nearest(list(error.path or ())).errors.append(error)
        return {VERSION: b64encode(self._written()).decode()}

    async def _resolved(self, node: Node, result: Awaitable[Any]) -> Any:
        try:
            return await result
        finally:
            node.ended = self._now()

    def _now(self) -> int:
        return time.monotonic_ns() - self._began

    def _written(self) -> bytes:
        duration = self._now()
        trace = Message()
        trace.message(3, _timestamp(self._since + duration))
        trace.message(4, _timestamp(self._since))
        trace.number(11, duration)
        trace.message(14, _node(self._root))
        trace.double(31, 1.0)
        return trace.written()


def _timestamp(nanoseconds: int) -> Message:
    """Numbers of fields here and below are those of `Trace`, `Trace.Node` and `Trace.Error`."""
    message = Message()
    message.number(1, nanoseconds // 10**9)
    message.number(2, nanoseconds % 10**9)
    return message


def _node(node: Node) -> Message:
    message = Message()
    if isinstance(node.key, int):
        message.number(2, node.key, present=True)
    elif node.key:
        message.text(1, node.key)
    message.text(3, node.type)
    message.number(8, node.began)
    message.number(9, node.ended)
    for error in node.errors:
        message.message(11, _error(error))
    for child in node.children.values():
        message.message(12, _node(child))
    message.text(13, node.parent)
    if node.name != node.key:
        message.text(14, node.name)
    return message


def _error(error: GraphQLError) -> Message:
    """As clients see it: a bug is not told."""
    cause = error.original_error
    message = Message()
    if isinstance(cause, DomainError):
        message.text(1, cause.message)
    else:
        message.text(1, error.message if cause is None else "Internal error")
    for each in error.locations or ():
        location = Message()
        location.number(1, each.line)
        location.number(2, each.column)
        message.message(2, location)
    return message
