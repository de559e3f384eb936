"""Selections after normalisation: no fragments, every field once per response key and group of runtime types."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from graphql import ArgumentNode, DirectiveNode
from graphql.language import print_ast

from router.federation.type_ref import TypeRef
from router.plan.conditions import When
from router.supergraph.model import ContextArgument

TYPENAME = "__typename"


@dataclass(frozen=True, slots=True, eq=False)
class DeferUsage:
    """A fragment with `@defer` at one place of the operation.

    Attributes:
        parent: the deferred fragment around it.
        directive: that asks for it; the same for all places where a named fragment has it.
    """

    label: str | None
    parent: "DeferUsage | None"
    directive: DirectiveNode

    @property
    def depth(self) -> int:
        """How many deferred fragments there are, from the outermost to this one."""
        return 1 if self.parent is None else self.parent.depth + 1


@dataclass(slots=True, eq=False)
class SelectedField:
    """One field of a selection.

    Attributes:
        key: response key.
        arguments: as written; `signature` tells equal ones from different ones.
        on: runtime types of the parent that have the field; None for all.
        when: conditions, those of the parent field aside.
        type: in the supergraph; None for `__typename`.
        selection: of an object, interface or union value.
        place: in the order of the client's document.
        internal: the plan itself needs it, the client did not select it.
        usages: deferred fragments that bring it; none if it comes with the first answer.
        contexts: of the arguments that subgraphs take from a context, those that ancestors here give.
        turns: where it is written more than once: each place, and the conditions under which it is the first one that
            counts. Empty if `place` always is.
    """

    key: str
    name: str
    arguments: Sequence[ArgumentNode]
    signature: str
    on: frozenset[str] | None
    when: When
    type: TypeRef | None
    selection: "Selection | None" = None
    place: int = 0
    turns: tuple[tuple[int, When], ...] = ()
    internal: bool = False
    usages: frozenset[DeferUsage] = frozenset()
    contexts: Mapping[ContextArgument, tuple["ContextSource", ...]] = field(
        default_factory=dict[ContextArgument, tuple["ContextSource", ...]]
    )

    def knows(self, arguments: Iterable[ContextArgument]) -> bool:
        """Whether ancestors give all of these arguments."""
        return all(each in self.contexts for each in arguments)


class ContextSource(NamedTuple):
    """Where an ancestor holds the value of a contextual argument.

    Attributes:
        levels: how many objects above the one that has the field.
        types: runtime types of the ancestor for which it is so; None for all.
        fields: from the ancestor down to the leaf.
    """

    levels: int
    types: frozenset[str] | None
    fields: tuple[SelectedField, ...]


@dataclass(slots=True, eq=False)
class Selection:
    """The fields selected of a value.

    Attributes:
        type_name: of the value, in the supergraph.
        possible: runtime types that the value may have.
        has_union: somewhere below, a value is of a union type.
        introduced: fragments with `@defer` that were found here.
        deferred: what comes later than these fields, by the fragments that bring it.
        usages: of such a selection, the fragments that bring it.
        part: number of the part of the plan that brings it; 0 is the first answer.
        denied: fields that the caller may not see, for the objects of whose types that is so.
        unseen: runtime types of objects that the caller may not see at all.
        hidden: response keys of fields that only such objects have.
    """

    type_name: str
    possible: frozenset[str]
    fields: list[SelectedField] = field(default_factory=list[SelectedField])
    has_union: bool = False
    introduced: list[DeferUsage] = field(default_factory=list[DeferUsage])
    deferred: list["Selection"] = field(default_factory=list["Selection"])
    usages: frozenset[DeferUsage] = frozenset()
    part: int = 0
    denied: list[SelectedField] = field(default_factory=list[SelectedField])
    unseen: frozenset[str] = frozenset()
    hidden: list[str] = field(default_factory=list[str])


def signature_of(arguments: Sequence[ArgumentNode]) -> str:
    """A text that is equal for equal arguments, whatever their order."""
    if not arguments:
        return ""
    return ", ".join(sorted(f"{each.name.value}: {print_ast(each.value)}" for each in arguments))


TYPENAME_FIELD = SelectedField(TYPENAME, TYPENAME, (), "", None, (), None)
"""`__typename`, where the plan itself must know the runtime type."""
