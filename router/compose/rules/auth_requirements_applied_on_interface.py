"""AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE: access rules on an interface, where they would be guessed at."""

from collections.abc import Iterator

from router.compose.model import Element, FieldsType, InterfaceType
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations

ACCESS = ("authenticated", "requiresScopes", "policy")


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """An interface takes its rules from what implements it."""
    for type_ in subgraph.schema.with_fields():
        if isinstance(type_, InterfaceType) or type_.has("interfaceObject"):
            for element in _elements(type_):
                for applied in element.directives:
                    if applied.meaning in ACCESS:
                        yield CompositionError(
                            ErrorCode.AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE,
                            f'@{applied.name} cannot stand on "{element.coordinate}": put it on the types that '
                            "implement the interface.",
                            locations(applied.node),
                        )


def _elements(type_: FieldsType) -> Iterator[Element]:
    yield type_
    if isinstance(type_, InterfaceType):
        yield from type_.fields.values()
