"""The rule "field selection merging", in time proportional to the fields selected.

The usual algorithm compares every pair of fields, so that a few thousand fields under one response key keep a server
busy for seconds. Here the fields of a response key are compared with the first one of their group only, because both
properties that the rule asks for are equivalences: the same shape whatever the parents' types, and the same field with
the same arguments where the parents may be the same object.

Source: https://spec.graphql.org/draft/#sec-Field-Selection-Merging
"""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

from router.serve.errors import VALIDATION_FAILED, Refused

VISITS_PER_SELECTION = 20
"""Fields of interfaces are looked at once per object type beside them; beyond this many times, we give up."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A field in a selection, with the type it is selected on and the type it gives."""

    node: FieldNode
    parent: GraphQLNamedType
    type: Any


Selections: TypeAlias = Iterable[tuple[GraphQLNamedType, SelectionSetNode]]
Groups: TypeAlias = Mapping[str, Sequence[Selected]]


def overlap_errors(
    schema: GraphQLSchema, document: DocumentNode, max_errors: int, max_selections: int, *, names_types: bool = True
) -> list[GraphQLError]:
    """The conflicts in the operations of a document that is valid otherwise; with types, if these are to be named.

    Raises:
        Refused: telling would take too long.
    """
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    check = _Check(schema, fragments, max_errors, max_selections * VISITS_PER_SELECTION, names_types=names_types)
    for definition in document.definitions:
        root = schema.get_root_type(definition.operation) if isinstance(definition, OperationDefinitionNode) else None
        if root is not None:
            groups = check.collect([(root, cast("OperationDefinitionNode", definition).selection_set)])
            check.fields(groups)
            if not check.errors:  # the same pair would be named twice
                check.shapes(groups)
    return check.errors


@dataclass(slots=True)
class _Check:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    max_errors: int
    visits: int
    names_types: bool
    errors: list[GraphQLError] = field(default_factory=list[GraphQLError])

    def collect(self, selections: Selections) -> Groups:
        """All fields of the selections together, fragments included, by response key."""
        groups: dict[str, list[Selected]] = {}
        seen: set[str] = set()
        for parent, selection in selections:
            for each in self._expand(parent, selection, seen):
                key = each.node.alias.value if each.node.alias else each.node.name.value
                groups.setdefault(key, []).append(each)
        return groups

    def shapes(self, groups: Groups) -> None:
        """Every value under one response key has one shape."""
        for key, group in groups.items():
            # As in every other implementation, `__typename` may stand beside any leaf of another type.
            typed = [each for each in group if each.node.name.value != "__typename"]
            for other in typed[1:]:
                first = typed[0]
                if not _same_shape(first.type, other.type):
                    types = f" {first.type} and {other.type}" if self.names_types else ""
                    self._conflict(key, first, other, f"they return conflicting types{types}")
                    break
            else:
                self.shapes(self.collect(_below(group)))

    def fields(self, groups: Groups) -> None:
        """Where one object may be selected on, one response key is one field."""
        for key, group in groups.items():
            for same_parent in _by_parent(group):
                first = same_parent[0]
                for other in same_parent[1:]:
                    reason = _difference(first.node, other.node)
                    if reason is not None:
                        self._conflict(key, first, other, reason)
                        break
                else:
                    self.fields(self.collect(_below(same_parent)))

    def _expand(self, parent: GraphQLNamedType, selection: SelectionSetNode, seen: set[str]) -> Iterator[Selected]:
        for node in selection.selections:
            self.visits -= 1
            if self.visits < 0 or len(self.errors) >= self.max_errors:
                raise Refused.because("The document is too complex to validate.", VALIDATION_FAILED)
            match node:
                case FieldNode():
                    definition = self.schema.get_field(cast("Any", parent), node.name.value)
                    if definition is not None:
                        yield Selected(node, parent, definition.type)
                case InlineFragmentNode():
                    condition = node.type_condition
                    narrowed = self.schema.get_type(condition.name.value) if condition else parent
                    yield from self._expand(narrowed or parent, node.selection_set, seen)
                case FragmentSpreadNode():
                    name = node.name.value
                    if name not in seen:
                        seen.add(name)
                        fragment = self.fragments[name]
                        narrowed = self.schema.get_type(fragment.type_condition.name.value)
                        yield from self._expand(narrowed or parent, fragment.selection_set, seen)
                case _:
                    pass

    def _conflict(self, key: str, first: Selected, other: Selected, reason: str) -> None:
        message = (
            f"Fields '{key}' conflict because {reason}."
            " Use different aliases on the fields to fetch both if this was intentional."
        )
        self.errors.append(GraphQLError(message, [first.node, other.node]))


def _below(group: Iterable[Selected]) -> Selections:
    for each in group:
        if each.node.selection_set is not None:
            yield get_named_type(each.type), each.node.selection_set


def _by_parent(group: Sequence[Selected]) -> Iterable[Sequence[Selected]]:
    """The fields that one object may have: those of its type, and those of interfaces and unions."""
    if len(group) == 1:
        return (group,)
    concrete: dict[str, list[Selected]] = {}
    abstract: list[Selected] = []
    for each in group:
        (concrete.setdefault(each.parent.name, []) if is_object_type(each.parent) else abstract).append(each)
    return [own + abstract for own in concrete.values()] or [abstract]


def _same_shape(first: Any, other: Any) -> bool:
    while is_non_null_type(first) or is_list_type(first):
        if type(first) is not type(other):
            return False
        first, other = first.of_type, other.of_type
    if is_non_null_type(other) or is_list_type(other):
        return False
    return first is other or not (is_leaf_type(first) or is_leaf_type(other))


def _difference(first: FieldNode, other: FieldNode) -> str | None:
    if first.name.value != other.name.value:
        return f"'{first.name.value}' and '{other.name.value}' are different fields"
    if not _same_arguments(first.arguments or (), other.arguments or ()):
        return "they have differing arguments"
    return None


def _same_arguments(first: Sequence[ArgumentNode], other: Sequence[ArgumentNode]) -> bool:
    if len(first) != len(other):
        return False
    values = {each.name.value: each.value for each in other}
    return all(each.name.value in values and _same_value(each.value, values[each.name.value]) for each in first)


def _same_value(first: ValueNode, other: ValueNode) -> bool:
    match first, other:
        case ObjectValueNode(), ObjectValueNode():
            values = {each.name.value: each.value for each in other.fields}
            return len(first.fields) == len(values) and all(
                each.name.value in values and _same_value(each.value, values[each.name.value]) for each in first.fields
            )
        case ListValueNode(), ListValueNode():
            return len(first.values) == len(other.values) and all(map(_same_value, first.values, other.values))
        case VariableNode(), VariableNode():
            return first.name.value == other.name.value
        case _:
            return type(first) is type(other) and getattr(first, "value", None) == getattr(other, "value", None)
