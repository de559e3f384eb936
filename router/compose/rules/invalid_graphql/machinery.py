"""The graph itself does not use the types by which specifications say something about it.

They are left out of the supergraph or, as those of `@link` and join are, hidden from its clients.
"""

from collections.abc import Iterator

from router.compose.merge.context import Merge
from router.compose.model import BUILT_IN_SCALARS, Element, Field, FieldsType, InputType, InputValue
from router.federation.errors import CompositionError, ErrorCode, locations
from router.federation.type_ref import base_name

_HIDDEN = ("join__", "link__")


def check(merge: Merge) -> Iterator[CompositionError]:
    """Look at each subgraph's fields and arguments that made it into the supergraph."""
    for subgraph in merge.subgraphs:
        for type_ in subgraph.schema.types.values():
            if type_.name in merge.supergraph.types and isinstance(type_, FieldsType | InputType):
                for part in type_.fields.values():
                    for each in (part, *(part.arguments.values() if isinstance(part, Field) else ())):
                        yield from _check(merge, each)


def _check(merge: Merge, element: Field | InputValue) -> Iterator[CompositionError]:
    name = base_name(element.type)
    if name.startswith(_HIDDEN):
        yield _error(ErrorCode.REFERENCED_INACCESSIBLE, element, name, "is hidden from clients")
    elif name not in merge.supergraph.types and name not in BUILT_IN_SCALARS:
        yield _error(ErrorCode.INVALID_GRAPHQL, element, name, "is not part of the graph")


def _error(code: ErrorCode, element: Element, name: str, why: str) -> CompositionError:
    message = f'"{element.coordinate}" is of type "{name}", which belongs to a specification and {why}. Use another.'
    return CompositionError(code, message, locations(element.node))
