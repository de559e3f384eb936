"""A supergraph as typed values: which subgraph resolves what.

Source: https://specs.apollo.dev/join/v0.3 and its neighbours 0.1 to 0.5.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from graphql import DocumentNode, GraphQLSchema

from router.federation.type_ref import ListOf, Named, TypeRef, base_name
from router.supergraph.api_schema import build_api_schema


class Kind(Enum):
    """The kinds of named types."""

    OBJECT = "object"
    INTERFACE = "interface"
    UNION = "union"
    ENUM = "enum"
    INPUT = "input"
    SCALAR = "scalar"


@dataclass(frozen=True, slots=True)
class SubgraphInfo:
    """A subgraph: `name` as composed, `url` as given to the composer."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """One `@key` of a type in one subgraph; a key that is not resolvable identifies but cannot be entered by."""

    fields: str
    resolvable: bool


@dataclass(slots=True)
class JoinType:
    """What one subgraph says of a type.

    Attributes:
        extension: declared as an extension: its external key fields are known to the subgraph all the same.
    """

    keys: list[KeyInfo] = field(default_factory=list[KeyInfo])
    extension: bool = False
    is_interface_object: bool = False


@dataclass(frozen=True, slots=True)
class ContextArgument:
    """An argument that the router fills from an ancestor of the object (`@fromContext`).

    Attributes:
        context: the ancestors that have it are of the types that say so.
        selection: of the ancestor, by its type; one leaf for each.
    """

    name: str
    type: str
    context: str
    selection: str


@dataclass(frozen=True, slots=True)
class JoinField:
    """What one subgraph says of a field.

    Attributes:
        type: the field's type in the subgraph, where it differs from the supergraph's.
        external: declared for keys, `@requires` or `@provides`, not resolved.
        override: the subgraph it was taken from.
        used_overridden: another subgraph took it over; here it only serves keys, `@requires` or interfaces.
        override_label: the override holds only for requests with this label; the subgraph it was taken from has the
            label as well, without `override`.
    """

    type: TypeRef | None = None
    requires: str | None = None
    provides: str | None = None
    external: bool = False
    override: str | None = None
    used_overridden: bool = False
    override_label: str | None = None
    context_arguments: tuple[ContextArgument, ...] = ()


@dataclass(frozen=True)
class FieldInfo:
    """A field of the supergraph.

    Attributes:
        joins: per subgraph; a subgraph that is missing does not define the field.
    """

    name: str
    type: TypeRef
    arguments: Mapping[str, TypeRef]
    joins: Mapping[str, JoinField]

    @cached_property
    def type_name(self) -> str:
        return base_name(self.type)

    @cached_property
    def shape(self) -> str:
        """Equal for fields that have the same type in the supergraph and in every subgraph."""
        own = {name: str(join.type) for name, join in self.joins.items() if join.type is not None}
        return f"{self.type} {sorted(own.items())}" if own else str(self.type)


@dataclass(slots=True)
class TypeInfo:
    """A named type of the supergraph, except the join and link machinery.

    Attributes:
        joins: per subgraph that defines the type.
        interfaces: the interfaces it implements, each with the subgraphs that say so.
        members: of a union, each with the subgraphs that say so.
        values: of an enum, each with the subgraphs that define it.
        inaccessible_values: of an enum, those that clients must not see.
        contexts: that its objects set for whatever is below them (`@context`).
    """

    name: str
    kind: Kind
    joins: dict[str, JoinType] = field(default_factory=dict[str, JoinType])
    fields: dict[str, FieldInfo] = field(default_factory=dict[str, FieldInfo])
    interfaces: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    members: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    values: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    inaccessible_values: frozenset[str] = frozenset()
    contexts: frozenset[str] = frozenset()

    @property
    def is_composite(self) -> bool:
        return self.kind in {Kind.OBJECT, Kind.INTERFACE, Kind.UNION}


@dataclass(frozen=True)
class Supergraph:
    """The whole read model.

    Attributes:
        document: the supergraph as parsed.
        subgraphs: by name.
        types: by name, without the join and link machinery.
        roots: name of the root type by operation: "query", "mutation", "subscription".
    """

    document: DocumentNode
    subgraphs: Mapping[str, SubgraphInfo]
    types: Mapping[str, TypeInfo]
    roots: Mapping[str, str]

    @classmethod
    def from_sdl(cls, sdl: str) -> "Supergraph":
        """Read a supergraph, from whatever composer.

        Raises:
            SupergraphError: the text is no supergraph.
        """
        from router.supergraph.read import read_supergraph

        return read_supergraph(sdl)

    @cached_property
    def api_schema(self) -> GraphQLSchema:
        """What clients see: no join or link machinery, nothing inaccessible."""
        return build_api_schema(self.document)

    @cached_property
    def possible_types(self) -> Mapping[str, frozenset[str]]:
        """Object types by composite type: itself, its members, or its implementations."""
        possible: dict[str, set[str]] = {}
        for info in self.types.values():
            if info.kind is Kind.OBJECT:
                for name in (info.name, *info.interfaces):
                    possible.setdefault(name, set()).add(info.name)
            elif info.kind is Kind.UNION:
                possible[info.name] = set(info.members)
        return {name: frozenset(possible.get(name, ())) for name, info in self.types.items() if info.is_composite}

    @cached_property
    def contexts_by_type(self) -> Mapping[str, frozenset[str]]:
        """Per object type, the contexts it sets: its own, and those of its interfaces and unions."""
        found: dict[str, set[str]] = {}
        for info in self.types.values():
            for name in self.possible_types[info.name] if info.contexts else ():
                found.setdefault(name, set()).update(info.contexts)
        return {name: frozenset(contexts) for name, contexts in found.items()}

    @cached_property
    def inaccessible_enum_values(self) -> Mapping[str, frozenset[str]]:
        """Per enum type that has any, the values clients must not see."""
        return {name: info.inaccessible_values for name, info in self.types.items() if info.inaccessible_values}


def list_depth(ref: TypeRef) -> int:
    """How many lists wrap the named type."""
    depth = 0
    while not isinstance(ref, Named):
        depth += isinstance(ref, ListOf)
        ref = ref.of
    return depth
