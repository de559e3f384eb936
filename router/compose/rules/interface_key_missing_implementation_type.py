"""INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE: a subgraph that resolves an interface but not all that implements it."""

from router.compose.merge.context import Merge
from router.compose.model import FieldsType, InterfaceType
from router.federation.errors import ErrorCode


def check(merge: Merge, sources: dict[int, FieldsType], into: InterfaceType) -> None:
    """With a resolvable key on an interface, a subgraph must know every type an entity of it can be."""
    everywhere = {type_.name for type_ in merge.supergraph.runtime_types(into)}
    for index, source in sources.items():
        keys = [key for key in source.applied("key") if key.arguments.get("resolvable") is not False]
        if not isinstance(source, InterfaceType) or not keys:
            continue
        known = {type_.name for type_ in merge.subgraphs[index].schema.runtime_types(source)}
        missing = sorted(everywhere - known)
        if missing:
            name = merge.name(index)
            merge.error(
                ErrorCode.INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE,
                f'"{into.name}" has a resolvable @key in "{name}", which does not know {", ".join(missing)}. '
                f'Define these there and have them implement "{into.name}", or make the key resolvable: false.',
                [keys[0].node],
                name,
            )
