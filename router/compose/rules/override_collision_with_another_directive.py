"""OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE: `@override` where another directive makes it meaningless."""

from router.compose.merge.context import Merge, Override
from router.compose.model import Field
from router.federation.errors import ErrorCode


def refuse_on_interface_object(merge: Merge, override: Override, into: Field) -> bool:
    """Refuse to override on behalf of every implementation of an interface."""
    if not merge.is_interface_object(override.index, override.source.parent):
        return False
    _refuse(merge, override, f'"{into.coordinate}" is a field of an @interfaceObject, which cannot override')
    return True


def refuse_abstracted(merge: Merge, override: Override, into: Field, origin: int) -> bool:
    """Refuse to override a field that its subgraph resolves through an interface object."""
    if not merge.abstracted(into.parent, into.name, origin):
        return False
    _refuse(
        merge, override, f'"{into.coordinate}" is resolved by an @interfaceObject there, which cannot be overridden'
    )
    return True


def refuse_directives(merge: Merge, override: Override, overridden: Field, into: Field, origin: int) -> bool:
    """Refuse to override a field that brings other fields with it, or to override with one not resolved here."""
    if overridden.has("requires") or overridden.has("provides"):
        meaning = "requires" if overridden.has("requires") else "provides"
        _refuse(merge, override, f'"{into.coordinate}" has @{meaning} in "{merge.name(origin)}"')
        return True
    if merge.is_external(override.index, override.source):
        _refuse(merge, override, f'"{into.coordinate}" is @external in "{merge.name(override.index)}" itself')
        return True
    return False


def _refuse(merge: Merge, override: Override, why: str) -> None:
    here = merge.name(override.index)
    merge.error(
        ErrorCode.OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE,
        f'@override(from: "{override.origin}") in "{here}" cannot be: {why}.',
        [override.applied.node],
        here,
    )
