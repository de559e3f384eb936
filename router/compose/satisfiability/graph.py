"""Where in which subgraph a value can be, and the ways from there.

A node is a type of a subgraph, along with what some `@provides` on the way to it lets that subgraph resolve besides.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from graphql import Node as SDLNode

from router.compose.facts import parse_context
from router.compose.merge.context import Merge
from router.compose.model import Field, FieldsType, InterfaceType, ObjectType, UnionType
from router.compose.satisfiability.selections import Selection, inner_of, narrowed, selection
from router.federation.type_ref import base_name


class Node(NamedTuple):
    """A value of `type` as the subgraph of this index has it."""

    subgraph: int
    type: str
    provided: Selection = ()

    @property
    def rank(self) -> tuple[int, str, str]:
        """What nodes are put in order by; selections have none of their own."""
        return self.subgraph, self.type, str(self.provided)


@dataclass(frozen=True, slots=True)
class Jump:
    """A way to the same entity in another subgraph."""

    target: Node
    key: Selection


class Label(NamedTuple):
    """A progressive override: the field is resolved here when the label is, or is not, on."""

    name: str
    on: bool


@dataclass(frozen=True, slots=True)
class Context:
    """A value that the router takes from an ancestor."""

    name: str
    selection: Selection


@dataclass(frozen=True, slots=True)
class Step:
    """A field that a subgraph resolves."""

    target: Node
    requires: Selection = ()
    label: Label | None = None
    contexts: tuple[Context, ...] = ()


class Graph:
    """All subgraphs, as merged."""

    def __init__(self, merge: Merge) -> None:
        self.merge = merge
        self._steps: dict[tuple[Node, str], Step | None] = {}
        self._local_keys: dict[tuple[int, str], bool] = {}
        self._runtime_types: dict[tuple[int, str], frozenset[str]] = {}
        self._possible_types: dict[str, frozenset[str]] = {}
        self._entries: dict[str, tuple[Jump, ...]] = {}
        self._declared: dict[str, Mapping[str, Collection[int]]] = {}

    def having(self, nodes: Iterable[Node], owner: str, name: str) -> Iterator[Node]:
        """Those of `nodes` whose subgraph declares the field `name` of the object `owner`, or for it."""
        subgraphs = self._declaring(owner).get(name, frozenset())
        return (node for node in nodes if node.subgraph in subgraphs)

    def may_have(self, node: Node, name: str) -> bool:
        """Whether a value at `node` could have the field `name` right there, at a glance."""
        if name == "__typename":
            return not self.is_interface_object(node)
        return node.subgraph in self._declaring(node.type).get(name, ()) or self.is_abstract(node)

    def _declaring(self, owner: str) -> Mapping[str, Collection[int]]:
        """By each field of `owner`, the subgraphs that declare it, if only of an interface object."""
        if owner not in self._declared:
            merged = self.merge.supergraph.fields_type(owner)
            found: dict[str, set[int]] = {}
            for index, type_ in self.merge.source_types(owner).items():
                for name in type_.fields if isinstance(type_, FieldsType) else ():
                    found.setdefault(name, set()).add(index)
            for interface in merged.interfaces if merged else ():
                for index in self.merge.interface_objects_by_name.get(interface, ()):
                    type_ = self.merge.subgraphs[index].schema.fields_type(interface)
                    for name in type_.fields if type_ else ():
                        found.setdefault(name, set()).add(index)
            self._declared[owner] = found
        return self._declared[owner]

    def declarations(self, owner: str, name: str | None) -> Iterator[SDLNode | None]:
        """Where subgraphs have the type `owner`, or its field `name`."""
        for type_ in self.merge.source_types(owner).values():
            if name is None:
                yield type_.node
            elif isinstance(type_, FieldsType) and name in type_.fields:
                yield type_.fields[name].node

    def possible_types(self, name: str) -> frozenset[str]:
        """The objects that a value of the supergraph's type `name` can be."""
        if name not in self._possible_types:
            type_ = self.merge.supergraph.composite(name)
            found = self.merge.supergraph.runtime_types(type_) if type_ else []
            self._possible_types[name] = frozenset(each.name for each in found)
        return self._possible_types[name]

    def is_interface_object(self, node: Node) -> bool:
        return self.merge.is_interface_object(node.subgraph, node.type)

    def is_abstract(self, node: Node) -> bool:
        return not isinstance(self._type(node), ObjectType)

    def runtime_types(self, node: Node) -> frozenset[str]:
        """The objects that the subgraph knows a value at `node` can be."""
        key = (node.subgraph, node.type)
        if key not in self._runtime_types:
            type_, schema = self._type(node), self.merge.subgraphs[node.subgraph].schema
            is_composite = isinstance(type_, ObjectType | InterfaceType | UnionType)
            found = schema.runtime_types(type_) if is_composite else []
            self._runtime_types[key] = frozenset(each.name for each in found)
        return self._runtime_types[key]

    def _type(self, node: Node) -> object:
        return self.merge.subgraphs[node.subgraph].schema.types.get(node.type)

    def cast(self, node: Node, name: str) -> Node | None:
        """The node as the object `name`; None, where the subgraph's value never is one."""
        if node.type == name or self.is_interface_object(node):
            return node
        if name not in self.runtime_types(node):
            return None
        return Node(node.subgraph, name, narrowed(node.provided, self._names(node.subgraph, name)))

    def _names(self, subgraph: int, name: str) -> frozenset[str]:
        type_ = self.merge.subgraphs[subgraph].schema.types.get(name)
        return frozenset({name, *(type_.interfaces if isinstance(type_, FieldsType) else ())})

    def step(self, node: Node, name: str) -> Step | None:
        """The field `name` from an object's node; None, where the subgraph does not resolve it."""
        key = (node, name)
        if key not in self._steps:
            self._steps[key] = self._find_step(node, name)
        return self._steps[key]

    def _find_step(self, node: Node, name: str) -> Step | None:
        subgraph = self.merge.subgraphs[node.subgraph]
        type_ = subgraph.schema.fields_type(node.type)
        field = type_.fields.get(name) if type_ else None
        if field is None:
            return None
        provided = inner_of(narrowed(node.provided, self._names(node.subgraph, node.type)), name)
        overrides = self.merge.overrides.get(field.coordinate)
        label = overrides.labels.get(node.subgraph) if overrides else None
        overridden = overrides is not None and overrides.gone(node.subgraph)
        if (subgraph.facts.is_external(field) or (overridden and label is None)) and provided is None:
            return None
        return Step(
            self._target(node.subgraph, field, provided or ()),
            _field_set(field, "requires"),
            None if label is None or provided is not None else Label(label, on=not overridden),
            tuple(_contexts(field)),
        )

    def _target(self, subgraph: int, field: Field, provided: Selection) -> Node:
        more = _field_set(field, "provides")
        return Node(subgraph, base_name(field.type), (*provided, *more))

    def interface_step(self, node: Node, name: str) -> Step | None:
        """The field `name` of an interface, where every type it can be resolves it right here."""
        subgraph = self.merge.subgraphs[node.subgraph]
        type_ = subgraph.schema.types.get(node.type)
        if not isinstance(type_, InterfaceType) or name not in type_.fields:
            return None
        for each in subgraph.schema.runtime_types(type_):
            step = self.step(Node(node.subgraph, each.name), name)
            if step is None or step.requires or step.label or step.contexts:
                return None
        return Step(self._target(node.subgraph, type_.fields[name], inner_of(node.provided, name) or ()))

    def local_key(self, node: Node) -> bool:
        """Whether the subgraph knows all of some key, so that it can be come back to."""
        key = (node.subgraph, node.type)
        if key not in self._local_keys:
            self._local_keys[key] = self._has_local_key(node)
        return self._local_keys[key]

    def _has_local_key(self, node: Node) -> bool:
        subgraph = self.merge.subgraphs[node.subgraph]
        type_ = subgraph.schema.fields_type(node.type)
        keys = type_.applied("key") if type_ else []
        return any(
            self._knows(Node(node.subgraph, node.type), selection(str(key.arguments.get("fields")))) for key in keys
        )

    def _knows(self, node: Node, selected: Selection) -> bool:
        for part in selected:
            name = getattr(part, "name", None)
            step = self.step(node, name) if isinstance(name, str) and name != "__typename" else None
            if name != "__typename" and (step is None or not self._knows(step.target, part.inner)):
                return False
        return True

    def jumps(self, node: Node) -> Iterator[Jump]:
        """The other subgraphs that may be asked for the same entity, given a key of theirs."""
        return (jump for jump in self.entries(node.type) if jump.target.subgraph != node.subgraph)

    def entries(self, name: str) -> tuple[Jump, ...]:
        """The ways into each subgraph for a value of the type `name`."""
        known = self._entries.get(name)
        if known is None:
            known = tuple(self._root_entries(name) if name in self._roots else self._keyed.get(name, ()))
            self._entries[name] = known
        return known

    @cached_property
    def _roots(self) -> frozenset[str]:
        return frozenset(self.merge.supergraph.roots.values())

    def _root_entries(self, name: str) -> Iterator[Jump]:
        """Root types need no key."""
        for index, subgraph in enumerate(self.merge.subgraphs):
            if name in subgraph.schema.types:
                yield Jump(Node(index, name), ())

    @cached_property
    def _keyed(self) -> dict[str, list[Jump]]:
        """For each type, the subgraphs that resolve it by a key, interface objects for all they stand for."""
        found: dict[str, list[Jump]] = {}
        for index, subgraph in enumerate(self.merge.subgraphs):
            for type_ in subgraph.schema.with_fields():
                for key in type_.applied("key"):
                    if key.arguments.get("resolvable") is False:
                        continue
                    jump = Jump(Node(index, type_.name), selection(str(key.arguments.get("fields"))))
                    found.setdefault(type_.name, []).append(jump)
                    if self.merge.is_interface_object(index, type_.name):
                        for each in self.merge.supergraph.objects():
                            if type_.name in each.interfaces:
                                found.setdefault(each.name, []).append(jump)
        return found


def _field_set(field: Field, meaning: str) -> Selection:
    applied = field.applied(meaning)
    return selection(str(applied[0].arguments.get("fields"))) if applied else ()


def _contexts(field: Field) -> Iterator[Context]:
    for argument in field.arguments.values():
        for applied in argument.applied("fromContext"):
            name, text = parse_context(applied.arguments.get("field"))
            yield Context(name, selection(text))
