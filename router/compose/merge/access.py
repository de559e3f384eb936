"""Access rules of interfaces and of what interface objects add: they come from the types that implement them.

Source: https://www.apollographql.com/docs/graphos/reference/federation/versions#v212
"""

from collections.abc import Iterator, Mapping

from router.compose.merge.context import Merge
from router.compose.model import Element, ObjectType
from router.compose.rules.auth_requirements_applied_on_interface import ACCESS

Rules = Mapping[str, list[tuple[int, Element]]]
"""By coordinate, the elements of subgraphs whose access rules hold there, too."""


def inherited_rules(merge: Merge) -> Rules:
    """What each element of the supergraph inherits."""
    found: dict[str, list[tuple[int, Element]]] = {}
    for index, subgraph in enumerate(merge.subgraphs):
        for type_ in subgraph.schema.objects():
            for coordinate, element in _bequests(merge, index, type_):
                found.setdefault(coordinate, []).append((index, element))
    return found


def has_rules(element: Element) -> bool:
    return any(applied.meaning in ACCESS for applied in element.directives)


def _bequests(merge: Merge, index: int, type_: ObjectType) -> Iterator[tuple[str, Element]]:
    merged = merge.supergraph.types.get(type_.name)
    if isinstance(merged, ObjectType) and has_rules(type_):
        for interface in merged.interfaces:
            yield interface, type_
    for field in type_.fields.values():
        if has_rules(field) and not merge.is_external(index, field):
            for owner in dict.fromkeys(_heirs(merge, index, type_)):
                yield f"{owner}.{field.name}", field


def _heirs(merge: Merge, index: int, type_: ObjectType) -> Iterator[str]:
    """The types whose field of the same name takes over the rules of a field of `type_`."""
    merged = merge.supergraph.types.get(type_.name)
    if isinstance(merged, ObjectType):
        yield from merged.interfaces
    elif merge.is_interface_object(index, type_.name):
        for each in merge.supergraph.objects():
            if type_.name in each.interfaces:
                yield each.name
                yield from (interface for interface in each.interfaces if interface != type_.name)
