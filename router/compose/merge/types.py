"""Merge all types: first which there are, then what they hold."""

from collections.abc import Mapping
from typing import TypeVar

from router.compose.merge.context import Merge
from router.compose.merge.descriptions import merge_description
from router.compose.merge.enums import merge_enum
from router.compose.merge.inputs import merge_input
from router.compose.merge.interfaces import merge_interface
from router.compose.merge.join_directives import join_directives
from router.compose.merge.joins import join_implements, join_type
from router.compose.merge.objects import merge_object
from router.compose.merge.unions import merge_union
from router.compose.model import (
    BUILT_IN_SCALARS,
    EnumType,
    FieldsType,
    InputType,
    InterfaceType,
    NamedType,
    ObjectType,
    TypeDefinition,
    UnionType,
)
from router.compose.read import is_federation_machinery
from router.compose.rules import extension_with_no_base, type_kind_mismatch

T = TypeVar("T", bound=NamedType)


def declare_types(merge: Merge) -> None:
    """Add each type that any subgraph has, still empty, under the kind its first subgraph gives it."""
    for index, subgraph in enumerate(merge.subgraphs):
        for name, type_ in subgraph.schema.types.items():
            if name in BUILT_IN_SCALARS or name.startswith("__") or is_federation_machinery(subgraph.links, name):
                continue
            if name not in merge.supergraph.types:
                kind = InterfaceType if merge.is_interface_object(index, name) else type(type_)
                merge.supergraph.types[name] = kind(name=name, coordinate=name)
    type_kind_mismatch.check(merge)


def sources_of(merge: Merge, type_: TypeDefinition) -> dict[int, TypeDefinition]:
    """The type in each subgraph that has it as the same kind."""
    return {
        index: source
        for index, source in merge.source_types(type_.name).items()
        if isinstance(source, type(type_))
        or (isinstance(type_, InterfaceType) and merge.is_interface_object(index, type_.name))
    }


def merge_types(merge: Merge) -> None:
    """Fill the declared types, all but the enums."""
    by_kind = sorted(merge.supergraph.types.values(), key=_turn)
    for type_ in by_kind:
        if isinstance(type_, FieldsType):
            join_implements(merge, _of(sources_of(merge, type_), (ObjectType, InterfaceType)), type_)
    for type_ in by_kind:
        if not isinstance(type_, EnumType):
            _merge_type(merge, type_)


def merge_enums(merge: Merge) -> None:
    """Fill the enums, whose values depend on where all else uses them."""
    for type_ in list(merge.supergraph.types.values()):
        if isinstance(type_, EnumType):
            _merge_type(merge, type_)


def _turn(type_: TypeDefinition) -> int:
    match type_:
        case UnionType():
            return 0
        case InterfaceType():
            return 2
        case ObjectType():
            return 3
        case _:
            return 1


def _merge_type(merge: Merge, type_: TypeDefinition) -> None:
    sources = sources_of(merge, type_)
    extension_with_no_base.check(merge, sources, type_)
    merge_description(merge, sources, type_)
    join_type(merge, sources, type_)
    merge.pending.append((sources, type_))
    join_directives(merge, sources, type_)
    match type_:
        case ObjectType():
            merge_object(merge, _of(sources, (ObjectType,)), type_)
            if not type_.fields:
                del merge.supergraph.types[type_.name]
        case InterfaceType():
            merge_interface(merge, _of(sources, (ObjectType, InterfaceType)), type_)
        case UnionType():
            merge_union(merge, _of(sources, (UnionType,)), type_)
        case EnumType():
            merge_enum(merge, _of(sources, (EnumType,)), type_)
        case InputType():
            merge_input(merge, _of(sources, (InputType,)), type_)
        case _:
            return


def _of(sources: Mapping[int, TypeDefinition], kinds: tuple[type[T], ...]) -> dict[int, T]:
    return {index: source for index, source in sources.items() if isinstance(source, kinds)}
