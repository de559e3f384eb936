"""One subgraph of books, executed by graphql-core in this process, and an engine in front of it."""

# graphql-core declares its wrapping types and its executors generic without naming their arguments everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionSetNode,
    build_schema,
    get_named_type,
    get_operation_ast,
    graphql,
    parse,
    print_ast,
    subscribe,
)

from router.execute import InProcessTransport
from router.plan.nodes import Fetch, OperationKind, ProjectedField, QueryPlan
from router.serve import Engine, Limits
from router.serve.demand.control import DemandControl
from router.serve.persisted import PersistedOperations
from router.serve.telemetry.telemetry import Telemetry
from router.serve.variants.tenancy import Tenancy

SDL = """
    type Query { book(id: ID!): Book, books(first: Int = 2): [Book!]!, slow: String, whoami: String, crash: String }
    type Mutation { rename(id: ID!, title: String!): Book }
    type Subscription { ticks(upTo: Int!): Int!, forever: Int!, flood: String!, silence: Int!, chapters: Int! }
    type Book { id: ID! title: String! author: Author }
    type Author { name: String! books: [Book!]! }
"""


FIRST_IN_PRINT = 3


@dataclass
class Library:
    """The subgraph's resolvers and what they saw.

    Attributes:
        streams: that run now.
        produced: events of all streams so far.
        idle: set once a stream has ended and none runs.
    """

    streams: int = 0
    produced: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    seen: list[str] = field(default_factory=list[str])

    def book(self, info: Any, id: str) -> dict[str, Any]:
        if id == "0":
            raise GraphQLError("No such book.", extensions={"code": "NOT_FOUND"})
        return {"id": id, "title": f"Book {id}", "author": {"name": "Ada"}}

    def books(self, info: Any, first: int) -> list[dict[str, Any]]:
        return [self.book(info, str(number + 1)) for number in range(first)]

    async def slow(self, info: Any) -> str:
        await asyncio.sleep(0.2)
        return "done"

    def whoami(self, info: Any) -> str | None:
        return info.context.get("authorization")

    def rename(self, info: Any, id: str, title: str) -> dict[str, Any]:
        return {"id": id, "title": title}

    async def ticks(self, info: Any, **arguments: int) -> AsyncGenerator[dict[str, int]]:
        for number in range(arguments["upTo"]):
            yield {"ticks": number}

    async def forever(self, info: Any) -> AsyncGenerator[dict[str, Any]]:
        async with aclosing(self._endless()) as numbers:
            async for number in numbers:
                yield {"forever": number}

    async def silence(self, info: Any) -> AsyncGenerator[dict[str, Any]]:
        self.streams += 1
        try:
            await asyncio.Event().wait()
            yield {}
        finally:
            self.streams -= 1
            if not self.streams:
                self.idle.set()

    def chapters(self, info: Any) -> AsyncGenerator[dict[str, Any]]:
        """Five chapters from after the one that the reader has read, with cursors; the first two are out of print."""
        read = int(info.context.get("last-event-id", "c2").removeprefix("c"))
        if read < FIRST_IN_PRINT - 1:
            raise GraphQLError("That is out of print.", extensions={"code": "HISTORY_GONE"})
        return self._chapters(info.context, read)

    async def _chapters(self, context: dict[str, str], read: int) -> AsyncGenerator[dict[str, Any]]:
        for number in range(read + 1, 6):
            context["cursor"] = f"c{number}"
            yield {"chapters": number}

    async def flood(self, info: Any) -> AsyncGenerator[dict[str, Any]]:
        text = secrets.token_hex(100_000)  # which compression cannot make small
        async with aclosing(self._endless()) as numbers:
            async for _ in numbers:
                yield {"flood": text}

    async def _endless(self) -> AsyncGenerator[int]:
        self.streams += 1
        try:
            number = 0
            while True:
                yield number
                number += 1
                self.produced += 1
                await asyncio.sleep(0)
        finally:
            self.streams -= 1
            if not self.streams:
                self.idle.set()


@dataclass
class LibrarySubgraph:
    """The subgraph as a composition root would hand it to the router."""

    library: Library = field(default_factory=Library)
    schema: GraphQLSchema = field(default_factory=lambda: build_schema(SDL))

    async def execute(
        self, query: str, variables: Mapping[str, Any] | None, name: str | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        self.library.seen.append(query)
        result = await graphql(self.schema, query, self.library, dict(headers), variable_values=dict(variables or {}))
        return {**result.formatted}

    async def subscribe(
        self, query: str, variables: Mapping[str, Any] | None, name: str | None, headers: Mapping[str, str]
    ) -> AsyncGenerator[dict[str, Any]]:
        context = dict(headers)
        stream: Any = subscribe(self.schema, parse(query), self.library, context, variable_values=dict(variables or {}))
        if asyncio.iscoroutine(stream):
            stream = await stream
        if isinstance(stream, ExecutionResult):
            yield {**stream.formatted}
            return
        try:
            async for result in stream:
                extensions = {"extensions": {"cursor": context["cursor"]}} if "cursor" in context else {}
                yield {**result.formatted, **extensions}
        finally:
            await stream.aclose()

    def transport(self) -> InProcessTransport:
        return InProcessTransport(self.execute, self.subscribe)


def library_engine(
    subgraph: LibrarySubgraph,
    limits: Limits | None = None,
    persisted: PersistedOperations | None = None,
    control: DemandControl | None = None,
    tenancy: Tenancy | None = None,
    telemetry: Telemetry | None = None,
) -> Engine:
    """An engine that forwards whole operations to the only subgraph."""
    schema = build_schema(SDL)

    def plan(document: DocumentNode, operation_name: str | None, labels: frozenset[str]) -> QueryPlan:
        operation = get_operation_ast(document, operation_name)
        assert operation is not None
        kind = OperationKind(operation.operation.value)
        root = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}[kind.value]
        if any(
            isinstance(each, FieldNode) and each.name.value == "__schema" for each in operation.selection_set.selections
        ):
            answered = ProjectedField("__schema", "__schema", "__schema", SchemaMetaFieldDef.type)
            return QueryPlan(kind, root, (), (answered,), introspection=document)
        variables = tuple(each.variable.name.value for each in operation.variable_definitions or ())
        return QueryPlan(
            kind=kind,
            root_type=root,
            fetches=(Fetch(0, "library", kind, print_ast(operation), _keys(operation), variables),),
            projection=_project(schema, root, operation.selection_set),
        )

    transports = {"library": subgraph.transport()}
    return Engine(
        schema,
        plan,
        transports,
        limits,
        persisted=persisted,
        control=control,
        tenancy=tenancy,
        telemetry=telemetry,
    )


def _keys(operation: OperationDefinitionNode) -> tuple[str, ...]:
    fields = [each for each in operation.selection_set.selections if isinstance(each, FieldNode)]
    return tuple((each.alias or each.name).value for each in fields)


def _project(schema: GraphQLSchema, parent: str, selections: SelectionSetNode | None) -> tuple[ProjectedField, ...]:
    projected: list[ProjectedField] = []
    for node in selections.selections if selections else ():
        assert isinstance(node, FieldNode)
        name = node.name.value
        key = node.alias.value if node.alias else name
        type_: Any = schema.get_type(parent)
        field = schema.get_field(type_, name)
        assert field is not None
        selected = _project(schema, str(get_named_type(field.type)), node.selection_set)
        projected.append(ProjectedField(key, key, name, field.type, selections=selected))
    return tuple(projected)
