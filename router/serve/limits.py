"""What a document may cost before any work is done for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from router.serve.errors import PARSE_FAILED, VALIDATION_FAILED, Refused


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what clients may send.

    Attributes:
        body_bytes: of an HTTP body, a query string or a WebSocket message.
        tokens: of a document.
        depth: of brackets within brackets in a document.
        selections: fields of an operation, counted where fragments are spread.
        validation_errors: reported for one document.
        socket_operations: at the same time on one WebSocket.
        socket_queue: messages that wait for a slow reader of a WebSocket, before its operations have to wait too.
        socket_init_seconds: until a WebSocket must have sent `connection_init`.
        socket_write_seconds: that a message may wait for a slow reader, before the connection is closed.
    """

    body_bytes: int = 2_000_000
    tokens: int = 15_000
    depth: int = 500
    selections: int = 20_000
    validation_errors: int = 20
    socket_operations: int = 100
    socket_queue: int = 32
    socket_init_seconds: float = 3.0
    socket_write_seconds: float = 30.0


_BRACKETS = re.compile(
    r"""
    \"{3} (?: [^"\\] | \\. | "(?!"") )*+ (?:\"{3})?   # a block string, perhaps without an end
    | " (?: [^"\\\n] | \\. )*+ "?                      # a string, perhaps without an end
    | \# [^\n]*                                         # a comment
    | [{}()\[\]]
    """,
    re.DOTALL | re.VERBOSE,
)
"""What tells brackets from text; it never looks at a character twice, whatever the input."""


def check_depth(text: str, limits: Limits) -> None:
    """Refuse a text nested too deep, before a parser recurses into it.

    Raises:
        Refused: it is, or has more tokens than allowed.
    """
    depth = 0
    for seen, match in enumerate(_BRACKETS.finditer(text)):
        bracket = match[0]
        if seen >= limits.tokens:
            raise Refused.because(f"The document has more than {limits.tokens} tokens.", PARSE_FAILED)
        if bracket in "{([":
            depth += 1
            if depth > limits.depth:
                raise Refused.because(f"The document is nested deeper than {limits.depth} levels.", PARSE_FAILED)
        elif bracket in "})]":
            depth -= 1


def check_selections(document: DocumentNode, limit: int) -> None:
    """Refuse a document whose fragments multiply, counting each fragment once however often it is spread.

    A fragment that spreads itself counts as nothing here; validation refuses it.

    Raises:
        Refused: an operation selects more than `limit` fields.
    """
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    counter = _SelectionCounter(fragments, {}, limit)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode) and counter.count(definition.selection_set) > limit:
            raise Refused.because(f"The operation selects more than {limit} fields.", VALIDATION_FAILED)


@dataclass(frozen=True, slots=True)
class _SelectionCounter:
    fragments: Mapping[str, FragmentDefinitionNode]
    known: dict[str, int]
    limit: int

    def count(self, selections: SelectionSetNode) -> int:
        total = 0
        for selection in selections.selections:
            match selection:
                case FieldNode(selection_set=None):
                    total += 1
                case FieldNode(selection_set=SelectionSetNode() as nested):
                    total += 1 + self.count(nested)
                case InlineFragmentNode(selection_set=nested):
                    total += self.count(nested)
                case FragmentSpreadNode(name=name):
                    total += self._fragment(name.value)
                case _:
                    pass
            if total > self.limit:
                break
        return total

    def _fragment(self, name: str) -> int:
        known = self.known.get(name)
        if known is None:
            self.known[name] = 0
            definition = self.fragments.get(name)
            known = self.count(definition.selection_set) if definition else 0
            self.known[name] = known
        return known
