"""Which subgraph's resolver of a field wins, where one overrides another."""

import re

from router.compose.hints import HintCode
from router.compose.merge.context import Merge, Override, Overrides, Sources
from router.compose.model import Field, InterfaceType
from router.compose.rules import override_collision_with_another_directive as collision
from router.federation.errors import ErrorCode

_LABEL = re.compile(r"[a-zA-Z][a-zA-Z0-9_\-:./]*")
_PERCENT = re.compile(r"percent\((\d{1,2}(\.\d{1,8})?|100)\)")


def merge_overrides(merge: Merge, sources: Sources[Field], into: Field) -> Overrides:
    """Apply the overrides of a field, refusing those that make no sense."""
    outcome = Overrides()
    found = _overrides(sources)
    overriding = {merge.name(each.index) for each in found}
    for each in found:
        if _refuse_place(merge, each, into):
            continue
        names = {subgraph.name: index for index, subgraph in enumerate(merge.subgraphs)}
        if each.origin not in names:
            outcome.unknown_source.add(each.index)
            merge.hint(
                HintCode.FROM_SUBGRAPH_DOES_NOT_EXIST,
                f'"{into.coordinate}" in "{merge.name(each.index)}" overrides subgraph "{each.origin}", '
                f"which does not exist.",
            )
        elif each.origin == merge.name(each.index):
            merge.error(
                ErrorCode.OVERRIDE_FROM_SELF_ERROR,
                f'"{into.coordinate}" in "{each.origin}" overrides itself; name the subgraph it is taken over from.',
                [each.applied.node],
                each.origin,
            )
        elif each.origin in overriding:
            merge.error(
                ErrorCode.OVERRIDE_SOURCE_HAS_OVERRIDE,
                f'"{into.coordinate}" in "{merge.name(each.index)}" overrides "{each.origin}", which overrides it too. '
                "Only one subgraph can take a field over: remove one @override.",
                [each.applied.node],
            )
        else:
            _override(merge, sources, into, each, names[each.origin], outcome)
    if found:
        merge.overrides[into.coordinate] = outcome
    return outcome


def _overrides(sources: Sources[Field]) -> list[Override]:
    return [
        Override(index, source, applied, str(applied.arguments.get("from")))
        for index, source in sources.items()
        if source is not None
        for applied in source.applied("override")[:1]
    ]


def _refuse_place(merge: Merge, override: Override, into: Field) -> bool:
    owner = merge.subgraphs[override.index].schema.types.get(override.source.parent)
    if isinstance(owner, InterfaceType):
        merge.error(
            ErrorCode.OVERRIDE_ON_INTERFACE,
            f'"{into.coordinate}" in "{merge.name(override.index)}" cannot have @override: it is a field of an '
            "interface, which nothing resolves. Put @override on the fields that implement it.",
            [override.applied.node],
            merge.name(override.index),
        )
        return True
    return collision.refuse_on_interface_object(merge, override, into)


def _override(
    merge: Merge, sources: Sources[Field], into: Field, override: Override, origin: int, outcome: Overrides
) -> None:
    overridden = sources.get(origin)
    if overridden is None:
        if not collision.refuse_abstracted(merge, override, into, origin):
            merge.hint(
                HintCode.OVERRIDE_DIRECTIVE_CAN_BE_REMOVED,
                f'"{into.coordinate}" is no longer in "{override.origin}": its @override in '
                f'"{merge.name(override.index)}" can be removed.',
            )
        return
    if collision.refuse_directives(merge, override, overridden, into, origin):
        return
    label = override.applied.arguments.get("label")
    if merge.is_external(origin, overridden):
        merge.hint(
            HintCode.OVERRIDE_DIRECTIVE_CAN_BE_REMOVED,
            f'"{into.coordinate}" is @external in "{override.origin}": its @override in '
            f'"{merge.name(override.index)}" can be removed.',
        )
    else:
        is_used = merge.subgraphs[origin].facts.is_used(overridden)
        (outcome.used if is_used else outcome.unused).add(origin)
        if not label:
            merge.hint(
                HintCode.OVERRIDDEN_FIELD_CAN_BE_REMOVED,
                f'"{into.coordinate}" in "{override.origin}" is overridden'
                + (": make it @external, or remove it with all that uses it." if is_used else " and can be removed."),
            )
    if isinstance(label, str) and label:
        _migrate(merge, into, override, origin, label, outcome)


def _migrate(merge: Merge, into: Field, override: Override, origin: int, label: str, outcome: Overrides) -> None:
    if _LABEL.fullmatch(label) or _PERCENT.fullmatch(label):
        outcome.labels[override.index] = outcome.labels[origin] = label
    else:
        merge.error(
            ErrorCode.OVERRIDE_LABEL_INVALID,
            f'"{label}" on "{into.coordinate}" in "{merge.name(override.index)}" is no label: write letters, digits '
            'and "_-:./", starting with a letter, or percent(x) with x from 0 to 100 and up to 8 decimals.',
            [override.applied.node],
            merge.name(override.index),
        )
    merge.hint(
        HintCode.OVERRIDE_MIGRATION_IN_PROGRESS,
        f'"{into.coordinate}" is moving from "{override.origin}" to "{merge.name(override.index)}" under "{label}".',
    )
