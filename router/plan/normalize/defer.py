"""What `@defer` sets apart: fields that come later than the object they belong to.

A field that is also selected outside of any deferred fragment, under whatever conditions, is not deferred. What several
deferred fragments have in common is a part of its own.

Source: https://github.com/graphql/graphql-spec/pull/1110
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graphql import BooleanValueNode, DirectiveNode, DocumentNode, StringValueNode, VariableNode, Visitor, visit

from router.plan.selections import DeferUsage, Selection

MAX_DEFERRED = 50
"""Most deferred fragments of an operation: each takes requests of its own. Any more come with what is around them."""

MAX_INSEPARABLE = 5
"""How many directives may turn out not to be followed, each at the price of a plan, before none is."""


def defer_variables(document: DocumentNode) -> frozenset[str] | None:
    """The variables that decide what is deferred; None if nothing ever is."""
    names: set[str] = set()
    found = False

    class Directives(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: object) -> None:
            nonlocal found
            if node.name.value == "defer":
                found = True
                values = [each.value for each in node.arguments or () if each.name.value == "if"]
                names.update(each.name.value for each in values if isinstance(each, VariableNode))

    visit(document, Directives())
    return frozenset(names) if found else None


@dataclass(slots=True)
class Deferral:
    """Which fragments of an operation are deferred.

    Attributes:
        variables: those of `@defer(if:)` that are true.
        inseparable: directives, by identity, that cannot be followed.
        entered: how many fragments have been deferred so far.
    """

    variables: frozenset[str]
    inseparable: frozenset[int] = frozenset()
    entered: int = 0

    def without(self, usages: Iterable[DeferUsage]) -> "Deferral | None":
        """The next thing to try if these cannot be set apart; None if too much has been tried."""
        inseparable = self.inseparable | {id(each.directive) for each in usages}
        return Deferral(self.variables, inseparable) if len(inseparable) <= MAX_INSEPARABLE else None

    def enter(self, directives: Iterable[DirectiveNode], parent: DeferUsage | None) -> DeferUsage | None:
        """The usage that begins at a fragment with these directives; None if it is not deferred."""
        for each in directives:
            if each.name.value == "defer" and id(each) not in self.inseparable and self.entered < MAX_DEFERRED:
                arguments = {argument.name.value: argument.value for argument in each.arguments or ()}
                if self._applies(arguments.get("if")):
                    self.entered += 1
                    label = arguments.get("label")
                    return DeferUsage(label.value if isinstance(label, StringValueNode) else None, parent, each)
        return None

    def _applies(self, condition: object) -> bool:
        match condition:
            case VariableNode(name=name):
                return name.value in self.variables
            case BooleanValueNode(value=value):
                return value
            case _:
                return True


def outermost(usages: Iterable[DeferUsage | None]) -> frozenset[DeferUsage]:
    """The usages that no other one of them is around; none if one of the places is not deferred."""
    found: set[DeferUsage] = set()
    for each in usages:
        if each is None:
            return frozenset()
        found.add(each)
    return frozenset(each for each in found if not any(other in found for other in _around(each)))


def _around(usage: DeferUsage) -> Iterable[DeferUsage]:
    while usage.parent is not None:
        usage = usage.parent
        yield usage


def set_apart(selection: Selection, usages: frozenset[DeferUsage]) -> None:
    """Leave to a selection that `usages` bring only what they bring; the rest comes later."""
    everything = (*selection.fields, *selection.denied)
    if all(each.usages == usages for each in everything):
        return
    apart: dict[frozenset[DeferUsage], Selection] = {}
    for each in everything:
        if each.usages != usages and each.usages not in apart:
            later = apart[each.usages] = Selection(selection.type_name, selection.possible, usages=each.usages)
            later.has_union = selection.has_union
            later.fields = [other for other in selection.fields if other.usages == each.usages]
            later.denied = [other for other in selection.denied if other.usages == each.usages]
    selection.fields = [each for each in selection.fields if each.usages == usages]
    selection.denied = [each for each in selection.denied if each.usages == usages]
    selection.deferred = list(apart.values())


def number_parts(selection: Selection) -> Sequence[frozenset[DeferUsage]]:
    """Number what is set apart, from 1, outer parts first; per part, the usages that bring it."""
    parts: dict[frozenset[DeferUsage], int] = {}
    _number(selection, parts)
    return tuple(parts)


def _number(selection: Selection, parts: dict[frozenset[DeferUsage], int]) -> None:
    for each in selection.deferred:
        each.part = parts.setdefault(each.usages, len(parts) + 1)
    for each in (selection, *selection.deferred):
        for field_ in each.fields:
            if field_.selection is not None:
                field_.selection.part = each.part
                _number(field_.selection, parts)
