"""What each subgraph has of a schema."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode

from tests.conformance.monolith.schema import Field, Kind, Schema, interfaces_of


@dataclass(slots=True)
class Part:
    """What one subgraph has.

    Attributes:
        owned: the fields it resolves, by type.
        external: the fields that it only mentions, by type.
        provided: what its fields provide, by type and field.
        overrides: the subgraph that a field is taken from, by type and field.
        types: all types that it mentions.
        keys: of each entity, with whether the subgraph can be entered by it.
        objects: the interfaces that it has as interface objects.
        lacks: of value types, the fields that it does not have.
        labels: under which a field is overridden, by type and field; always where there is none.
        is_old: it is written as in Federation 1.
        extends: of an old one, the entities that it says are another one's.
    """

    name: str
    owned: dict[str, set[str]] = field(default_factory=lambda: defaultdict[str, set[str]](set))
    external: dict[str, set[str]] = field(default_factory=lambda: defaultdict[str, set[str]](set))
    provided: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    overrides: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    types: set[str] = field(default_factory=set[str])
    keys: dict[str, list[tuple[str, bool]]] = field(default_factory=dict[str, list[tuple[str, bool]]])
    objects: set[str] = field(default_factory=set[str])
    lacks: dict[str, set[str]] = field(default_factory=lambda: defaultdict[str, set[str]](set))
    labels: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    is_old: bool = False
    extends: set[str] = field(default_factory=set[str])


def nodes(schema: Schema, name: str, selected: SelectionSetNode) -> Iterator[tuple[str, FieldNode]]:
    """Every field of a selection at any depth, with the type it is of."""
    for node in selected.selections:
        if isinstance(node, InlineFragmentNode) and node.type_condition is not None:
            yield from nodes(schema, node.type_condition.name.value, node.selection_set)
        elif isinstance(node, FieldNode):
            yield name, node
            field_ = schema[name].fields.get(node.name.value)
            if node.selection_set is not None and field_ is not None:
                yield from nodes(schema, field_.base, node.selection_set)


def may_have(schema: Schema, part: Part, name: str, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a subgraph can mention a type: none has an interface object and what it stands for."""
    type_ = schema.get(name)
    if type_ is None or name in seen:
        return True
    seen |= {name}
    match type_.kind:
        case Kind.ENTITY:
            owners = [each.base for each in type_.fields.values() if each.is_key and each.base in schema]
            is_hidden = any(each in part.objects for each in interfaces_of(schema, name))
            return not is_hidden and all(may_have(schema, part, each, seen) for each in owners)
        case Kind.VALUE:
            bases = {each for field in type_.fields.values() for each in (field.base, *field.runtime)}
            return all(may_have(schema, part, each, seen) for each in bases)
        case Kind.INTERFACE:
            return name in part.objects or all(may_have(schema, part, each, seen) for each in type_.members)
        case _:
            return True


def can_own(schema: Schema, part: Part, field_: Field) -> bool:
    """Whether a subgraph can resolve a field, whatever it is of."""
    if field_.base in part.objects:
        return True
    return all(may_have(schema, part, each) for each in (field_.base, *field_.runtime))


def can_mention(schema: Schema, part: Part, field_: Field) -> bool:
    """Whether a subgraph can select below a field that is another one's."""
    return field_.base not in part.objects and can_own(schema, part, field_)
