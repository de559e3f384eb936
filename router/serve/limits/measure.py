"""How large the operations of a document are, before they are validated or planned."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from router.serve.errors import INTROSPECTION_OFF, TOO_COMPLEX, TOO_DEEP, Refused
from router.serve.limits.bounds import Limits

_ROOTS: Final = frozenset({"__schema", "__type"})
_RECURSIVE: Final = frozenset({"fields", "interfaces", "possibleTypes", "inputFields"})
"""Lists that lead from types to types."""
_LISTS: Final = _RECURSIVE | {"types", "args", "enumValues", "directives"}


class Measures(NamedTuple):
    """Of a selection set, as if its fragments stood where they are spread.

    Attributes:
        depth: fields within fields.
        lists: fields with names that lists of the schema have; below `__schema` and `__type`, they are these.
        list_depth: such fields within each other.
        introspected: the `lists` below `__schema` and `__type`; None without these.
        introspected_depth: their `list_depth`.
    """

    fields: int = 0
    aliases: int = 0
    directives: int = 0
    depth: int = 0
    lists: int = 0
    list_depth: int = 0
    introspected: int | None = None
    introspected_depth: int = 0


NOTHING: Final = Measures()


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The fragments of a document by name."""
    return {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }


def check_operations(document: DocumentNode, limits: Limits) -> None:
    """Refuse a document of which an operation is too deep or too large; each fragment is looked at once.

    A fragment that spreads itself counts as nothing here; validation refuses it.

    Raises:
        Refused: an operation exceeds one of the limits, or there are too many.
    """
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if len(operations) > limits.operations:
        raise Refused.because(f"The document has more than {limits.operations} operations.", TOO_COMPLEX)
    meter = _Meter(fragments_of(document), {})
    for operation in operations:
        measures = meter.measure(operation.selection_set)
        applied = len(operation.directives or ()) + sum(
            len(each.directives or ()) for each in operation.variable_definitions or ()
        )
        _check(measures._replace(directives=measures.directives + applied), limits)
        _at_most(limits.root_fields, meter.root_fields(operation.selection_set), "root fields")


def _check(measures: Measures, limits: Limits) -> None:
    if measures.depth > limits.field_depth:
        message = f"The operation has fields nested deeper than {limits.field_depth} levels."
        raise Refused.because(message, TOO_DEEP)
    _at_most(limits.selections, measures.fields, "fields")
    _at_most(limits.aliases, measures.aliases, "aliases")
    if measures.directives > limits.directives:
        raise Refused.because(f"The operation has more than {limits.directives} directives.", TOO_COMPLEX)
    if measures.introspected is not None:
        _check_introspection(measures.introspected, measures.introspected_depth, limits)


def _check_introspection(lists: int, depth: int, limits: Limits) -> None:
    if not limits.introspection:
        raise Refused.because("The schema cannot be asked for here.", INTROSPECTION_OFF)
    if depth > limits.introspection_depth:
        message = f"The operation nests lists of the schema deeper than {limits.introspection_depth} levels."
        raise Refused.because(message, TOO_DEEP)
    _at_most(limits.introspection_lists, lists, "lists of the schema")


def _at_most(limit: int, count: int, what: str) -> None:
    if count > limit:
        raise Refused.because(f"The operation selects more than {limit} {what}.", TOO_COMPLEX)


@dataclass(frozen=True, slots=True)
class _Meter:
    fragments: Mapping[str, FragmentDefinitionNode]
    known: dict[str, Measures]

    def measure(self, selections: SelectionSetNode) -> Measures:
        total = NOTHING
        for selection in selections.selections:
            total = _together(total, self._part(selection))
        return total

    def root_fields(self, selections: SelectionSetNode) -> int:
        """How many keys the answer has; a field that several fragments select alike is one."""
        return len(set(self._root_keys(selections, set())))

    def _part(self, selection: SelectionNode) -> Measures:
        match selection:
            case FieldNode(selection_set=nested):
                part = _field(selection, self.measure(nested) if nested else NOTHING)
            case InlineFragmentNode(selection_set=nested):
                part = self.measure(nested)
            case FragmentSpreadNode(name=name):
                part = self._fragment(name.value)
            case _:
                part = NOTHING
        applied = len(selection.directives or ())
        return part._replace(directives=part.directives + applied) if applied else part

    def _fragment(self, name: str) -> Measures:
        known = self.known.get(name)
        if known is None:
            self.known[name] = NOTHING
            definition = self.fragments.get(name)
            known = NOTHING
            if definition is not None:
                measures = self.measure(definition.selection_set)
                known = measures._replace(directives=measures.directives + len(definition.directives or ()))
            self.known[name] = known
        return known

    def _root_keys(self, selections: SelectionSetNode, seen: set[str]) -> Iterator[str]:
        for selection in selections.selections:
            match selection:
                case FieldNode(alias=alias, name=name):
                    yield (alias or name).value
                case InlineFragmentNode(selection_set=nested):
                    yield from self._root_keys(nested, seen)
                case FragmentSpreadNode(name=name) if name.value in self.fragments and name.value not in seen:
                    seen.add(name.value)
                    yield from self._root_keys(self.fragments[name.value].selection_set, seen)
                case _:
                    pass


def _field(node: FieldNode, below: Measures) -> Measures:
    """The measures of a field, of whose selection set they are `below`."""
    name = node.name.value
    is_root = name in _ROOTS
    return Measures(
        below.fields + 1,
        below.aliases + (node.alias is not None),
        below.directives,
        below.depth + 1,
        below.lists + (name in _LISTS),
        below.list_depth + (name in _RECURSIVE),
        below.lists if is_root else below.introspected,
        below.list_depth if is_root else below.introspected_depth,
    )


def _together(first: Measures, other: Measures) -> Measures:
    """The measures of selections beside each other."""
    introspected = first.introspected
    if other.introspected is not None:
        introspected = other.introspected + (introspected or 0)
    return Measures(
        first.fields + other.fields,
        first.aliases + other.aliases,
        first.directives + other.directives,
        max(first.depth, other.depth),
        first.lists + other.lists,
        max(first.list_depth, other.list_depth),
        introspected,
        max(first.introspected_depth, other.introspected_depth),
    )
