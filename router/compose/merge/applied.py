"""Merge the directives applied to one element."""

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeAlias

from router.compose.hints import HintCode
from router.compose.merge.access import inherited_rules
from router.compose.merge.composed import STRATEGIES, ComposedDirective
from router.compose.merge.context import Merge, Sources, present
from router.compose.model import Applied, DirectiveDefinition, Element
from router.compose.rules.auth_requirements_applied_on_interface import ACCESS
from router.federation.values import MISSING, Value, identity, print_value, same_value

Found: TypeAlias = Sequence[tuple[int, list[Applied]]]
"""The applications of one directive, with the index of the subgraph they are from."""


def merge_applied(merge: Merge) -> None:
    """Merge the directives of every element that was merged, and have it stand where its first subgraph declares it."""
    inherited = inherited_rules(merge)
    for sources, into in merge.pending:
        # where it is found that what subgraphs do right is wrong together, there has to be a place to tell
        into.node = next((source.node for source in present(sources).values() if source.node is not None), None)
        merge_directives(merge, sources, into, inherited.get(into.coordinate, ()))
    merge.pending.clear()


def merge_directives(
    merge: Merge, sources: Sources[Element], into: Element, inherited: Sequence[tuple[int, Element]]
) -> None:
    """Carry into the supergraph what its subgraphs apply to an element, and the access rules it inherits."""
    own = list(present(sources).items())
    found: dict[str, ComposedDirective] = {}
    for index, source in (*own, *inherited):
        for applied in source.directives:
            composed = merge.composed.get(applied.name)
            if composed is not None and composed.carries(index):
                found.setdefault(applied.name, composed)
    for composed in found.values():
        elements = [*own, *inherited] if composed.meaning in ACCESS else own
        applications = [(index, element.named(composed.name)) for index, element in elements]
        applications = [(index, each) for index, each in applications if each]
        if applications:
            _merge_one(merge, applications, into, composed)


def _merge_one(merge: Merge, found: Found, into: Element, composed: ComposedDirective) -> None:
    name = composed.name
    if composed.definition.repeatable:
        _unite(merge, found, into, composed)
        return
    different, counts = _differing(found, composed.definition)
    if len(different) == 1:
        into.directives.append(Applied(name, dict(different[0].arguments), composed.meaning))
    elif composed.feature is not None and composed.local_name in STRATEGIES:
        into.directives.append(Applied(name, _merged_arguments(different, composed), composed.meaning))
        merge.hint(
            HintCode.MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS,
            f'@{name} is applied to "{into.coordinate}" with different arguments, which were merged: '
            + _shown(merge, found),
        )
    else:
        chosen = different[max(range(len(different)), key=lambda at: counts[at])]
        into.directives.append(Applied(name, dict(chosen.arguments), composed.meaning))
        merge.hint(
            HintCode.INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS,
            f'@{name} is applied to "{into.coordinate}" with incompatible arguments: {_shown(merge, found)}; '
            f"the supergraph uses {_arguments(chosen)}.",
        )


def _shown(merge: Merge, found: Found) -> str:
    return ", ".join(f'{_arguments(applications[0])} in "{merge.name(index)}"' for index, applications in found)


def _arguments(applied: Applied) -> str:
    return f"arguments {print_value(applied.arguments)}" if applied.arguments else "no arguments"


def _unite(merge: Merge, found: Found, into: Element, composed: ComposedDirective) -> None:
    """Apply every distinct application once."""
    kept: dict[Hashable, Applied] = {}
    for index, applications in found:
        for each in applications:
            applied = Applied(each.name, _transformed(merge, index, each, composed), composed.meaning)
            kept.setdefault(identity(_with_defaults(applied, composed.definition)), applied)
    into.directives.extend(kept.values())


def _transformed(merge: Merge, index: int, applied: Applied, composed: ComposedDirective) -> dict[str, Value]:
    """The arguments; a context's name is told apart by its subgraph."""
    if composed.local_name == "context" and composed.feature is not None:
        return {"name": f"{merge.name(index)}__{applied.arguments.get('name')}"}
    return dict(applied.arguments)


def _differing(found: Found, definition: DirectiveDefinition) -> tuple[list[Applied], list[int]]:
    different, counts = list[Applied](), list[int]()
    for _, applications in found:
        applied = applications[0]
        for at, other in enumerate(different):
            if _same(applied, other, definition):
                counts[at] += 1
                break
        else:
            different.append(applied)
            counts.append(1)
    return different, counts


def _merged_arguments(applications: Iterable[Applied], composed: ComposedDirective) -> dict[str, Value]:
    complete = [_with_defaults(applied, composed.definition) for applied in applications]
    merged: dict[str, Value] = {}
    for name, strategy in STRATEGIES[composed.local_name].items():
        value = strategy([arguments.get(name) for arguments in complete])
        if value is not MISSING:
            merged[name] = value
    return merged


def _with_defaults(applied: Applied, definition: DirectiveDefinition) -> dict[str, Value]:
    arguments = dict(applied.arguments)
    for name, argument in definition.arguments.items():
        if argument.default is not MISSING:
            arguments.setdefault(name, argument.default)
    return arguments


def _same(one: Applied, other: Applied, definition: DirectiveDefinition) -> bool:
    return same_value(_with_defaults(one, definition), _with_defaults(other, definition))
