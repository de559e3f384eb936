"""Validation of a document in one walk, in which each rule is asked only about the kinds of nodes that it looks at.

graphql-core asks every rule about every kind of node anew for each document, through visitors around visitors, which
takes longer than the rules themselves where documents are small; and its visitors know themselves, so that each
document leaves hundreds of objects for the garbage collector, which stops everything when it comes to them.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, TypeAlias

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    TypeInfo,
    ValidationContext,
    Visitor,
    assert_valid_schema,
)
from graphql.language.visitor import BREAK, SKIP, VisitorAction
from graphql.validation.validate import (
    FragmentNestingVisitor,
    ValidationAbortedError,
    query_document_keys_to_validate,
)
from graphql.validation.validation_context import NodeWithSelectionSet, VariableUsage, VariableUsageVisitor

Rule: TypeAlias = type[ASTValidationRule]
Making: TypeAlias = Callable[[ValidationContext], ASTValidationRule]
"""A rule's class, or what makes one of them in its own way."""

Look: TypeAlias = Callable[..., VisitorAction]
Tell: TypeAlias = Callable[..., None]


class _Enough(Exception):
    """There are more errors than anybody wants to know."""


class Looks(NamedTuple):
    """What is of interest in a kind of node.

    Attributes:
        entering: visitors by their places, and which of their methods look at it first.
        leaving: the same, when everything below has been looked at.
        tells: whether it says anything of types.
        keys: what may be below it.
    """

    entering: tuple[tuple[int, str], ...]
    leaving: tuple[tuple[int, str], ...]
    tells: bool
    keys: tuple[str, ...]


class Step(NamedTuple):
    """The same for the visitors of one walk; nothing if nobody cares for the kind of node."""

    tell_entered: Tell | None
    tell_left: Tell | None
    entering: tuple[tuple[int, Look], ...]
    leaving: tuple[tuple[int, Look], ...]
    keys: tuple[str, ...]


class Interests:
    """What visitors of some classes look at, found out once for each kind of node."""

    def __init__(self) -> None:
        self._known: dict[str, Looks] = {}

    def in_(self, kind: str, visitors: Sequence[Visitor]) -> Looks:
        """What visitors, always of the same classes in the same order, look at."""
        known = self._known.get(kind)
        if known is None:
            tells = any(hasattr(TypeInfo, f"{when}_{kind}") for when in ("enter", "leave"))
            keys = query_document_keys_to_validate.get(kind, ())
            known = Looks(_methods(visitors, "enter", kind), _methods(visitors, "leave", kind), tells, keys)
            self._known[kind] = known
        return known


class Walk:
    """Through a document or a part of it; visitors look at it and do not change it."""

    def __init__(self, type_info: TypeInfo, visitors: Sequence[Visitor], interests: Interests) -> None:
        """Args: `type_info` is where the walk begins, and is there again when it has ended."""
        self._type_info = type_info
        self._visitors = visitors
        self._interests = interests
        self._steps: dict[str, Step | None] = {}
        self._skipping: dict[int, Node | None] = {}
        """The node below which a visitor does not look, or None if it looks at nothing more."""
        self._path: list[str | int] = []
        self._ancestors: list[Any] = []

    def visit(self, node: Node, key: str | int | None = None, parent: Any = None) -> None:
        """Visit a node, which is below `parent` under `key`, and everything below it."""
        try:
            step = self._steps[node.kind]
        except KeyError:
            step = self._steps[node.kind] = self._step(node.kind)
        if step is None:
            return
        if step.tell_entered is not None:
            step.tell_entered(node)
        if step.entering:
            self._enter(step, node, key, parent)
        if step.keys:
            self._descend(step, node, parent)
        if step.leaving or self._skipping:
            self._leave(step, node, key, parent)
        if step.tell_left is not None:
            step.tell_left()

    def _enter(self, step: Step, node: Node, key: str | int | None, parent: Any) -> None:
        skipping = self._skipping
        for index, look in step.entering:
            if index not in skipping:
                action = look(node, key, parent, self._path, self._ancestors)
                if action is SKIP:
                    skipping[index] = node
                elif action is BREAK:
                    skipping[index] = None

    def _descend(self, step: Step, node: Node, parent: Any) -> None:
        path, ancestors = self._path, self._ancestors
        if parent is not None:
            ancestors.append(parent)
        for key in step.keys:
            below: Node | tuple[Node, ...] | None = getattr(node, key, None)
            if not below:
                continue
            path.append(key)
            if isinstance(below, tuple):
                ancestors.append(node)
                self._visit_each(below)
                ancestors.pop()
            else:
                self.visit(below, key, node)
            path.pop()
        if parent is not None:
            ancestors.pop()

    def _visit_each(self, nodes: tuple[Node, ...]) -> None:
        for index, node in enumerate(nodes):
            self._path.append(index)
            self.visit(node, index, nodes)
            self._path.pop()

    def _leave(self, step: Step, node: Node, key: str | int | None, parent: Any) -> None:
        skipping = self._skipping
        for index, look in step.leaving:
            if index not in skipping and look(node, key, parent, self._path, self._ancestors) is BREAK:
                skipping[index] = None
        if skipping:
            for index in [index for index, skipped in skipping.items() if skipped is node]:
                del skipping[index]

    def _step(self, kind: str) -> Step | None:
        looks = self._interests.in_(kind, self._visitors)
        if not (looks.entering or looks.leaving or looks.tells or looks.keys):
            return None
        entered, left = (getattr(self._type_info, f"{when}_{kind}", None) for when in ("enter", "leave"))
        return Step(entered, left, self._bound(looks.entering), self._bound(looks.leaving), looks.keys)

    def _bound(self, looked: Sequence[tuple[int, str]]) -> tuple[tuple[int, Look], ...]:
        return tuple((index, getattr(self._visitors[index], name)) for index, name in looked)


class Context(ValidationContext):
    """What rules know of a document, whose variables are looked for in the same kind of walk."""

    interests: ClassVar = Interests()

    def get_variable_usages(self, node: NodeWithSelectionSet) -> list[VariableUsage]:
        """Where an operation or a fragment itself uses variables."""
        known = self._variable_usages.get(node)
        if known is None:
            fragment = node if isinstance(node, FragmentDefinitionNode) else None
            finding = VariableUsageVisitor(self._type_info, fragment)
            Walk(self._type_info, (finding,), self.interests).visit(node)
            known = self._variable_usages[node] = finding.usages
        return known


class Rules:
    """Several rules that are looked after in one walk; they find what they find by themselves, in the same order."""

    def __init__(self, rules: Sequence[Making]) -> None:
        self._rules = tuple(rules)
        self._interests = Interests()
        self._interests_with_nesting = Interests()

    def errors(
        self, schema: GraphQLSchema, document: DocumentNode, *, most: int, hide_suggestions: bool = False
    ) -> list[GraphQLError]:
        """What is wrong with a document; of more than `most` errors, as many, and that there were more."""
        assert_valid_schema(schema)
        errors: list[GraphQLError] = []

        def add(error: GraphQLError) -> None:
            if len(errors) >= most:
                raise _Enough
            errors.append(error)

        type_info = TypeInfo(schema)
        context = Context(schema, document, type_info, add, hide_suggestions=hide_suggestions)
        visitors: list[Visitor] = [rule(context) for rule in self._rules]
        interests = self._interests
        fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
        if fragments:
            visitors.insert(0, FragmentNestingVisitor(fragments))
            interests = self._interests_with_nesting
        try:
            Walk(type_info, visitors, interests).visit(document)
        except _Enough:
            errors.append(GraphQLError(f"There are more than {most} errors; the others are not told."))
        except (RecursionError, ValidationAbortedError):  # the latter of what fragments use over and over
            errors.append(GraphQLError("The document spreads fragments within fragments too deeply, or too often."))
        return errors


def _methods(visitors: Sequence[Visitor], when: str, kind: str) -> tuple[tuple[int, str], ...]:
    """Of the visitors that have one for a kind of node, or one for all kinds."""
    return tuple(
        (index, name)
        for index, visitor in enumerate(visitors)
        for name in [next((name for name in (f"{when}_{kind}", when) if hasattr(visitor, name)), None)]
        if name is not None
    )
