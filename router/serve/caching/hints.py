"""What the subgraphs' schemas say of lifetimes and tags: `@cacheControl` and `@cacheTag`.

A supergraph has them where subgraphs compose them: `@cacheTag` by `@join__directive`, with the subgraph that says it;
`@cacheControl` as it is, by `@composeDirective`, merged from all. What several subgraphs define is therefore never
taken for public because of it.

Source: https://www.apollographql.com/docs/apollo-server/performance/caching
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from graphql import (
    DirectiveNode,
    DocumentNode,
    InterfaceTypeDefinitionNode,
    ListValueNode,
    ObjectTypeDefinitionNode,
    UnionTypeDefinitionNode,
    value_from_ast_untyped,
)

from router.serve.caching.config import Scope, SubgraphCaching
from router.serve.caching.tags import TagFormat
from router.supergraph import Supergraph
from router.supergraph.values import arguments_of, text

_Node: TypeAlias = Any
"""A type or a field."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What is said of a type or a field.

    Attributes:
        seconds: None where nothing is said.
        scope: None where nobody can tell.
        inherits: a value without a lifetime has that of the value around it.
    """

    seconds: float | None = None
    scope: Scope | None = Scope.PUBLIC
    inherits: bool = False


@dataclass(frozen=True, slots=True)
class Hints:
    """What is said for one subgraph, by `Type` or `Type.field`."""

    lifetimes: dict[str, Hint] = field(default_factory=dict[str, Hint])
    tags: dict[str, tuple[TagFormat, ...]] = field(default_factory=dict[str, tuple[TagFormat, ...]])

    def add_tag(self, coordinate: str, text_: str) -> None:
        """Add a format.

        Raises:
            InvalidFormat: it is none.
        """
        self.tags[coordinate] = (*self.tags.get(coordinate, ()), TagFormat.parse(text_))

    def with_config(self, config: SubgraphCaching) -> "Hints":
        """What the router's owner says has precedence.

        Raises:
            InvalidFormat: a format of tags is none.
        """
        said = {name: Hint(each.seconds, each.scope) for name, each in config.lifetimes.items()}
        made = Hints({**self.lifetimes, **said}, dict(self.tags))
        for coordinate, formats in config.tags.items():
            for each in formats:
                made.add_tag(coordinate, each)
        return made


def read_hints(supergraph: Supergraph) -> Mapping[str, Hints]:
    """The hints of a supergraph by its subgraphs.

    Raises:
        InvalidFormat: a format of tags is none.
    """
    reader = _Reader(supergraph, {name: Hints() for name in supergraph.subgraphs}, _graphs(supergraph.document))
    for node in supergraph.document.definitions:
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode | UnionTypeDefinitionNode):
            reader.type(node)
    return reader.hints


@dataclass(frozen=True, slots=True)
class _Reader:
    supergraph: Supergraph
    hints: Mapping[str, Hints]
    graphs: Mapping[str, str]

    def type(self, node: _Node) -> None:
        info = self.supergraph.types.get(node.name.value)
        if info is None:
            return
        self.read(node.name.value, node.directives, tuple(info.joins))
        for each in getattr(node, "fields", None) or ():
            joins = info.fields[each.name.value].joins
            resolving = tuple(name for name, join in joins.items() if not join.external)
            self.read(f"{node.name.value}.{each.name.value}", each.directives, resolving)

    def read(self, coordinate: str, directives: Sequence[DirectiveNode] | None, owners: Sequence[str]) -> None:
        for directive in directives or ():
            name = _local(directive.name.value)
            arguments = arguments_of(directive)
            if name == "cacheControl":
                for owner in owners:
                    self.hints[owner].lifetimes[coordinate] = _hint(_plain(arguments), alone=len(owners) == 1)
            elif directive.name.value.endswith("__directive") and _local(text(arguments.get("name")) or "") in _TOLD:
                self._told(coordinate, arguments)

    def _told(self, coordinate: str, arguments: Mapping[str, Any]) -> None:
        """Read an application that is told by `@join__directive`."""
        graphs = arguments.get("graphs")
        said: Mapping[str, Any] = _plain(arguments).get("args") or {}
        for each in graphs.values if isinstance(graphs, ListValueNode) else ():
            hints = self.hints[self.graphs[text(each) or ""]]
            if _local(text(arguments.get("name")) or "") == "cacheTag":
                hints.add_tag(coordinate, str(said.get("format")))
            else:
                hints.lifetimes[coordinate] = _hint(said, alone=True)


_TOLD = frozenset({"cacheTag", "cacheControl"})


def _hint(said: Mapping[str, Any], *, alone: bool) -> Hint:
    seconds: Any = said.get("maxAge")
    private = said.get("scope") == "PRIVATE"
    scope = Scope.PRIVATE if private else Scope.PUBLIC if alone else None
    return Hint(seconds if isinstance(seconds, int) else None, scope, said.get("inheritMaxAge") is True)


def _plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value_from_ast_untyped(value) for name, value in arguments.items()}


def _local(name: str) -> str:
    """A directive's own name, whatever prefix a link gives it."""
    return name.rpartition("__")[2]


def _graphs(document: DocumentNode) -> Mapping[str, str]:
    """Names of subgraphs by the values of the enum that stands for them."""
    found: dict[str, str] = {}
    for node in document.definitions:
        for value in cast("Iterable[_Node]", getattr(node, "values", None) or ()):
            for directive in value.directives or ():
                name = text(arguments_of(directive).get("name"))
                if directive.name.value.endswith("__graph") and name is not None:
                    found[value.name.value] = name
    return found
