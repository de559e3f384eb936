"""What an operation may need of its caller, read from its document alone.

It is more than enough: a field counts for every type that has it where it is selected, whatever the fragments around
it leave. Each fragment is looked at once, however often it is spread.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_operation_ast,
)

from router.supergraph import Supergraph
from router.supergraph.access import AccessKind, AccessRules, Requirement, Requirements

NOTHING: Requirements = frozenset()


@dataclass(frozen=True, slots=True)
class Touched:
    """What an operation may need.

    Attributes:
        policies: all that its requirements name.
    """

    requirements: Requirements
    policies: frozenset[str]

    @classmethod
    def by(cls, supergraph: Supergraph, rules: AccessRules, document: DocumentNode, name: str | None) -> "Touched":
        """What the operation of that name may need; nothing if there is none."""
        operation = get_operation_ast(document, name)
        found = NOTHING if operation is None else _Reader(supergraph, rules, document).operation(operation)
        policies = (each.options for each in found if each.kind is AccessKind.POLICIES)
        return cls(found, frozenset(name for options in policies for option in options for name in option))


@dataclass(slots=True)
class _Reader:
    supergraph: Supergraph
    rules: AccessRules
    document: DocumentNode
    found: set[Requirement] = field(default_factory=set[Requirement])
    _fragments: Mapping[str, FragmentDefinitionNode] = field(init=False)
    _seen: set[str] = field(default_factory=set[str])

    def operation(self, operation: OperationDefinitionNode) -> Requirements:
        self._fragments = {
            each.name.value: each for each in self.document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        root = self.supergraph.roots[operation.operation.value]
        self.found |= self.rules.below(root)
        self._read(operation.selection_set, root)
        return frozenset(self.found)

    def _read(self, selections: SelectionSetNode, parent: str) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                self._field(node, parent)
            elif isinstance(node, FragmentSpreadNode):
                if node.name.value not in self._seen:
                    self._seen.add(node.name.value)
                    fragment = self._fragments[node.name.value]
                    self._read(fragment.selection_set, fragment.type_condition.name.value)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                self._read(node.selection_set, parent if condition is None else condition.name.value)

    def _field(self, node: FieldNode, parent: str) -> None:
        name = node.name.value
        if name.startswith("__"):
            return
        self.found |= self.rules.touched(parent, name)
        info = self.supergraph.types[parent].fields.get(name)
        if info is not None and node.selection_set is not None:
            self._read(node.selection_set, info.type_name)
