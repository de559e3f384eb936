"""How big a set of subgraphs may be, so that composing one always ends in reasonable time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from graphql import DocumentNode, Source

from router.compose.lexer import TooManyTokens, parse_document
from router.federation.errors import CompositionError, ErrorCode, FederationError, Location


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that all subgraphs together may have: somewhat above what 2,000 types with 20,000 fields take.

    Who composes more than that in good faith has the time to; composition is then given a multiple of them.
    """

    subgraphs: int = 1_000
    characters: int = 20_000_000
    tokens: int = 600_000
    elements: int = 90_000
    """Definitions, fields, arguments, enum values, members of unions, and directives applied."""
    steps: int = 300_000
    """The work of proving that every query can be answered."""
    errors: int = 1_000
    """How many errors are told; there are always as many different codes as were found."""
    message: int = 5_000
    """How many characters of an error's message are told."""

    def times(self, factor: int) -> "Limits":
        """As much for a graph so many times as big; no more is told of what is wrong with it."""
        return replace(
            self,
            subgraphs=self.subgraphs * factor,
            characters=self.characters * factor,
            tokens=self.tokens * factor,
            elements=self.elements * factor,
            steps=self.steps * factor,
        )


DEFAULT = Limits()

_DEFINITION = 3
"""As how many elements a definition counts: it takes as long as that many of its parts."""
_MORE = "A bigger graph takes a factor for the limits (on the command line: --limits)."


class LimitExceeded(FederationError):
    """There is too much to be looked at any further."""


class Measure:
    """What is left of the limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._characters = limits.characters
        self._tokens = limits.tokens
        self._elements = limits.elements

    def parse(self, source: Source) -> DocumentNode:
        """The document that `source` holds.

        Raises:
            GraphQLSyntaxError: it is none, or is nested too deeply.
            LimitExceeded: it is too big.

        """
        self._characters -= len(source.body)
        if self._characters < 0:
            raise self._too_big(source, f"{self._limits.characters:,} characters")
        try:
            document, tokens = parse_document(source, tokens=self._tokens)
        except TooManyTokens as error:
            raise self._too_big(source, f"{self._limits.tokens:,} tokens") from error
        self._tokens -= tokens
        self._elements -= sum(_DEFINITION + _size(node) for node in document.definitions)
        if self._elements < 0:
            raise self._too_big(
                source, f"{self._limits.elements:,} definitions, fields, arguments, values and directives"
            )
        return document

    def _too_big(self, source: Source, what: str) -> LimitExceeded:
        message = f"Subgraphs can be composed of no more than {what} in all, and with this one there are more. {_MORE}"
        place = Location(source.name, 1, 1)
        return LimitExceeded([CompositionError(ErrorCode.INVALID_GRAPHQL, message, (place,), source.name)])


def check_count(count: int, limits: Limits) -> None:
    """Refuse to look at more subgraphs than anybody has.

    Raises:
        LimitExceeded: there are.

    """
    if count > limits.subgraphs:
        message = f"No more than {limits.subgraphs:,} subgraphs can be composed, and there are {count:,}. {_MORE}"
        raise LimitExceeded([CompositionError(ErrorCode.INVALID_GRAPHQL, message)])


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
    return len(parts) + sum(_size(part) for part in parts) if parts else 0


def told(errors: Sequence[CompositionError], limits: Limits) -> tuple[CompositionError, ...]:
    """As many of the errors as are told: the first of each code, and then the first of all; none endlessly long."""
    kept = errors
    if len(errors) > limits.errors:
        first = {error.code: at for at, error in reversed(list(enumerate(errors)))}
        kept = [errors[at] for at in sorted({*range(limits.errors), *first.values()})]
    return tuple(replace(error, message=_clip(error.message, limits)) for error in kept)


def _clip(message: str, limits: Limits) -> str:
    left = len(message) - limits.message
    return message if left <= 0 else f"{message[: limits.message]}… (and {left:,} more characters)"
