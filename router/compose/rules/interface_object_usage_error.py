"""INTERFACE_OBJECT_USAGE_ERROR: `@interfaceObject` where it cannot stand for an interface."""

from collections.abc import Iterator, Sequence

from router.compose.merge.context import Merge
from router.compose.model import FieldsType, InterfaceType
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """An interface object is reached by a key, so it must have one."""
    for type_ in subgraph.schema.objects():
        if type_.has("interfaceObject") and not type_.has("key"):
            yield CompositionError(
                ErrorCode.INTERFACE_OBJECT_USAGE_ERROR,
                f'"{type_.name}" is an @interfaceObject without a @key, so that no entity can reach it: add one.',
                locations(type_.node),
            )


def check_implementations(merge: Merge, sources: dict[int, FieldsType], into: InterfaceType) -> None:
    """A subgraph either knows an interface's implementations or stands for all of them, not both."""
    implementations = {type_.name for type_ in merge.supergraph.runtime_types(into)}
    for index in sources:
        if not merge.is_interface_object(index, into.name):
            continue
        known = sorted(implementations & merge.subgraphs[index].schema.types.keys())
        if known:
            name = merge.name(index)
            types = merge.subgraphs[index].schema.types
            merge.error(
                ErrorCode.INTERFACE_OBJECT_USAGE_ERROR,
                f'"{into.name}" is an @interfaceObject in "{name}", which must not define implementations of it, '
                f"but defines {', '.join(known)}.",
                (types[each].node for each in known),
                name,
            )


def check_interface_exists(merge: Merge) -> None:
    """Some subgraph must have the interface that an object stands for."""
    for name in sorted(merge.interface_object_names):
        sources = merge.source_types(name)
        # where it is something else to another subgraph, that is a TYPE_KIND_MISMATCH
        if all(merge.is_interface_object(index, name) for index in sources):
            merge.error(
                ErrorCode.INTERFACE_OBJECT_USAGE_ERROR,
                f'"{name}" is an @interfaceObject in {merge.names(sources)}, but nowhere an interface. '
                "Define it as one elsewhere.",
                (source.node for source in sources.values()),
            )


def check_federation_1(subgraphs: Sequence[SubgraphSchema]) -> Iterator[CompositionError]:
    """An interface object relies on keys of the interface, which Federation 1 subgraphs had without effect."""
    standing = {
        type_.name
        for subgraph in subgraphs
        if not subgraph.is_federation_1
        for type_ in subgraph.schema.objects()
        if type_.has("interfaceObject")
    }
    for subgraph in subgraphs:
        if subgraph.is_federation_1:
            for type_ in subgraph.schema.interfaces():
                if type_.name in standing and type_.has("key"):
                    yield CompositionError(
                        ErrorCode.INTERFACE_OBJECT_USAGE_ERROR,
                        f'"{type_.name}" is an @interfaceObject elsewhere, but its @key here has no effect, as '
                        f'"{subgraph.name}" is a Federation 1 schema. Link it to Federation 2.3 or later.',
                        locations(type_.node),
                        subgraph.name,
                    )
