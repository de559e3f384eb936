"""How big a set of subgraphs may be, so that composing one always ends in reasonable time."""

from collections.abc import Sequence
from dataclasses import dataclass

from graphql import DocumentNode, GraphQLSyntaxError, Source, parse

from router.federation.errors import CompositionError, ErrorCode, FederationError, Location


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that all subgraphs together may have: about twice what 2,000 types with 20,000 fields take."""

    tokens: int = 750_000
    elements: int = 200_000
    """Fields, arguments, enum values, and directives applied."""
    errors: int = 1_000
    """How many errors are told; there are always as many different codes as were found."""


DEFAULT = Limits()


class Measure:
    """What is left of the limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._tokens = limits.tokens
        self._elements = limits.elements

    def parse(self, source: Source) -> DocumentNode:
        """The document that `source` holds.

        Raises:
            GraphQLSyntaxError: it is none, nested too deeply, or has too many tokens.
            FederationError: INVALID_GRAPHQL, it has too many parts.

        """
        try:
            document = parse(source, max_lexical_tokens=max(self._tokens, 1))
        except GraphQLSyntaxError as error:
            if "tokens" in error.message:
                raise self._too_big(source, f"{self._limits.tokens:,} tokens") from error
            raise
        self._tokens -= document.token_count
        self._elements -= sum(_size(node) for node in document.definitions)
        if self._elements < 0:
            raise self._too_big(source, f"{self._limits.elements:,} fields, arguments, values and directives")
        return document

    def _too_big(self, source: Source, what: str) -> FederationError:
        message = f"Subgraphs can be composed of no more than {what} in all, and with this one there are more."
        return FederationError([CompositionError(ErrorCode.INVALID_GRAPHQL, message, (Location(source.name, 1, 1),))])


def _size(node: object) -> int:
    """How many parts a node has, at every depth."""
    parts: Sequence[object] = (
        *(getattr(node, "fields", None) or ()),
        *(getattr(node, "arguments", None) or ()),
        *(getattr(node, "values", None) or ()),
        *(getattr(node, "types", None) or ()),
        *(getattr(node, "interfaces", None) or ()),
        *(getattr(node, "directives", None) or ()),
    )
    return len(parts) + sum(_size(part) for part in parts)


def told(errors: Sequence[CompositionError], limits: Limits) -> tuple[CompositionError, ...]:
    """As many of the errors as are told: the first of each code, and then the first of all."""
    if len(errors) <= limits.errors:
        return tuple(errors)
    first = {error.code: at for at, error in reversed(list(enumerate(errors)))}
    kept = sorted({*range(limits.errors), *first.values()})
    return tuple(errors[at] for at in kept)
