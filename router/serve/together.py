"""Several rules of validation as one, which asks each of them only about the kinds of nodes that it looks at.

graphql-core asks every rule about every kind of node anew for each document, which takes as long as the rules
themselves where documents are small.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, ClassVar, NamedTuple, TypeAlias

from graphql import ASTValidationRule, Node, ValidationContext
from graphql.language.visitor import BREAK, SKIP, EnterLeaveVisitor, VisitorAction

Rule: TypeAlias = type[ASTValidationRule]
Making: TypeAlias = Callable[[ValidationContext], ASTValidationRule]
"""A rule's class, or what makes one of them in its own way."""

Look: TypeAlias = Callable[..., VisitorAction]


class Looks(NamedTuple):
    """Which rules, by their places, look at a kind of node, and by which of their methods."""

    entering: tuple[tuple[int, str], ...]
    leaving: tuple[tuple[int, str], ...]


class Together(ASTValidationRule):
    """Finds what its rules find, in the same order; as any rule, they look at the document and do not change it."""

    rules: ClassVar[tuple[Making, ...]]

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._rules = tuple(rule(context) for rule in self.rules)
        self._classes = tuple(type(rule) for rule in self._rules)
        self._skipping: dict[int, Node | None] = {}
        """The node below which a rule does not look, or None if it looks at nothing more."""

    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        """What is called for a kind of node, if anything."""
        known = self.enter_leave_map.get(kind)
        if known is None:
            known = self.enter_leave_map[kind] = self._looking(_looks(self._classes, kind))
        return known

    def _looking(self, looks: Looks) -> EnterLeaveVisitor:
        if not any(looks):
            return EnterLeaveVisitor(None, None)
        enters, leaves = self._bound(looks.entering), self._bound(looks.leaving)
        return EnterLeaveVisitor(partial(self._enter, enters), partial(self._leave, leaves))

    def _bound(self, looked: Sequence[tuple[int, str]]) -> list[tuple[int, Look]]:
        return [(index, getattr(self._rules[index], name)) for index, name in looked]

    def _enter(self, looks: Sequence[tuple[int, Look]], node: Node, *path: Any) -> None:
        skipping = self._skipping
        for index, look in looks:
            if index not in skipping:
                action = look(node, *path)
                if action is SKIP:
                    skipping[index] = node
                elif action is BREAK:
                    skipping[index] = None

    def _leave(self, looks: Sequence[tuple[int, Look]], node: Node, *path: Any) -> None:
        skipping = self._skipping
        for index, look in looks:
            if index not in skipping and look(node, *path) is BREAK:
                skipping[index] = None
        for index in [index for index, skipped in skipping.items() if skipped is node]:
            del skipping[index]


def together(rules: Sequence[Making]) -> Rule:
    """A rule that is all of these."""
    return type("TogetherRule", (Together,), {"rules": tuple(rules)})


@cache
def _looks(rules: tuple[Rule, ...], kind: str) -> Looks:
    return Looks(_methods(rules, "enter", kind), _methods(rules, "leave", kind))


def _methods(rules: Sequence[Rule], when: str, kind: str) -> tuple[tuple[int, str], ...]:
    """Of the rules that have one for a kind of node, or one for all kinds."""
    return tuple(
        (index, name)
        for index, rule in enumerate(rules)
        for name in [next((name for name in (f"{when}_{kind}", when) if hasattr(rule, name)), None)]
        if name is not None
    )
