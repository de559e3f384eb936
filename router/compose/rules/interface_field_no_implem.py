"""INTERFACE_FIELD_NO_IMPLEM: a type that implements an interface in one subgraph, and a field it has in another."""

from collections.abc import Iterator

from router.compose.merge.context import Merge
from router.compose.model import FieldsType, InterfaceType
from router.federation.errors import CompositionError, ErrorCode, locations


def check(merge: Merge) -> Iterator[CompositionError]:
    """In the supergraph a type has every field of its interfaces."""
    for type_ in merge.supergraph.with_fields():
        for name in type_.interfaces:
            interface = merge.supergraph.types.get(name)
            if isinstance(interface, InterfaceType):
                for field in interface.fields:
                    if field not in type_.fields:
                        yield _error(merge, type_, interface, field)


def _error(merge: Merge, type_: FieldsType, interface: InterfaceType, field: str) -> CompositionError:
    declaring = {
        index: source.fields[field]
        for index, source in merge.source_types(interface.name).items()
        if isinstance(source, InterfaceType) and field in source.fields
    }
    implementing = {
        index: source
        for index, source in merge.source_types(type_.name).items()
        if isinstance(source, FieldsType) and interface.name in source.interfaces
    }
    return CompositionError(
        ErrorCode.INTERFACE_FIELD_NO_IMPLEM,
        f'"{interface.name}.{field}" is declared in {merge.names(declaring)}, but "{type_.name}", which implements '
        f'"{interface.name}" in {merge.names(implementing)}, has no field "{field}" anywhere. Add it.',
        locations(*(each.node for each in declaring.values()), *(each.node for each in implementing.values())),
    )
