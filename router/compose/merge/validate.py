"""Check a merged supergraph: what subgraphs each do right may be wrong together."""

from collections.abc import Callable, Iterator

from graphql import Node

from router.compose.merge.context import Merge
from router.compose.model import Element, EnumType, FieldsType, InputType
from router.compose.rules import (
    directive_composition_error,
    inaccessible,
    interface_field_no_implem,
    list_size,
    missing_transitive_auth_requirements,
    requires_on_supergraph,
)
from router.compose.rules.invalid_graphql import implementations, machinery, values
from router.federation.errors import CompositionError


def validate(merge: Merge) -> None:
    """Add to the merge's errors what its supergraph does wrong, one stage at a time."""
    stages: tuple[Callable[[Merge], Iterator[CompositionError]], ...] = (machinery.check, _parts, _schema, _api)
    for stage in stages:
        if merge.errors:
            return
        merge.errors.extend(stage(merge))


def _parts(merge: Merge) -> Iterator[CompositionError]:
    yield from interface_field_no_implem.check(merge)
    yield from requires_on_supergraph.check(merge)
    yield from missing_transitive_auth_requirements.check(merge)


def _schema(merge: Merge) -> Iterator[CompositionError]:
    yield from implementations.check_schema(merge.supergraph)
    yield from values.check_defaults(merge.supergraph)
    yield from list_size.check_schema(merge.supergraph)
    yield from directive_composition_error.check_locations(merge)


def _api(merge: Merge) -> Iterator[CompositionError]:
    visible = inaccessible.Visible(merge.supergraph, lambda coordinate: declarations(merge, coordinate))
    for rule in inaccessible.RULES:
        yield from rule(visible)


def declarations(merge: Merge, coordinate: str) -> list[Node]:
    """Where subgraphs declare the element."""
    found = (_element(merge, index, coordinate) for index in range(len(merge.subgraphs)))
    return [element.node for element in found if element is not None and element.node is not None]


def _element(merge: Merge, index: int, coordinate: str) -> Element | None:
    path, _, argument = coordinate.removesuffix(":)").partition("(")
    name, _, part = path.partition(".")
    type_ = merge.subgraphs[index].schema.types.get(name)
    if not part or type_ is None:
        return type_
    if isinstance(type_, FieldsType):
        field = type_.fields.get(part)
        return field.arguments.get(argument) if field and argument else field
    if isinstance(type_, InputType):
        return type_.fields.get(part)
    return type_.values.get(part) if isinstance(type_, EnumType) else None
