"""Split off what the router answers itself: `__schema` and `__type`."""

from dataclasses import replace
from typing import Final

from graphql import (
    REMOVE,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.language.visitor import VisitorAction

from router.plan.normalize.operation import fragments_of
from router.plan.selections import Selection

INTROSPECTION: Final = frozenset({"__schema", "__type"})


def split_introspection(
    document: DocumentNode, definition: OperationDefinitionNode, selection: Selection
) -> DocumentNode | None:
    """A document that asks for the introspective fields of the operation alone; None if it has none."""
    if all(each.name not in INTROSPECTION for each in selection.fields):
        return None
    document, definition = visit(document, _WithoutDefer()), visit(definition, _WithoutDefer())
    kept = _keep(definition.selection_set, document)
    variables = _variables(kept, document)
    operation = replace(
        definition,
        selection_set=kept,
        directives=(),
        variable_definitions=tuple(
            each for each in definition.variable_definitions or () if each.variable.name.value in variables
        ),
    )
    fragments = [each for each in document.definitions if isinstance(each, FragmentDefinitionNode)]
    return DocumentNode(definitions=(operation, *fragments))


class _WithoutDefer(Visitor):
    """Drops `@defer`: what the router answers itself comes at once."""

    def enter_directive(self, node: DirectiveNode, *_: object) -> VisitorAction:
        return REMOVE if node.name.value == "defer" else None


def _keep(selections: SelectionSetNode, document: DocumentNode) -> SelectionSetNode:
    """The introspective fields of the root, out of whatever fragments hold them."""
    fragments = fragments_of(document)
    kept: list[FieldNode | InlineFragmentNode] = []
    for node in selections.selections:
        match node:
            case FieldNode():
                if node.name.value in INTROSPECTION:
                    kept.append(node)
                continue
            case FragmentSpreadNode():
                inner = fragments[node.name.value].selection_set
            case InlineFragmentNode():
                inner = node.selection_set
            case _:
                continue
        nested = _keep(inner, document)
        if nested.selections:
            kept.append(InlineFragmentNode(directives=node.directives, selection_set=nested))
    return SelectionSetNode(selections=tuple(kept))


def _variables(selections: SelectionSetNode, document: DocumentNode) -> set[str]:
    """Names of the variables that the kept fields use, through fragments as well."""
    names: set[str] = set()

    class Names(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            names.add(node.name.value)

    visit(selections, Names())
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            visit(definition.selection_set, Names())
    return names
