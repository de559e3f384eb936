"""What a request to a subgraph asks for: root fields, or entities of some groups, and what the schema says of it."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    value_from_ast_untyped,
    visit,
)

from router.serve.cache import LruCache
from router.serve.caching.config import Scope, SubgraphCaching
from router.serve.caching.hints import Hint, Hints
from router.serve.caching.policy import Said
from router.serve.caching.tags import TagFormat, tags_of
from router.supergraph import Supergraph

_ENTITIES: Final = "_entities"
_INLINE: Final = 2_000
"""Characters of a text that is read at once; longer ones are in a thread, so that the event loop goes on."""
_REMEMBERED: Final = 2_000
_REMEMBERED_CHARACTERS: Final = 4_000_000

_NOT_SAID: Final = Hint(scope=None)


@dataclass(slots=True)
class Group:
    """One `_entities` field.

    Attributes:
        alias: its key in the answer.
        variable: that has the representations.
        prefix: what all keys of the group begin with.
        variables: names of the others that it uses.
        types: whose values are in it, beside the entities' own.
    """

    alias: str
    variable: str
    prefix: bytes
    variables: tuple[str, ...]
    types: frozenset[str]
    selections: SelectionSetNode
    said: dict[str, Said] = field(default_factory=dict[str, Said])


@dataclass(slots=True)
class Shape:
    """What one text asks for.

    Attributes:
        prefix: what its key begins with.
        groups: of entities; none means root fields.
        types: whose values are in the answer.
        said: of root fields.
        tagged: root fields that have tags.
        scopes: of what was kept of its answers so far.
    """

    prefix: bytes
    groups: tuple[Group, ...]
    types: frozenset[str]
    said: Said
    tagged: tuple[tuple[FieldNode, tuple[TagFormat, ...]], ...]
    scopes: set[Scope] = field(default_factory=set[Scope])

    def tags(self, variables: Mapping[str, Any]) -> tuple[str, ...]:
        """The tags of root fields with these variables.

        Raises:
            NoTag: one cannot be made.
        """
        return tuple(tag for node, formats in self.tagged for tag in tags_of(formats, _arguments(node, variables)))


class Shapes:
    """Reads texts, and remembers what it has read."""

    def __init__(
        self, subgraph: str, supergraph: Supergraph, version: str, hints: Hints, config: SubgraphCaching
    ) -> None:
        """Args: `version` of the supergraph: what is kept for one is of no use to another."""
        self._start = repr((version, subgraph)).encode()
        self._supergraph = supergraph
        self._hints = hints
        self._config = config
        self._known: LruCache[str, Shape | None] = LruCache(_REMEMBERED, _REMEMBERED_CHARACTERS)

    async def of(self, text: str) -> Shape | None:
        """The shape of a text; None if nobody knows what it asks for."""
        known = self._known.get(text)
        if known is None:
            known = self.read(text) if len(text) <= _INLINE else await asyncio.to_thread(self.read, text)
            self._known.put(text, known, len(text))
        return known

    def read(self, text: str) -> Shape | None:
        """The same without remembering it."""
        try:
            (operation,) = parse(text, no_location=True).definitions
        except (GraphQLSyntaxError, ValueError, RecursionError):
            return None
        if not isinstance(operation, OperationDefinitionNode):
            return None
        fields = [node for node in operation.selection_set.selections if isinstance(node, FieldNode)]
        if len(fields) != len(operation.selection_set.selections):
            return None
        entities = [node.name.value == _ENTITIES for node in fields]
        if all(entities):
            groups = tuple(self._group(node) for node in fields)
            if all(each is not None for each in groups):
                return Shape(b"", tuple(each for each in groups if each), frozenset(), Said(0, None), ())
        return None if any(entities) else self._root(text, operation, fields)

    def said_of(self, group: Group, type_name: str) -> Said:
        """What is said of entities of a type."""
        known = group.said.get(type_name)
        if known is None:
            reading = _Reading(self._supergraph, self._hints, self._config)
            reading.entity(type_name, group.selections)
            known = group.said[type_name] = reading.said()
        return known

    def formats_of(self, type_name: str) -> Sequence[TagFormat]:
        """The formats of tags of an entity."""
        return self._hints.tags.get(type_name, ())

    def _root(self, text: str, operation: OperationDefinitionNode, fields: Sequence[FieldNode]) -> Shape:
        root = self._supergraph.roots[operation.operation.value]
        reading = _Reading(self._supergraph, self._hints, self._config)
        for node in fields:
            reading.field(root, node, root=True)
        tagged = [(node, self._hints.tags.get(f"{root}.{node.name.value}", ())) for node in fields]
        prefix = _digest(self._start + b" root " + text.encode())
        types = frozenset({root, *reading.types})
        return Shape(prefix, (), types, reading.said(), tuple((node, each) for node, each in tagged if each))

    def _group(self, node: FieldNode) -> Group | None:
        value = node.arguments[0].value if node.arguments else None
        if node.selection_set is None or node.directives or not isinstance(value, VariableNode):
            return None
        used = _Used()
        visit(node.selection_set, used)
        reading = _Reading(self._supergraph, self._hints, self._config)
        reading.selections("", node.selection_set)
        prefix = _digest(self._start + b" entity " + print_ast(node.selection_set).encode())
        alias = (node.alias or node.name).value
        return Group(
            alias, value.name.value, prefix, tuple(sorted(used.names)), frozenset(reading.types), node.selection_set
        )


class _Used(Visitor):
    """Finds the variables in selections."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)


@dataclass(slots=True)
class _Reading:
    """Finds the least of what is said of all that is selected; what is skipped counts as well."""

    supergraph: Supergraph
    hints: Hints
    config: SubgraphCaching
    types: set[str] = field(default_factory=set[str])
    seconds: float = float("inf")
    scopes: set[Scope | None] = field(default_factory=set[Scope | None])

    def said(self) -> Said:
        seconds = 0 if self.seconds == float("inf") else self.seconds
        if Scope.PRIVATE in self.scopes:
            return Said(seconds, Scope.PRIVATE)
        return Said(seconds, None if None in self.scopes or not self.scopes else Scope.PUBLIC)

    def entity(self, type_name: str, selections: SelectionSetNode) -> None:
        """Read what is selected of an entity of a type."""
        self._note([self._hint(type_name)], starts=True)
        possible = self.supergraph.possible_types
        for node in selections.selections:
            condition = node.type_condition if isinstance(node, InlineFragmentNode) else None
            on = type_name if condition is None else condition.name.value
            if on == type_name or type_name in possible.get(on, ()) or on in possible.get(type_name, ()):
                self._selection(on, node)

    def selections(self, parent: str, selections: SelectionSetNode) -> None:
        for node in selections.selections:
            self._selection(parent, node)

    def field(self, parent: str, node: FieldNode, *, root: bool = False) -> None:
        """Read a field of a type, and what is below it."""
        name = node.name.value
        if name.startswith("__"):
            return
        info = self.supergraph.types.get(parent)
        known = info.fields.get(name) if info is not None else None
        if known is None:  # nobody can say what is in it
            self._note([_NOT_SAID], starts=True)
            return
        type_ = self.supergraph.types.get(known.type_name)
        composite = type_ is not None and type_.is_composite
        hints = [self._hint(f"{parent}.{name}")]
        if composite:
            possible = self.supergraph.possible_types.get(known.type_name, frozenset())
            self.types |= {known.type_name, *possible}
            hints.append(self._hint(known.type_name))
            for each in possible - {known.type_name}:  # the values may be of any of them
                self._note([self._hint(each)], starts=False)
        self._note(hints, starts=root or composite)
        if node.selection_set is not None:
            self.selections(known.type_name, node.selection_set)

    def _selection(self, parent: str, node: Any) -> None:
        if isinstance(node, FieldNode):
            self.field(parent, node)
        elif isinstance(node, InlineFragmentNode):
            on = parent if node.type_condition is None else node.type_condition.name.value
            self.selections(on, node.selection_set)

    def _hint(self, coordinate: str) -> Hint | None:
        return self.hints.lifetimes.get(coordinate)

    def _note(self, hints: Sequence[Hint | None], *, starts: bool) -> None:
        """Take what is said of one value, the first that says something of its lifetime; one that `starts` needs it."""
        given = [each for each in hints if each is not None]
        self.scopes |= {each.scope for each in given if each is not _NOT_SAID}
        seconds = next((each.seconds for each in given if each.seconds is not None), None)
        if seconds is None and starts and not any(each.inherits for each in given):
            if self.config.default_seconds is None:
                seconds = 0
            else:
                seconds = self.config.default_seconds
                self.scopes.add(self.config.default_scope)
        if seconds is not None:
            self.seconds = min(self.seconds, seconds)


def _arguments(node: FieldNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(variables)
    return {each.name.value: value_from_ast_untyped(each.value, given) for each in node.arguments or ()}


def _digest(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=20).digest()
