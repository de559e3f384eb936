"""INTERFACE_KEY_NOT_ON_IMPLEMENTATION: an interface with a key that some type implementing it has not."""

from collections.abc import Iterator

from graphql import FieldNode, GraphQLSyntaxError, InlineFragmentNode, SelectionSetNode

from router.compose.model import Applied, FieldsType, InterfaceType
from router.compose.rules.field_sets import invalid_fields
from router.compose.rules.field_sets.application import Application
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, FederationError, locations
from router.federation.field_sets import parse_field_set


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Entities of an interface are fetched by its key, whatever their type."""
    for interface in subgraph.schema.interfaces():
        types = (interface, *subgraph.schema.runtime_types(interface))
        keys = interface.applied("key")
        if keys and all(_makes_sense(subgraph, type_) for type_ in types):
            for key in keys:
                yield from _check(subgraph, interface, key)


def _makes_sense(subgraph: SubgraphSchema, type_: FieldsType) -> bool:
    """Whether the keys of a type can be compared; one that makes no sense is refused for itself."""
    try:
        for key in type_.applied("key"):
            invalid_fields.parse(Application(subgraph, "key", key, type_, None, type_))
    except FederationError:
        return False
    return True


def _check(subgraph: SubgraphSchema, interface: InterfaceType, key: Applied) -> Iterator[CompositionError]:
    missing, unresolvable = list[str](), list[str]()
    for type_ in subgraph.schema.runtime_types(interface):
        same = [each for each in type_.applied("key") if canonical(each) == canonical(key)]
        if not same:
            missing.append(type_.name)
        elif key.arguments.get("resolvable") is not False and same[0].arguments.get("resolvable") is False:
            unresolvable.append(type_.name)
    if missing or unresolvable:
        wanting = ", ".join(missing or unresolvable)
        what = "lack" if missing else "do not resolve"
        yield CompositionError(
            ErrorCode.INTERFACE_KEY_NOT_ON_IMPLEMENTATION,
            f'"{interface.name}" has the key "{key.arguments.get("fields")}", which these types implementing it '
            f"{what}: {wanting}. Give each of them the same @key.",
            locations(key.node),
        )


def canonical(key: Applied) -> object:
    """A key's field set, without regard to order; None where it cannot be read."""
    fields = key.arguments.get("fields")
    if not isinstance(fields, str):
        return None
    try:
        return _canonical(parse_field_set(fields))
    except GraphQLSyntaxError:
        return None


def _canonical(selections: SelectionSetNode) -> frozenset[object]:
    found: set[object] = set()
    for selection in selections.selections:
        match selection:
            case FieldNode(name=name, selection_set=inner):
                found.add((name.value, None if inner is None else _canonical(inner)))
            case InlineFragmentNode(type_condition=condition, selection_set=inner):
                found.add(("...", condition and condition.name.value, _canonical(inner)))
            case _:
                continue
    return frozenset(found)
