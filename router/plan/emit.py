"""The text of a fetch: what the subgraph is sent."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import OperationDefinitionNode, VariableNode, Visitor, visit
from graphql.language import print_ast

from router.plan.conditions import Alternative, When
from router.plan.fetch_graph import Emission, Selected, Step
from router.plan.nodes import Condition, OperationKind
from router.plan.selections import TYPENAME


class Emitter:
    """Writes the fetches of one operation."""

    def __init__(self, operation: OperationDefinitionNode) -> None:
        definitions = operation.variable_definitions or ()
        self._definitions = {each.variable.name.value: print_ast(each) for each in definitions}

    def emit(self, step: Step, known: Alternative) -> tuple[str, tuple[str, ...]]:
        """The text and the client's variables in it; conditions in `known` hold whenever it is sent."""
        writer = _Writer(frozenset(known))
        body = writer.selected(step.selected)
        used = tuple(name for name in self._definitions if name in writer.variables)
        definitions = [self._definitions[name] for name in used]
        if step.described:
            definitions.insert(0, "$representations: [_Any!]!")
            body = f"{{ _entities(representations: $representations) {body} }}"
        head = f"({', '.join(definitions)}) " if definitions else ""
        if not head and step.kind is OperationKind.QUERY:
            return body, used
        return f"{step.kind.value} {head}{body}" if head else f"{step.kind.value} {body}", used


def text_of(selected: Selected) -> str:
    """The selections as text, with all their conditions."""
    return _Writer(frozenset()).selected(selected)


class _Writer:
    """Writes selections, noting the variables they use."""

    def __init__(self, known: frozenset[Condition]) -> None:
        self._known = known
        self.variables: set[str] = set()

    def selected(self, selected: Selected) -> str:
        by_condition: dict[str | None, list[str]] = {}
        for (condition, slot), emission in selected.emissions.items():
            if condition is not None and emission.below is None and self._covered(selected, emission):
                continue
            by_condition.setdefault(condition, []).extend(self._field(emission, slot.key))
        if not by_condition:
            return f"{{ {TYPENAME} }}"
        parts = by_condition.pop(None, [])
        parts += [f"... on {condition} {{ {' '.join(fields)} }}" for condition, fields in by_condition.items()]
        return f"{{ {' '.join(parts)} }}"

    def _covered(self, selected: Selected, emission: Emission) -> bool:
        """Whether the field is selected without a type condition as well."""
        plain = selected.emissions.get((None, emission.slot))
        return plain is not None and not plain.when

    def _field(self, emission: Emission, key: str) -> Iterable[str]:
        field = emission.slot.field
        text = field.name if key == field.name else f"{key}: {field.name}"
        if field.signature and field.arguments:
            text += f"({field.signature})"
            self.variables |= variables_of(field.arguments) if "$" in field.signature else set()
        below = "" if emission.below is None else " " + self.selected(emission.below)
        if not emission.when:
            return [text + below]
        return [self._guarded(text, below, alternative) for alternative in self._left(emission.when)]

    def _left(self, when: When) -> When:
        """Alternatives without what is known to hold; one that holds anyway is enough."""
        left = tuple(tuple(each for each in alternative if each not in self._known) for alternative in when)
        return left if all(left) else ((),)

    def _guarded(self, text: str, below: str, alternative: Alternative) -> str:
        by_value: Mapping[bool, list[str]] = {
            value: [each.variable for each in alternative if each.value is value] for value in (True, False)
        }
        self.variables.update(each.variable for each in alternative)
        included, skipped = by_value[True], by_value[False]
        written = text + _directives(included[:1], skipped[:1]) + below
        for depth in range(1, max(len(included), len(skipped))):
            directives = _directives(included[depth : depth + 1], skipped[depth : depth + 1])
            written = f"...{directives} {{ {written} }}"
        return written


def _directives(included: Iterable[str], skipped: Iterable[str]) -> str:
    written = [f" @include(if: ${name})" for name in included] + [f" @skip(if: ${name})" for name in skipped]
    return "".join(written)


def variables_of(nodes: Any) -> set[str]:
    """Names of the variables in arguments."""
    names: set[str] = set()

    class Names(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            names.add(node.name.value)

    for node in nodes:
        visit(node, Names())
    return names
