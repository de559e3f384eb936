"""What a merge knows and has found so far."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TypeAlias, TypeVar

from graphql import Node

from router.compose.hints import Hint, HintCode
from router.compose.merge.composed import ComposedDirective
from router.compose.model import Applied, Element, Field, InterfaceType, ObjectType, Schema, TypeDefinition
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations
from router.federation.features import Feature
from router.federation.values import EnumName, Value
from router.federation.versions import Version

T = TypeVar("T")
Sources: TypeAlias = Mapping[int, T | None]
"""A part of the graph by the index of each subgraph that could have it; None where the subgraph does not."""


@dataclass
class EnumUse:
    """Where an enum's values travel: to the client, from the client or both."""

    as_input: str | None = None
    """The coordinate of an element that takes it."""
    as_output: str | None = None
    """The coordinate of a field that returns it."""


class Agreement(Enum):
    """How far subgraphs agree on a type."""

    SAME = "same"
    COMPATIBLE = "compatible"
    INCOMPATIBLE = "incompatible"


@dataclass
class Overrides:
    """What overriding does to one field, by the index of subgraphs."""

    used: set[int] = field(default_factory=set[int])
    """Overridden, but still needed there by a key, a requirement or an interface."""
    unused: set[int] = field(default_factory=set[int])
    """Overridden, and gone."""
    labels: dict[int, str] = field(default_factory=dict[int, str])
    """Under which label both sides of a migration are resolved."""
    unknown_source: set[int] = field(default_factory=set[int])
    """Overriding a subgraph that is not there."""

    def gone(self, index: int) -> bool:
        return index in self.used or index in self.unused


@dataclass(frozen=True)
class Override:
    """One `@override`."""

    index: int
    source: Field
    applied: Applied
    origin: str
    """The subgraph it takes over from."""


@dataclass
class Merge:
    """The merge of subgraphs into one supergraph, under way."""

    subgraphs: Sequence[SubgraphSchema]
    graphs: Sequence[str]
    """The value of `join__Graph` of each subgraph."""
    federation: Version
    join: Feature
    composed: Mapping[str, ComposedDirective]
    """The type system directives that reach the supergraph, by their names in it."""
    supergraph: Schema = field(default_factory=Schema)
    errors: list[CompositionError] = field(default_factory=list[CompositionError])
    hints: list[Hint] = field(default_factory=list[Hint])
    enum_uses: dict[str, EnumUse] = field(default_factory=dict[str, EnumUse])
    overrides: dict[str, Overrides] = field(default_factory=dict[str, Overrides])
    """What overriding does, by the coordinate of fields where it does anything."""
    pending: list[tuple[Sources[Element], Element]] = field(default_factory=list[tuple[Sources[Element], Element]])
    """Elements whose applied directives wait to be merged, once all of the supergraph's types stand."""

    def error(self, code: ErrorCode, message: str, nodes: Iterable[Node | None], subgraph: str | None = None) -> None:
        self.errors.append(CompositionError(code, message, locations(*nodes), subgraph))

    def hint(self, code: HintCode, message: str) -> None:
        self.hints.append(Hint(code, message))

    def join_directive(self, name: str, arguments: Mapping[str, Value]) -> Applied:
        """An application of the join specification's `name`; arguments that are None are left out."""
        given: dict[str, Value] = {key: value for key, value in arguments.items() if value is not None}
        return Applied(f"join__{name}", given)

    def graph(self, index: int) -> EnumName:
        return EnumName(self.graphs[index])

    def name(self, index: int) -> str:
        return self.subgraphs[index].name

    def source_types(self, name: str) -> Mapping[int, TypeDefinition]:
        """The type `name` in each subgraph that has it."""
        return self._types.get(name, {})

    @cached_property
    def _types(self) -> dict[str, dict[int, TypeDefinition]]:
        found: dict[str, dict[int, TypeDefinition]] = {}
        for index, subgraph in enumerate(self.subgraphs):
            for name, type_ in subgraph.schema.types.items():
                found.setdefault(name, {})[index] = type_
        return found

    @cached_property
    def interface_objects(self) -> frozenset[tuple[int, str]]:
        """The subgraphs and types where a subgraph stands for every implementation of an interface."""
        return frozenset(
            (index, type_.name)
            for index, subgraph in enumerate(self.subgraphs)
            for type_ in subgraph.schema.objects()
            if type_.has("interfaceObject")
        )

    def is_interface_object(self, index: int, name: str) -> bool:
        return (index, name) in self.interface_objects

    @cached_property
    def interface_objects_by_name(self) -> Mapping[str, frozenset[int]]:
        """For the name of each interface, the subgraphs where an object stands for it."""
        found: dict[str, set[int]] = {}
        for index, name in self.interface_objects:
            found.setdefault(name, set()).add(index)
        return {name: frozenset(indices) for name, indices in found.items()}

    @cached_property
    def interface_object_names(self) -> frozenset[str]:
        return frozenset(name for _, name in self.interface_objects)

    def is_external(self, index: int, element: Field) -> bool:
        return self.subgraphs[index].facts.is_external(element)

    def abstracted(self, parent: str, name: str, index: int) -> list[Field]:
        """The fields by which a subgraph resolves `parent.name` through interface objects, not having `parent`."""
        owner = self.supergraph.types.get(parent)
        if not isinstance(owner, ObjectType) or not self.interface_objects:
            return []
        types = self.subgraphs[index].schema.types
        if parent in types:
            return []
        found: list[Field] = []
        for interface in owner.interfaces:
            merged, here = self.supergraph.types.get(interface), types.get(interface)
            if isinstance(merged, InterfaceType) and name in merged.fields and isinstance(here, ObjectType):
                found.extend(field for field in here.fields.values() if field.name == name)
        return found

    def provided_by_interface_object(self, interface: str, name: str) -> bool:
        """Whether some interface object resolves the field for all implementations of `interface`."""
        for index, subgraph in enumerate(self.subgraphs):
            type_ = subgraph.schema.fields_type(interface)
            if type_ is None or not self.is_interface_object(index, interface):
                continue
            if name in type_.fields and not self.is_external(index, type_.fields[name]):
                return True
        return False

    def by_subgraph(self, sources: Sources[T], describe: Callable[[T], str | None]) -> str:
        """How `sources` differ: `X in subgraph "a" but Y in subgraphs "b" and "c"`."""
        groups: dict[str, list[int]] = {}
        for index, source in sources.items():
            said = None if source is None else describe(source)
            if said is not None:
                groups.setdefault(said, []).append(index)
        return " but ".join(f"{said} in {self.names(group)}" for said, group in groups.items())

    def presence(self, sources: Sources[T], has: Callable[[T], bool] = bool) -> str:
        """Which subgraphs have something and which lack it."""
        having = [index for index, source in sources.items() if source is not None and has(source)]
        lacking = [index for index in sources if index not in having]
        return f"it is defined in {self.names(having)} but not in {self.names(lacking)}"

    def names(self, indices: Iterable[int]) -> str:
        """`subgraph "a"`, or `subgraphs "a", "b" and "c"`."""
        quoted = [f'"{self.name(index)}"' for index in indices]
        if len(quoted) == 1:
            return f"subgraph {quoted[0]}"
        return f"subgraphs {', '.join(quoted[:-1])} and {quoted[-1]}" if quoted else "no subgraph"


def present(sources: Sources[T]) -> dict[int, T]:
    """The subgraphs that do have it."""
    return {index: source for index, source in sources.items() if source is not None}
