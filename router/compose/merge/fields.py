"""Merge the fields of objects and interfaces."""

from collections.abc import Iterator, Mapping

from router.compose.merge.arguments import merge_arguments
from router.compose.merge.context import Merge, Overrides, Sources, present
from router.compose.merge.descriptions import merge_description
from router.compose.merge.join_directives import join_directives
from router.compose.merge.joins import join_field
from router.compose.merge.type_references import merge_type
from router.compose.model import Field, FieldsType
from router.compose.rules import (
    external_mismatch,
    external_missing_on_base,
    merged_directive_application_on_external,
)


def field_sources(
    merge: Merge, sources: Mapping[int, FieldsType], into: FieldsType
) -> Iterator[tuple[Field, Sources[Field]]]:
    """Add to `into` each field of its sources, and give it with the subgraphs that could have it."""
    candidates = sorted(set(sources) | _knowing(merge, into))
    for name in dict.fromkeys(name for source in sources.values() for name in source.fields):
        found: dict[int, Field | None] = {}
        for index in candidates:
            source = sources.get(index)
            found[index] = None if source is None else source.fields.get(name)
        first = next(iter(present(found).values()))
        field = Field(name=name, coordinate=f"{into.name}.{name}", parent=into.name, type=first.type)
        into.fields[name] = field
        yield field, found


def _knowing(merge: Merge, into: FieldsType) -> set[int]:
    """The subgraphs that have the type, if only through an interface object it implements."""
    found = set(merge.source_types(into.name))
    for interface in into.interfaces:
        found |= merge.interface_objects_by_name.get(interface, frozenset())
    return found


def merge_field(merge: Merge, sources: Sources[Field], into: Field, overrides: Overrides) -> None:
    """Merge one field: what resolves it tells its type, arguments, description and directives."""
    if external_missing_on_base.check(merge, sources, into):
        return
    merged_directive_application_on_external.check(merge, sources, into)
    resolving = {
        index: None if source is None or merge.is_external(index, source) else source
        for index, source in sources.items()
    }
    if present(resolving):
        merge_description(merge, resolving, into)
        merge.pending.append((resolving, into))
        merge_arguments(merge, resolving, into)
    agreement = merge_type(merge, resolving if present(resolving) else sources, into)
    external_mismatch.check(merge, sources, into, agreement)
    join_field(merge, sources, into, agreement, overrides)
    join_directives(merge, sources, into)
