"""Subgraphs that answer as they are told to, and plans written by hand."""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import copy
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeMetaFieldDef,
    TypeNameMetaFieldDef,
    build_schema,
    get_named_type,
    parse,
)

from router.execute import Executor, InProcessTransport, Response
from router.plan.nodes import EntityGroup, Fetch, OperationKind, PathStep, ProjectedField, QueryPlan, Representation

Answer: TypeAlias = dict[str, Any] | Exception
Reply: TypeAlias = Answer | Callable[[Mapping[str, Any]], Answer]


@dataclass
class Subgraph:
    """A subgraph with prepared answers, given in the order they are asked for."""

    answers: list[Reply] = field(default_factory=list[Reply])
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])
    headers: list[Mapping[str, str]] = field(default_factory=list[Mapping[str, str]])

    async def execute(
        self,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        headers: Mapping[str, str],
    ) -> dict[str, Any]:
        self._record(query, variables)
        self.headers.append(headers)
        reply = self.answers.pop(0)
        answer: Answer = reply if isinstance(reply, Exception | dict) else reply(variables or {})
        if isinstance(answer, Exception):
            raise answer
        return copy.deepcopy(answer)

    async def subscribe(
        self,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        headers: Mapping[str, str],
    ) -> AsyncGenerator[dict[str, Any]]:
        self._record(query, variables)
        for reply in self.answers:
            if isinstance(reply, Exception):
                raise reply
            assert isinstance(reply, dict)
            yield copy.deepcopy(reply)

    def _record(self, query: str, variables: Mapping[str, Any] | None) -> None:
        sent: dict[str, Any] = {**(variables or {})}
        self.asked.append((query, copy.deepcopy(sent)))


@dataclass
class Graph:
    """The subgraphs of a test and the public schema over them."""

    schema: GraphQLSchema
    subgraphs: dict[str, Subgraph]

    def executor(self, plan: QueryPlan) -> Executor:
        transports = {
            name: InProcessTransport(subgraph.execute, subgraph.subscribe) for name, subgraph in self.subgraphs.items()
        }
        return Executor(plan, transports, self.schema)

    async def execute(self, plan: QueryPlan, **variables: Any) -> Response:
        return await self.executor(plan).execute(variables, {})


def graph(sdl: str, **answers: Sequence[Reply]) -> Graph:
    """A graph from its public schema and, per subgraph, the answers it will give."""
    return Graph(build_schema(sdl), {name: Subgraph(list(replies)) for name, replies in answers.items()})


def fetch(id: int, subgraph: str, text: str, **rest: Any) -> Fetch:
    """A fetch from the text of its document; a query unless `rest` says otherwise."""
    return replace(Fetch(id, subgraph, OperationKind.QUERY, text, root_keys(text)), **rest)


def described(*path: PathStep, shapes: Sequence[Representation]) -> tuple[EntityGroup, ...]:
    """The only group of entities of a fetch, found at one path."""
    return (EntityGroup((path,), tuple(shapes)),)


def root_keys(text: str) -> tuple[str, ...]:
    """The response keys of an operation."""
    (operation,) = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    fields = [each for each in operation.selection_set.selections if isinstance(each, FieldNode)]
    return tuple((each.alias or each.name).value for each in fields)


def plan(
    fetches: Sequence[Fetch],
    projection: Sequence[ProjectedField],
    *,
    kind: OperationKind = OperationKind.QUERY,
    introspection: DocumentNode | None = None,
    inaccessible: Mapping[str, frozenset[str]] | None = None,
) -> QueryPlan:
    """A plan whose root type has the default name."""
    return QueryPlan(
        kind=kind,
        root_type=kind.value.title(),
        fetches=tuple(fetches),
        projection=tuple(projection),
        introspection=introspection,
        inaccessible_enum_values=inaccessible,
    )


def select(
    schema: GraphQLSchema,
    parent: str,
    selection: Mapping[str, Any] | Sequence[str],
    on: frozenset[str] | None = None,
) -> tuple[ProjectedField, ...]:
    """Projects fields under their own names: `{"user": ["id", "name"]}`; `"... on User"` narrows to a type."""
    nested: Mapping[str, Any] = selection if isinstance(selection, Mapping) else dict.fromkeys(selection, ())
    projected: list[ProjectedField] = []
    for name, inner in nested.items():
        if name.startswith("... on "):
            narrowed = name.removeprefix("... on ")
            projected.extend(select(schema, narrowed, inner, frozenset({narrowed})))
        else:
            type_ = field_type(schema, parent, name)
            selections = select(schema, str(get_named_type(type_)), inner) if inner else ()
            projected.append(ProjectedField(name, name, name, type_, on=on, selections=selections))
    return tuple(projected)


def field_type(schema: GraphQLSchema, parent: str, name: str) -> Any:
    """The type of a field in the public schema."""
    if name == "__typename":
        return TypeNameMetaFieldDef.type
    if name == "__type":
        return TypeMetaFieldDef.type
    type_: Any = schema.type_map[parent]
    return type_.fields[name].type
