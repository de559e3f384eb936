"""INVALID_SHAREABLE_USAGE: `@shareable` twice on one declaration, or where nothing is resolved."""

from collections import Counter
from collections.abc import Iterator

from router.compose.model import Element, InterfaceType
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """It is repeatable so that a type and its extensions can each say it, once."""
    for type_ in subgraph.schema.with_fields():
        for element in (type_, *type_.fields.values()):
            if not isinstance(type_, InterfaceType):
                yield from _repeated(element)
            elif element is not type_ and element.has("shareable"):
                yield _error(element, "is a field of an interface, which nothing resolves; mark what implements it")


def _repeated(element: Element) -> Iterator[CompositionError]:
    counts = Counter(id(applied.extension) for applied in element.applied("shareable"))
    if any(count > 1 for count in counts.values()):
        yield _error(element, "is marked twice on the same declaration; remove one")


def _error(element: Element, why: str) -> CompositionError:
    return CompositionError(
        ErrorCode.INVALID_SHAREABLE_USAGE,
        f'"{element.coordinate}" cannot be @shareable: it {why}.',
        locations(*(applied.node for applied in element.applied("shareable"))),
    )
