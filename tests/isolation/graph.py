"""The graph as whoever wants to break out of a tenant reads it: every place that takes an identifier.

Everything here follows from the composed schema, read when the tests run: what is added to the graph is walked at once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias

from graphql import (
    REMOVE,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Visitor,
    build_ast_schema,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
    parse,
    visit,
)

SUPERGRAPH: Final = Path(__file__).parents[2] / "schema" / "supergraph.graphql"
FREE_TEXT: Final = frozenset(
    {"title", "summary", "markdown", "source", "caption", "language", "displayName", "ownerName", "password", "query"}
)
"""Texts for people, which identify nothing. Whatever is not known to be such is taken for an identifier."""
_LISTS: Final = 2
_DEEPEST: Final = 4

Composite: TypeAlias = GraphQLObjectType | GraphQLInterfaceType
Key: TypeAlias = str | int
Args: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """A field on the way from the root, with the arguments it cannot be asked for without."""

    name: str
    field: GraphQLField = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an operation that takes an identifier.

    Attributes:
        kind: of the operation: query, mutation or subscription.
        steps: the fields that lead to it; the last has the argument.
        path: where it is in that field's arguments: ``("input", "statements", 0, "objectId")``.
        type_name: of its values: ID, or String.
    """

    kind: str
    steps: tuple[Step, ...]
    path: tuple[Key, ...]
    type_name: str

    def __str__(self) -> str:
        inside = ".".join(str(key) for key in self.path)
        return f"{self.kind} {'.'.join(step.name for step in self.steps)}({inside})"

    @property
    def field(self) -> Step:
        return self.steps[-1]

    @property
    def name(self) -> str:
        """Of the argument or input field."""
        return next(key for key in reversed(self.path) if isinstance(key, str))


class _Accessible(Visitor):
    """Takes away what must not be asked for. Source: Apollo Federation, `@inaccessible`."""

    def enter(self, node: Any, *_: Any) -> Any:
        hidden = any(each.name.value == "inaccessible" for each in getattr(node, "directives", None) or ())
        return REMOVE if hidden else None


class Graph:
    """The supergraph, and what can be asked of it."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema

    @staticmethod
    @cache
    def read(path: Path = SUPERGRAPH) -> "Graph":
        """As clients know it: without what is there for the router alone."""
        document = parse(path.read_text())
        return Graph(build_ast_schema(visit(document, _Accessible()), assume_valid=True))

    @cached_property
    def positions(self) -> list[Position]:
        """Every place that takes an identifier, once: fields of objects by the shortest way to them."""
        return [*self._roots("query"), *self._nested(), *self._roots("mutation"), *self._roots("subscription")]

    def root(self, kind: str) -> Mapping[str, GraphQLField]:
        found = {
            "query": self.schema.query_type,
            "mutation": self.schema.mutation_type,
            "subscription": self.schema.subscription_type,
        }[kind]
        return {} if found is None else found.fields

    def _roots(self, kind: str) -> Iterator[Position]:
        for name, one in self.root(kind).items():
            yield from _positions(kind, (Step(name, one),))

    def _nested(self) -> Iterator[Position]:
        """Arguments of fields of objects, which are reached from a query."""
        for steps in self._ways():
            composite = _named(type_of(steps[-1].field))
            assert isinstance(composite, Composite)
            for name, one in composite.fields.items():
                if one.args:
                    yield from _positions("query", (*steps, Step(name, one)))

    def _ways(self) -> Iterator[tuple[Step, ...]]:
        """The shortest way from a query to each type of objects."""
        seen: set[str] = set()
        ways = [(Step(name, one),) for name, one in self.root("query").items()]
        ways.sort(key=lambda way: _is_asked_for_much(way[0]))
        while ways:
            way = ways.pop(0)
            named = _named(type_of(way[-1].field))
            if not isinstance(named, Composite) or named.name in seen:
                continue
            seen.add(named.name)
            yield way
            ways += [(*way, Step(name, one)) for name, one in named.fields.items()]

    def selection(self, type_: Any, *, depth: int = _DEEPEST, lists: int = _LISTS) -> str:
        """All that can be asked of a type without arguments, `depth` objects deep: `` { id … } ``, or nothing."""
        named = _named(type_)
        if isinstance(named, GraphQLUnionType):
            return " { __typename " + " ".join(self._on(one, depth, lists) for one in named.types) + " }"
        if not isinstance(named, Composite):
            return ""
        own = self._fields(named, depth, lists)
        if isinstance(named, GraphQLInterfaceType):
            own += [self._on(one, depth, lists) for one in self.schema.get_possible_types(named)]
        return " { __typename " + " ".join(own) + " }"

    def _on(self, one: GraphQLObjectType, depth: int, lists: int) -> str:
        """Aliased by their type, since fields of different types must not share a key unless they are alike."""
        fields = self._fields(one, depth, lists, prefix=f"{one.name}_")
        return f"... on {one.name} {{ {' '.join(fields)} }}" if fields else ""

    def _fields(self, named: Composite, depth: int, lists: int, prefix: str = "") -> list[str]:
        found: list[str] = []
        for name, one in named.fields.items():
            if any(is_required_argument(each) for each in one.args.values()):
                continue
            alias = f"{prefix}{name}: " if prefix else ""
            if is_leaf_type(_named(type_of(one))):
                found.append(f"{alias}{name}")
                continue
            left = lists - (_is_list(type_of(one)) or name == "edges")
            if depth > 1 and left >= 0:
                found.append(f"{alias}{name}{self.selection(type_of(one), depth=depth - 1, lists=left)}")
        return found


def type_of(thing: Any) -> Any:
    """Of a field or an argument; what its type may wrap is not annotated."""
    return thing.type


def _named(type_: Any) -> GraphQLNamedType:
    while isinstance(type_, GraphQLNonNull | GraphQLList):
        type_ = _inside(type_)
    return type_


def _inside(type_: Any) -> Any:
    """Of a list or of what is never null; its annotation says nothing."""
    return type_.of_type


def _is_list(type_: Any) -> bool:
    while isinstance(type_, GraphQLNonNull):
        type_ = _inside(type_)
    return isinstance(type_, GraphQLList)


def _is_asked_for_much(step: Step) -> tuple[int, int]:
    """Ways without arguments come first, and single things before lists."""
    required = sum(is_required_argument(each) for each in step.field.args.values())
    return required, _is_list(type_of(step.field)) or "Connection" in str(type_of(step.field))


def _positions(kind: str, steps: tuple[Step, ...]) -> Iterator[Position]:
    for name, argument in steps[-1].field.args.items():
        for path, type_name in _leaves(type_of(argument), (name,), ()):
            yield Position(kind, steps, path, type_name)


def _leaves(type_: Any, path: tuple[Key, ...], within: tuple[str, ...]) -> Iterator[tuple[tuple[Key, ...], str]]:
    if isinstance(type_, GraphQLNonNull):
        yield from _leaves(_inside(type_), path, within)
    elif isinstance(type_, GraphQLList):
        yield from _leaves(_inside(type_), (*path, 0), within)
    elif isinstance(type_, GraphQLInputObjectType):
        if type_.name not in within:
            for name, one in type_.fields.items():
                yield from _leaves(type_of(one), (*path, name), (*within, type_.name))
    elif type_.name == "ID" or (type_.name == "String" and path[-1] not in FREE_TEXT):
        yield path, type_.name


@dataclass(frozen=True)
class Filler:
    """Fills in what has to be said beside the identifier that is tried.

    Attributes:
        own: an identifier for a leaf, by its name and that of the operation's field; None if there is none to fit.
            Of a leaf called ``tenant``, the slug.
        text: for people, wherever there is room for one.
        whole: whether that is said as well which need not be, but for what a mutation is known by again.
    """

    own: Callable[[str, str], str | None]
    text: str = "text"
    whole: bool = False

    def arguments(self, step: Step, path: tuple[Key, ...] = (), value: Any = None) -> Args:
        """Of a field: those that are required, and the one that leads to `path`, where `value` stands."""
        given: Args = {}
        for name, argument in step.field.args.items():
            chosen = path[:1] == (name,)
            if chosen or is_required_argument(argument):
                given[name] = self._value(step.name, name, type_of(argument), path[1:] if chosen else None, value)
        return given

    def _value(self, operation: str, name: str, type_: Any, path: tuple[Key, ...] | None, value: Any) -> Any:
        """`path` is None off the way to the value that is tried, and empty where it stands."""
        if isinstance(type_, GraphQLNonNull):
            return self._value(operation, name, _inside(type_), path, value)
        if isinstance(type_, GraphQLList):
            inside = None if path is None else path[1:]
            return [self._value(operation, name, _inside(type_), inside, value)]
        if path == ():
            return value
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(operation, type_, path, value)
        return self._leaf(operation, name, type_)

    def _object(self, operation: str, type_: GraphQLInputObjectType, path: tuple[Key, ...] | None, value: Any) -> Args:
        given: Args = {}
        for name, one in type_.fields.items():
            chosen = path is not None and path[:1] == (name,)
            if chosen or is_required_input_field(one) or (self.whole and name not in _LEFT_OUT):
                inside = path[1:] if path is not None and chosen else None
                given[name] = self._value(operation, name, type_of(one), inside, value)
        if not given and type_.fields:  # one of which exactly one is to be given, mostly
            name, one = next(iter(type_.fields.items()))
            given[name] = self._value(operation, name, type_of(one), None, value)
        return given

    def _leaf(self, operation: str, name: str, type_: Any) -> Any:
        if isinstance(type_, GraphQLEnumType):
            return next(iter(type_.values))
        if type_.name == "ID":
            return self.own(name, operation) or _SAMPLES["ID"]
        if name == "tenant":
            return self.own(name, operation) or self.text
        return _TEXTS.get(name, self.text) if type_.name == "String" else _SAMPLES.get(type_.name, "text")


_SAMPLES: Final[Mapping[str, Any]] = {
    "Int": 1,
    "Float": 0.5,
    "Boolean": False,
    "DateTime": "2026-01-01T00:00:00Z",
    "Date": "2026-01-01",
    "Time": "12:00:00",
    "JSON": {},
    "UUID": "00000000-0000-4000-8000-000000000000",
    "ID": "00000000-0000-4000-8000-000000000000",
}
_LEFT_OUT: Final = frozenset({"idempotencyKey", "expectedVersion", "id", "slug"})
_TEXTS: Final[Mapping[str, str]] = {
    "email": "somebody@birch.example",
    "emails": "somebody@birch.example",
    "ownerEmail": "somebody@birch.example",
    "url": "https://birch.example/film.mp4",
    "password": "correct horse battery staple",
    "locale": "en",
    "timeZone": "Europe/Berlin",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """A document with its variables."""

    query: str
    variables: dict[str, Any]


def operation(graph: Graph, tried: Sequence[tuple[Position, Any]], filler: Filler, *, depth: int = 3) -> Operation:
    """An operation that tries values at positions, all of one kind, under the keys ``a0``, ``a1`` and so on.

    What it asks for is `depth` objects deep. A subscription takes no more than one.
    """
    places = [(position.steps, position.path, value) for position, value in tried]
    return _operation(tried[0][0].kind, places, filler, graph, depth)


def operation_of(kind: str, steps: tuple[Step, ...], filler: Filler, graph: Graph) -> Operation:
    """An operation that is filled in as a whole."""
    return _operation(kind, [(steps, (), None)], filler, graph, 2)


def _operation(
    kind: str, tried: list[tuple[tuple[Step, ...], tuple[Key, ...], Any]], filler: Filler, graph: Graph, depth: int
) -> Operation:
    parts: list[str] = []
    declared: list[str] = []
    variables: dict[str, Any] = {}
    for number, (steps, path, value) in enumerate(tried):
        text = graph.selection(type_of(steps[-1].field), depth=depth, lists=1)
        for place, step in reversed(list(enumerate(steps))):
            given = filler.arguments(step, path, value) if step is steps[-1] else filler.arguments(step)
            used: list[str] = []
            for name, each in given.items():
                variable = f"v{number}_{place}_{name}"
                declared.append(f"${variable}: {type_of(step.field.args[name])}")
                variables[variable] = each
                used.append(f"{name}: ${variable}")
            called = f"{step.name}({', '.join(used)})" if used else step.name
            text = f" {{ {called}{text} }}"
        parts.append(f"a{number}: {text.removeprefix(' { ').removesuffix(' }')}")
    head = f"{kind} Probe({', '.join(declared)})" if declared else f"{kind} Probe"
    return Operation(f"{head} {{ {' '.join(parts)} }}", variables)
