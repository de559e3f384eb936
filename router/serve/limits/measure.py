"""How large the operations of a document are, before they are validated or planned."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

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

from router.serve.errors import TOO_COMPLEX, TOO_DEEP, Refused
from router.serve.limits.bounds import Limits


class Measures(NamedTuple):
    """Of a selection set, as if its fragments stood where they are spread.

    Attributes:
        depth: fields within fields.
    """

    fields: int = 0
    aliases: int = 0
    depth: int = 0


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
        Refused: an operation exceeds one of the limits.
    """
    meter = _Meter(fragments_of(document), {})
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            _check(meter.measure(definition.selection_set), limits)
            _at_most(limits.root_fields, meter.root_fields(definition.selection_set), "root fields")


def _check(measures: Measures, limits: Limits) -> None:
    if measures.depth > limits.field_depth:
        message = f"The operation has fields nested deeper than {limits.field_depth} levels."
        raise Refused.because(message, TOO_DEEP)
    _at_most(limits.selections, measures.fields, "fields")
    _at_most(limits.aliases, measures.aliases, "aliases")


def _at_most(limit: int, count: int, what: str) -> None:
    if count > limit:
        raise Refused.because(f"The operation selects more than {limit} {what}.", TOO_COMPLEX)


@dataclass(frozen=True, slots=True)
class _Meter:
    fragments: Mapping[str, FragmentDefinitionNode]
    known: dict[str, Measures]

    def measure(self, selections: SelectionSetNode) -> Measures:
        fields = aliases = depth = 0
        for selection in selections.selections:
            part = self._part(selection)
            fields += part.fields
            aliases += part.aliases
            depth = max(depth, part.depth)
        return Measures(fields, aliases, depth)

    def root_fields(self, selections: SelectionSetNode) -> int:
        """How many keys the answer has; a field that several fragments select alike is one."""
        return len(set(self._root_keys(selections, set())))

    def _part(self, selection: SelectionNode) -> Measures:
        match selection:
            case FieldNode(alias=alias, selection_set=nested):
                below = self.measure(nested) if nested else Measures()
                return Measures(below.fields + 1, below.aliases + (alias is not None), below.depth + 1)
            case InlineFragmentNode(selection_set=nested):
                return self.measure(nested)
            case FragmentSpreadNode(name=name):
                return self._fragment(name.value)
            case _:
                return Measures()

    def _fragment(self, name: str) -> Measures:
        known = self.known.get(name)
        if known is None:
            self.known[name] = Measures()
            definition = self.fragments.get(name)
            known = self.measure(definition.selection_set) if definition else Measures()
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
