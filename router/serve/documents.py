"""From a query's text to a document that is valid for the public schema."""

import asyncio
import re
from typing import Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OverlappingFieldsCanBeMergedRule,
    StreamDirectiveOnListField,
    parse,
    specified_rules,
)

from router.serve.cache import CacheCounts, LruCache
from router.serve.discreet import discreet_rules
from router.serve.errors import OVERLOADED, PARSE_FAILED, TOO_DEEP, VALIDATION_FAILED, Refused
from router.serve.limits import Limits
from router.serve.limits.depth import check_depth
from router.serve.limits.measure import check_operations
from router.serve.limits.overlap import overlap_errors
from router.serve.pace import Pace
from router.serve.telemetry.histogram import Histogram
from router.serve.turns import Turns
from router.serve.validation import Rules

INLINE_CHARACTERS = 2_000
"""Longer texts are checked in a thread, so that the event loop goes on; shorter ones take less than the hand-over."""

CACHED_DOCUMENTS = 2_000
CACHED_CHARACTERS = 4_000_000

RULES = tuple(
    rule for rule in specified_rules if rule not in {OverlappingFieldsCanBeMergedRule, StreamDirectiveOnListField}
)
"""All but two: one takes time in the square of the document's size, and ours takes its place; the other is about a
directive that is never known here, and fails on unions."""

ALL_RULES, ALL_DISCREET_RULES = Rules(RULES), Rules(discreet_rules(RULES))

SUGGESTION: Final = re.compile(r" Did you mean [^?]*\?")


class Documents:
    """Parses and validates, and remembers the outcome, refusals included.

    Attributes:
        known: outcomes by texts, for all schemas that share the room.
        pace: of those that are not known, for the same.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        counts: CacheCounts | None = None,
        seconds: Histogram | None = None,
    ) -> None:
        """Remember nothing yet.

        Args:
            schema: the public one.
            limits: of documents.
            counts: of what was remembered when it was asked for.
            seconds: that it took otherwise.
        """
        self._schema = schema
        self._limits = limits
        self._seconds = seconds or Histogram()
        self.known: LruCache[tuple[Documents, str], DocumentNode | Refused]
        self.known = LruCache(CACHED_DOCUMENTS, CACHED_CHARACTERS, counts)
        self.pace, most = Pace(), limits.planning_seconds
        self._turns = Turns(most, OVERLOADED, "Too many documents are being looked at.", self.pace)
        self._large = Turns(most, OVERLOADED, "Too many large documents are being looked at.", self.pace)

    def of(self, schema: GraphQLSchema, limits: Limits) -> "Documents":
        """The documents of another schema, which share the room of these."""
        others = Documents(schema, limits, seconds=self._seconds)
        others.known, others.pace, others._turns, others._large = self.known, self.pace, self._turns, self._large
        return others

    def forget(self) -> None:
        """Give the room back."""
        self.known.drop(lambda key: key[0] is self)

    async def valid(self, text: str, tenant: str | None = None) -> DocumentNode:
        """The document of `text`, which somebody of a tenant has sent.

        Raises:
            Refused: it is too large, no GraphQL or not valid; or many others are being looked at.
        """
        known = self.known.get((self, text))
        if known is None:
            with self._seconds.measuring():
                known = await self._looked_at(text, tenant)
            self.known.put((self, text), known, len(text))
        if isinstance(known, Refused):
            raise Refused(known.errors, known.status)
        return known

    async def _looked_at(self, text: str, tenant: str | None) -> DocumentNode | Refused:
        if len(text) > INLINE_CHARACTERS:
            async with self._large.turn(tenant) as run:
                return self.known.peek((self, text)) or await run(self._outcome, text)
        async with self._turns.turn(tenant):
            known = self.known.peek((self, text)) or self._outcome(text)
            await asyncio.sleep(0)  # everybody else goes on before the next one
            return known

    def _outcome(self, text: str) -> DocumentNode | Refused:
        try:
            return self._checked(text)
        except Refused as refused:
            return Refused(refused.errors, refused.status)  # without the frames that led to it
        except RecursionError:
            return Refused.because("The document spreads fragments within fragments too deeply.", TOO_DEEP)

    def _checked(self, text: str) -> DocumentNode:
        if len(text) > self._limits.characters:
            message = f"The document has more than {self._limits.characters} characters."
            raise Refused.because(message, PARSE_FAILED)
        check_depth(text, self._limits)
        try:
            document = parse(
                text,
                max_lexical_tokens=self._limits.tokens,
                max_comments=self._limits.tokens,
                allow_empty_selection_sets=False,
            )
        except GraphQLSyntaxError as error:
            raise Refused.by_graphql([error], PARSE_FAILED) from error
        except (GraphQLError, RecursionError) as error:
            raise Refused.because("The document is nested too deeply.", PARSE_FAILED) from error
        _unchain(document)
        check_operations(document, self._limits)
        most, hide = self._limits.validation_errors, not self._limits.suggests
        rules = ALL_RULES if self._limits.introspection else ALL_DISCREET_RULES
        errors = rules.errors(self._schema, document, most=most, hide_suggestions=hide)
        if not errors:
            errors = self._overlaps(document)
        if errors:
            raise Refused.by_graphql([_unsuggestive(each) for each in errors] if hide else errors, VALIDATION_FAILED)
        return document

    def _overlaps(self, document: DocumentNode) -> list[GraphQLError]:
        limits = self._limits
        return overlap_errors(
            self._schema, document, limits.validation_errors, limits.selections, names_types=limits.introspection
        )


def _unchain(document: DocumentNode) -> None:
    """Let go of the tokens that no node begins or ends with.

    Each knows the next one and the one before: none of them would be gone, with the document, before the garbage
    collector comes to it.
    """
    token = None if document.loc is None else document.loc.start_token
    while token is not None:
        following, token.prev, token.next = token.next, None, None
        token = following


def _unsuggestive(error: GraphQLError) -> GraphQLError:
    """The error without what one rule suggests even where suggestions are to be hidden."""
    return GraphQLError(SUGGESTION.sub("", error.message), error.nodes)
