"""A federated graph over one data set: subgraphs that know only what is theirs, and the same graph in one piece.

Each subgraph is graphql-core over its own SDL. It reads the shared records, but of an object it sees only the fields
it resolves itself, and the external ones that were sent with a representation: a plan that forgets a key or a
`@requires` gets no answer. The whole graph in one process, over the same records, says what the answer must be.
"""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from inspect import isawaitable
from typing import Any, TypeAlias, cast

from graphql import (
    REMOVE,
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    FieldDefinitionNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    StringValueNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    Visitor,
    build_ast_schema,
    execute_sync,
    extend_schema,
    parse,
    validate,
    visit,
)
from graphql.execution import experimental_execute_incrementally

from router.compose import Composed, Subgraph, compose
from router.execute import Executor, InProcessTransport, Response
from router.execute.incremental import IncrementalExecutor, IncrementalResponse
from router.execute.variables import coerce_variables
from router.plan import Planner, QueryPlan
from router.supergraph import Supergraph
from router.supergraph.api_schema import with_defer

Record: TypeAlias = Mapping[str, Any]
"""An object: `__typename`, and a value for each field, or a function of the object's other fields and arguments."""

HEADER = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable", "@external", '
    '"@requires", "@provides", "@override", "@interfaceObject", "@inaccessible"])\n'
)

_ENTITIES = """
scalar _Any
extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
"""


@dataclass(frozen=True)
class World:
    """The data set: values of the root fields, and the entities by type."""

    roots: Mapping[str, Record]
    entities: Mapping[str, Sequence[Record]] = field(default_factory=dict[str, Sequence[Record]])


@dataclass(frozen=True)
class Seen:
    """An object as a subgraph sees it; `sent` came with the representation."""

    record: Record
    sent: Mapping[str, Any]
    external: Callable[[str], bool]
    typename: str = ""

    def __getitem__(self, name: str) -> Any:
        if name in self.sent:
            return self.sent[name]
        if self.external(name):
            raise LookupError(f"{self.record.get('__typename')}.{name} was not sent.")
        return self.record.get(name)


@dataclass
class Simulated:
    """One subgraph."""

    name: str
    sdl: str
    world: World

    def __post_init__(self) -> None:
        document = parse(self.sdl)
        self.asked: list[str] = []
        self._documents: dict[str, DocumentNode | list[GraphQLError]] = {}
        self._definitions = _merged(document)
        self._provided = " ".join(_arguments(document, "provides"))
        self.schema = _executable(self._definitions)

    async def execute(self, query: str, variables: Mapping[str, Any] | None, *_: Any) -> Mapping[str, Any]:
        """Answer a request as a subgraph does."""
        self.asked.append(query)
        return self._run(query, variables or {})

    async def subscribe(
        self, query: str, variables: Mapping[str, Any] | None, *_: Any
    ) -> AsyncGenerator[Mapping[str, Any]]:
        """One event: the root value as it is."""
        yield self._run(query, variables or {})

    def _run(self, query: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        document = self._documents.get(query)
        if document is None:
            document = parse(query, no_location=True)
            document = self._documents[query] = validate(self.schema, document) or document
        if isinstance(document, list):
            return _formatted(ExecutionResult(None, document))
        result = execute_sync(
            self.schema,
            document,
            variable_values=dict(variables),
            field_resolver=self._resolve,
            type_resolver=_type_of_seen,
        )
        return _formatted(result)

    def _resolve(self, source: Seen | None, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        name = info.field_name
        if name == "_entities":
            return [self._entity(each) for each in arguments["representations"]]
        if source is None:
            root = self.world.roots.get(info.parent_type.name, {})
            source = Seen(root, {}, lambda _: False)
        return self._view(_value(source, name, arguments))

    def _entity(self, representation: Mapping[str, Any]) -> Seen | None:
        typename = representation["__typename"]
        keys = [_selection(key) for key in _arguments_of(self._definitions[typename], "key")]
        types = {typename, *self._implementations(typename)}
        for name in sorted(types):
            for record in self.world.entities.get(name, ()):
                if any(_matches(record, representation, key.definitions[0]) for key in keys):
                    seen = self._see(record, representation)
                    # an interface object goes by the name of its interface
                    return seen if record["__typename"] in self._definitions else replace(seen, typename=typename)
        return None

    def _implementations(self, interface: str) -> set[str]:
        return {
            name
            for name, records in self.world.entities.items()
            for record in records
            if interface in record.get("__interfaces", ())
        }

    def _view(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self._see(cast("Record", value), {})
        return [self._view(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value

    def _see(self, record: Record, sent: Mapping[str, Any]) -> Seen:
        definition = self._definitions.get(str(record.get("__typename")))
        external = {
            each.name.value
            for each in (definition.fields or () if isinstance(definition, ObjectTypeDefinitionNode) else ())
            if any(directive.name.value == "external" for directive in each.directives or ())
        }
        typename = str(record.get("__typename"))
        return Seen(record, sent, lambda name: name in external and name not in self._provided.split(), typename)


class Federation:
    """The subgraphs behind a router."""

    def __init__(self, subgraphs: Mapping[str, str], world: World) -> None:
        composed = compose([Subgraph(name, f"http://{name}", sdl) for name, sdl in subgraphs.items()])
        assert isinstance(composed, Composed), composed
        self.supergraph_sdl = composed.supergraph_sdl
        self.supergraph = Supergraph.from_sdl(composed.supergraph_sdl)
        self.planner = Planner(self.supergraph)
        self.subgraphs = {name: Simulated(name, sdl, world) for name, sdl in subgraphs.items()}
        self._world = world

    def plan(self, query: str, operation_name: str | None = None) -> QueryPlan:
        return self.planner.plan(parse(query), operation_name)

    async def answer(self, query: str, variables: Mapping[str, Any] | None = None) -> Response:
        """What the router answers; the subgraphs' requests are in `asked`."""
        schema = self.supergraph.api_schema
        document = parse(query)
        executor = Executor(self.planner.plan(document, None), self._transports(), schema)
        definition = cast("Any", document.definitions[0])
        return await executor.execute(coerce_variables(schema, definition, variables or {}), {})

    async def increments(self, query: str, variables: Mapping[str, Any] | None = None) -> IncrementalResponse:
        """What the router answers, bit by bit."""
        schema = self.supergraph.api_schema
        document = parse(query)
        values = coerce_variables(schema, cast("Any", document.definitions[0]), variables or {})
        plan = self.planner.plan(document, None, deferring=frozenset(name for name in values if values[name] is True))
        return await IncrementalExecutor(plan, self._transports(), schema).execute(values, {})

    def _transports(self) -> dict[str, InProcessTransport]:
        for subgraph in self.subgraphs.values():
            subgraph.asked.clear()
        return {
            name: InProcessTransport(subgraph.execute, subgraph.subscribe) for name, subgraph in self.subgraphs.items()
        }

    @property
    def requests(self) -> int:
        """How many requests the last answer took."""
        return sum(len(subgraph.asked) for subgraph in self.subgraphs.values())

    def expected(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """What the graph in one piece answers, `@defer` ignored."""
        result = execute_sync(
            self.supergraph.api_schema,
            visit(parse(query), _WithoutDefer()),
            variable_values=dict(variables or {}),
            field_resolver=self._resolve,
            type_resolver=_type_of_record,
        )
        return result.data

    async def expected_increments(
        self, query: str, variables: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """What the graph in one piece answers bit by bit: the first answer and the updates."""
        result = experimental_execute_incrementally(
            with_defer(self.supergraph.api_schema),
            parse(query),
            variable_values=dict(variables or {}),
            field_resolver=self._resolve,
            type_resolver=_type_of_record,
        )
        found: Any = await result if isawaitable(result) else result
        if isinstance(found, ExecutionResult):
            return dict(found.formatted), []
        return dict(found.initial_result.formatted), [each.formatted async for each in found.subsequent_results]

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        record = self._world.roots.get(info.parent_type.name, {}) if source is None else source
        return _value(Seen(record, {}, lambda _: False), info.field_name, arguments)


class _WithoutDefer(Visitor):
    def enter_directive(self, node: DirectiveNode, *_: Any) -> Any:
        return REMOVE if node.name.value == "defer" else None


def _type_of_seen(value: Seen, *_: Any) -> str:
    return value.typename


def _type_of_record(value: Record, *_: Any) -> str:
    return value["__typename"]


def _value(source: Seen, name: str, arguments: Mapping[str, Any]) -> Any:
    value = source[name]
    return value(source, **arguments) if callable(value) else value


@cache
def _selection(text: str) -> DocumentNode:
    return parse(f"{{{text}}}", no_location=True)


def _matches(record: Record, sent: Mapping[str, Any], selections: Any) -> bool:
    for node in selections.selection_set.selections:
        name = node.name.value
        if name not in sent or sent[name] is None:
            return False
        known, given = record.get(name), sent[name]
        if node.selection_set is None:
            if known != given:
                return False
        elif isinstance(known, Mapping):
            if not _matches(cast("Record", known), given, node):
                return False
        elif len(cast("list[Any]", known)) != len(given) or not all(
            _matches(one, other, node) for one, other in zip(cast("list[Any]", known), given, strict=True)
        ):
            return False
    return True


def _formatted(result: ExecutionResult) -> Mapping[str, Any]:
    formatted: dict[str, Any] = {"data": result.data}
    if result.errors:
        formatted["errors"] = [each.formatted for each in result.errors]
    return formatted


def _merged(document: DocumentNode) -> dict[str, TypeDefinitionNode]:
    """The types by name, extensions joined with what they extend."""
    found: dict[str, Any] = {}
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
            continue
        if isinstance(node, TypeDefinitionNode | TypeExtensionNode):
            name = node.name.value
            found[name] = _joined(found[name], node) if name in found else _as_definition(node)
    return found


def _as_definition(node: Any) -> Any:
    match node:
        case ObjectTypeExtensionNode():
            kind = ObjectTypeDefinitionNode
        case InterfaceTypeExtensionNode():
            kind = InterfaceTypeDefinitionNode
        case _:
            return node
    return kind(name=node.name, interfaces=node.interfaces, directives=node.directives, fields=node.fields)


def _joined(left: Any, right: Any) -> Any:
    return replace(
        left,
        fields=(*(left.fields or ()), *(right.fields or ())),
        directives=(*(left.directives or ()), *(right.directives or ())),
        interfaces=(*(left.interfaces or ()), *(right.interfaces or ())),
    )


def _executable(definitions: Mapping[str, TypeDefinitionNode]) -> GraphQLSchema:
    plain = {name: _plain(node) for name, node in definitions.items()}
    plain.setdefault("Query", cast("Any", parse("type Query { _unused: Int }").definitions[0]))
    schema = build_ast_schema(DocumentNode(definitions=tuple(plain.values())), assume_valid=True)
    entities = [
        name
        for name, node in definitions.items()
        if isinstance(node, ObjectTypeDefinitionNode) and _arguments_of(node, "key")
    ]
    entities += [
        each.name
        for name, node in definitions.items()
        if isinstance(node, InterfaceTypeDefinitionNode) and _arguments_of(node, "key")
        for each in schema.get_possible_types(cast("Any", schema.type_map[name]))
    ]
    if not entities:
        return schema
    union = f"union _Entity = {' | '.join(sorted({*entities}))}"
    return extend_schema(schema, parse(_ENTITIES + union), assume_valid=True)


def _plain(node: Any) -> Any:
    """Without directives."""
    changes: dict[str, Any] = {"directives": ()}
    if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        changes["fields"] = tuple(replace(each, directives=()) for each in node.fields or ())
    return replace(node, **changes)


def _arguments(document: DocumentNode, directive: str) -> list[str]:
    """Field sets of a directive on fields anywhere."""
    return [
        text.replace("{", " ").replace("}", " ")
        for node in document.definitions
        for each in cast("Sequence[FieldDefinitionNode]", getattr(node, "fields", None) or ())
        for text in _field_sets(each.directives or (), directive)
    ]


def _arguments_of(node: Any, directive: str) -> list[str]:
    return _field_sets(node.directives or (), directive)


def _field_sets(directives: Sequence[DirectiveNode], name: str) -> list[str]:
    arguments: list[ArgumentNode] = [
        argument
        for each in directives
        if each.name.value == name
        for argument in each.arguments or ()
        if argument.name.value == "fields"
    ]
    return [each.value.value for each in arguments if isinstance(each.value, StringValueNode)]
