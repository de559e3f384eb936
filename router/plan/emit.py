"""The text of a fetch: what the subgraph is sent."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from graphql import OperationDefinitionNode, VariableDefinitionNode, VariableNode, Visitor, visit
from graphql.language import print_ast

from router.plan.conditions import ALWAYS, Alternative, given
from router.plan.entities_text import CUT
from router.plan.fetch_graph import Emission, Selected
from router.plan.nodes import Condition
from router.plan.positions import Slot
from router.plan.selections import TYPENAME
from router.supergraph.model import ContextArgument

ContextNames: TypeAlias = Mapping[tuple[Slot, ContextArgument], str]
"""The variables that give contextual arguments."""


class Written(NamedTuple):
    """Selections, and the client's variables in them."""

    text: str
    variables: frozenset[str]


class Emitter:
    """Writes the fetches of one operation."""

    def __init__(self, operation: OperationDefinitionNode) -> None:
        definitions = operation.variable_definitions or ()
        self._definitions: Mapping[str, VariableDefinitionNode] = {
            each.variable.name.value: each for each in definitions
        }

    def reserved(self, name: str) -> str:
        """A name for a variable, the client having none of that name, nor of one that a number follows."""
        while any(each == name or each.startswith(f"{name}_") for each in self._definitions):
            name = f"_{name}"
        return name

    def declared(self, variables: frozenset[str]) -> Mapping[str, str]:
        """How each of these is declared, in the client's order."""
        return {name: _definition_text(each) for name, each in self._definitions.items() if name in variables}


def write(selected: Selected, known: Alternative = (), contexts: ContextNames = MappingProxyType({})) -> Written:
    """The selections; of their conditions those are left out that are in `known` and hold anyway.

    Each variable of `contexts` is followed by `CUT`.
    """
    writer = _Writer(contexts)
    return Written(writer.selected(selected, known), frozenset(writer.variables))


class _Writer:
    """Writes selections, noting the variables they use."""

    def __init__(self, contexts: ContextNames) -> None:
        self._contexts = contexts
        self.variables: set[str] = set()

    def selected(self, selected: Selected, known: Alternative) -> str:
        """The selections of a value that is there where the conditions in `known` hold."""
        by_condition: dict[str | None, list[str]] = {}
        for (condition, slot), emission in selected.emissions.items():
            if condition is not None and emission.below is None and self._covered(selected, emission, known):
                continue
            fields = self._field(emission, slot.key, known)
            if fields:
                by_condition.setdefault(condition, []).extend(fields)
        if not by_condition:
            return f"{{ {TYPENAME} }}"
        parts = by_condition.pop(None, [])
        parts += [f"... on {condition} {_braced(fields)}" for condition, fields in by_condition.items()]
        return _braced(parts)

    def _covered(self, selected: Selected, emission: Emission, known: Alternative) -> bool:
        """Whether the field is selected without a type condition as well."""
        plain = selected.emissions.get((None, emission.slot))
        return plain is not None and given(plain.when, known) == ALWAYS

    def _field(self, emission: Emission, key: str, known: Alternative) -> list[str]:
        when = given(emission.when, known)
        if when is None:
            return []
        field = emission.slot.field
        text = field.name if key == field.name else f"{key}: {field.name}"
        arguments = self._arguments(emission)
        if arguments:
            text += f"({arguments})"
        if not when:
            return [text + self._below(emission, known)]
        return [self._guarded(text, self._below(emission, (*known, *each)), each) for each in when]

    def _below(self, emission: Emission, known: Alternative) -> str:
        return "" if emission.below is None else f" {self.selected(emission.below, known)}"

    def _arguments(self, emission: Emission) -> str:
        field = emission.slot.field
        own = [field.signature] if field.arguments else []
        if own and "$" in field.signature:
            self.variables |= variables_of(field.arguments)
        if emission.edge is None or not emission.edge.contexts:
            return "".join(own)
        contextual = [
            f"{each.name}: ${variable}{CUT}"
            for each in emission.edge.contexts
            if (variable := self._contexts.get((emission.slot, each))) is not None
        ]
        return ", ".join([*own, *contextual])

    def _guarded(self, text: str, below: str, alternative: Alternative) -> str:
        """A directive may stand on a field only once: what is left over goes on fragments around it."""
        self.variables.update(each.variable for each in alternative)
        included = [each for each in alternative if each.value]
        skipped = [each for each in alternative if not each.value]
        written = f"{text}{_directives((*included[:1], *skipped[:1]))}{below}"
        for depth in range(1, max(len(included), len(skipped))):
            more = (*included[depth : depth + 1], *skipped[depth : depth + 1])
            written = f"...{_directives(more)} {{ {written} }}"
        return written


def _braced(parts: Iterable[str]) -> str:
    return f"{{ {' '.join(parts)} }}"


def _directives(conditions: Iterable[Condition]) -> str:
    return "".join(f" @{'include' if each.value else 'skip'}(if: ${each.variable})" for each in conditions)


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
