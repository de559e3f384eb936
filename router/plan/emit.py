"""The text of a fetch, and the same as a document: what the subgraph is sent."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    visit,
)
from graphql.language import print_ast

from router.plan.conditions import Alternative, When
from router.plan.fetch_graph import Emission, Selected, Step
from router.plan.nodes import Condition, OperationKind
from router.plan.selections import TYPENAME

_SelectionNode = FieldNode | InlineFragmentNode


class Emitted(NamedTuple):
    """What a step sends, and the client's variables in it."""

    text: str
    document: DocumentNode
    variables: tuple[str, ...]


class Emitter:
    """Writes the fetches of one operation."""

    def __init__(self, operation: OperationDefinitionNode) -> None:
        definitions = operation.variable_definitions or ()
        self._definitions = {each.variable.name.value: each for each in definitions}

    def emit(self, step: Step, known: Alternative) -> Emitted:
        """What `step` sends; conditions in `known` hold whenever it is sent."""
        writer = _Writer(frozenset(known))
        body = writer.selected(step.selected)
        used = tuple(name for name in self._definitions if name in writer.variables)
        definitions = [self._definitions[name] for name in used]
        if step.described:
            definitions.insert(0, _REPRESENTATIONS)
            field = FieldNode(name=_name("_entities"), arguments=_ENTITIES_ARGUMENTS, selection_set=body.node)
            body = _Written(
                f"{{ _entities(representations: $representations) {body.text} }}", SelectionSetNode(selections=(field,))
            )
        head = f"({', '.join(_definition_text(each) for each in definitions)}) " if definitions else ""
        plain = not head and step.kind is OperationKind.QUERY
        text = body.text if plain else f"{step.kind.value} {head}{body.text}"
        operation = OperationDefinitionNode(
            operation=OperationType(step.kind.value), variable_definitions=tuple(definitions), selection_set=body.node
        )
        return Emitted(text, DocumentNode(definitions=(operation,)), used)


def text_of(selected: Selected) -> str:
    """The selections as text, with all their conditions."""
    return _Writer(frozenset()).selected(selected).text


class _Written(NamedTuple):
    text: str
    node: SelectionSetNode


class _Writer:
    """Writes selections, noting the variables they use."""

    def __init__(self, known: frozenset[Condition]) -> None:
        self._known = known
        self.variables: set[str] = set()

    def selected(self, selected: Selected) -> _Written:
        by_condition: dict[str | None, list[tuple[str, _SelectionNode]]] = {}
        for (condition, slot), emission in selected.emissions.items():
            if condition is not None and emission.below is None and self._covered(selected, emission):
                continue
            by_condition.setdefault(condition, []).extend(self._field(emission, slot.key))
        if not by_condition:
            return _NOTHING
        parts = by_condition.pop(None, [])
        parts += [_fragment(condition, fields) for condition, fields in by_condition.items()]
        return _selection(parts)

    def _covered(self, selected: Selected, emission: Emission) -> bool:
        """Whether the field is selected without a type condition as well."""
        plain = selected.emissions.get((None, emission.slot))
        return plain is not None and not plain.when

    def _field(self, emission: Emission, key: str) -> list[tuple[str, _SelectionNode]]:
        field = emission.slot.field
        text = field.name if key == field.name else f"{key}: {field.name}"
        if field.arguments:
            text += f"({field.signature})"
            if "$" in field.signature:
                self.variables |= variables_of(field.arguments)
        below = None if emission.below is None else self.selected(emission.below)
        node = FieldNode(
            name=_name(field.name),
            alias=None if key == field.name else _name(key),
            arguments=tuple(field.arguments),
            selection_set=None if below is None else below.node,
        )
        written = "" if below is None else f" {below.text}"
        if not emission.when:
            return [(text + written, node)]
        return [self._guarded(text, written, node, alternative) for alternative in self._left(emission.when)]

    def _left(self, when: When) -> When:
        """Alternatives without what is known to hold; one that holds anyway is enough."""
        left = tuple(tuple(each for each in alternative if each not in self._known) for alternative in when)
        return left if all(left) else ((),)

    def _guarded(self, text: str, below: str, field: FieldNode, alternative: Alternative) -> tuple[str, _SelectionNode]:
        """A directive may stand on a field only once: what is left over goes on fragments around it."""
        self.variables.update(each.variable for each in alternative)
        included = [each for each in alternative if each.value]
        skipped = [each for each in alternative if not each.value]
        first = (*included[:1], *skipped[:1])
        written = f"{text}{_directives_text(first)}{below}"
        node: _SelectionNode = FieldNode(
            name=field.name,
            alias=field.alias,
            arguments=field.arguments,
            directives=_directives(first),
            selection_set=field.selection_set,
        )
        for depth in range(1, max(len(included), len(skipped))):
            more = (*included[depth : depth + 1], *skipped[depth : depth + 1])
            written = f"...{_directives_text(more)} {{ {written} }}"
            inner = SelectionSetNode(selections=(node,))
            node = InlineFragmentNode(directives=_directives(more), selection_set=inner)
        return written, node


def _selection(parts: Sequence[tuple[str, _SelectionNode]]) -> _Written:
    text = f"{{ {' '.join(text for text, _ in parts)} }}"
    return _Written(text, SelectionSetNode(selections=tuple(node for _, node in parts)))


def _fragment(condition: str | None, fields: Sequence[tuple[str, _SelectionNode]]) -> tuple[str, _SelectionNode]:
    written = _selection(fields)
    type_condition = None if condition is None else NamedTypeNode(name=_name(condition))
    node = InlineFragmentNode(type_condition=type_condition, selection_set=written.node)
    return f"... on {condition} {written.text}", node


def _directives_text(conditions: Iterable[Condition]) -> str:
    return "".join(f" @{'include' if each.value else 'skip'}(if: ${each.variable})" for each in conditions)


def _directives(conditions: Iterable[Condition]) -> tuple[DirectiveNode, ...]:
    return tuple(
        DirectiveNode(
            name=_name("include" if each.value else "skip"),
            arguments=(ArgumentNode(name=_name("if"), value=VariableNode(name=_name(each.variable))),),
        )
        for each in conditions
    )


@lru_cache(maxsize=10_000)
def _name(value: str) -> NameNode:
    return NameNode(value=value)


@lru_cache(maxsize=1_000)
def _definition_text(definition: VariableDefinitionNode) -> str:
    return print_ast(definition)


def variables_of(nodes: Any) -> set[str]:
    """Names of the variables in arguments."""
    names: set[str] = set()

    class Names(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            names.add(node.name.value)

    for node in nodes:
        visit(node, Names())
    return names


def _representations() -> tuple[VariableDefinitionNode, tuple[ArgumentNode, ...]]:
    operation = parse(
        "query ($representations: [_Any!]!) { _entities(representations: $representations) }", no_location=True
    ).definitions[0]
    if not isinstance(operation, OperationDefinitionNode) or not operation.variable_definitions:
        raise TypeError(operation)
    field = operation.selection_set.selections[0]
    arguments = field.arguments if isinstance(field, FieldNode) else None
    return operation.variable_definitions[0], arguments or ()


_REPRESENTATIONS, _ENTITIES_ARGUMENTS = _representations()
_NOTHING = _Written(f"{{ {TYPENAME} }}", SelectionSetNode(selections=(FieldNode(name=_name(TYPENAME)),)))
