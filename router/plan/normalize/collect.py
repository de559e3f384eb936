"""Inline fragments: each field with the runtime types and the conditions under which it applies.

Source: https://spec.graphql.org/draft/#CollectFields()
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
)

from router.plan.conditions import ALWAYS, When, both
from router.plan.nodes import Condition
from router.plan.normalize.defer import Deferral
from router.plan.normalize.introspection import INTROSPECTION
from router.plan.selections import DeferUsage


class Occurrence(NamedTuple):
    """A field as written once, with what the fragments around it say.

    `on` is None where every type that the value may have is meant; `parent` is the type it was written against; `usage`
    is the innermost fragment around it that is deferred.
    """

    node: FieldNode
    parent: str
    on: frozenset[str] | None
    when: When
    usage: DeferUsage | None = None


class Collector:
    """Collects the occurrences of one value's selections."""

    def __init__(
        self,
        possible_types: Mapping[str, frozenset[str]],
        fragments: Mapping[str, FragmentDefinitionNode],
        possible: frozenset[str],
        deferral: Deferral | None = None,
    ) -> None:
        self._possible_types = possible_types
        self._fragments = fragments
        self._possible = possible
        self._deferral = deferral
        self.found: list[Occurrence] = []
        self.introduced: list[DeferUsage] = []

    def collect(
        self,
        selections: SelectionSetNode,
        parent: str,
        on: frozenset[str] | None,
        when: When,
        usage: DeferUsage | None = None,
    ) -> None:
        """Add the fields of `selections`, written against the type `parent`."""
        for node in selections.selections:
            condition = _condition(node.directives) if node.directives else ALWAYS
            applied = when if condition == ALWAYS else None if condition is None else both(when, condition)
            if applied is None:
                continue
            if isinstance(node, FieldNode):
                own = None if node.name.value in INTROSPECTION else usage
                self.found.append(Occurrence(node, parent, on, applied, own))
            elif isinstance(node, InlineFragmentNode):
                name = parent if node.type_condition is None else node.type_condition.name.value
                self._narrow(node.selection_set, parent, name, on, applied, self._usage(node.directives, usage))
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                name = fragment.type_condition.name.value
                self._narrow(fragment.selection_set, parent, name, on, applied, self._usage(node.directives, usage))

    def _usage(self, directives: Sequence[DirectiveNode] | None, usage: DeferUsage | None) -> DeferUsage | None:
        """The innermost deferred fragment within a fragment with these directives."""
        entered = None if self._deferral is None or not directives else self._deferral.enter(directives, usage)
        if entered is None:
            return usage
        self.introduced.append(entered)
        return entered

    def _narrow(
        self,
        selections: SelectionSetNode,
        parent: str,
        condition: str,
        on: frozenset[str] | None,
        when: When,
        usage: DeferUsage | None,
    ) -> None:
        if condition == parent:
            self.collect(selections, parent, on, when, usage)
            return
        base = self._possible if on is None else on
        narrowed = base & self._possible_types[condition]
        if narrowed:
            self.collect(selections, condition, None if narrowed == self._possible else narrowed, when, usage)


def _condition(directives: Iterable[DirectiveNode]) -> When | None:
    """What @skip and @include ask for; None if they can never be met."""
    when: When | None = ALWAYS
    for directive in directives:
        name = directive.name.value
        if name in {"skip", "include"} and directive.arguments:
            value = directive.arguments[0].value
            if isinstance(value, BooleanValueNode):
                if value.value is (name == "skip"):
                    return None
            elif isinstance(value, VariableNode) and when is not None:
                when = both(when, ((Condition(value.name.value, name == "include"),),))
    return when
