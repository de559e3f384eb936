"""One operation, answered in every way there is, held to the answer of the graph in one piece."""

from collections.abc import Mapping
from typing import Any

from graphql import REMOVE, DirectiveNode, Visitor, parse, print_ast, visit

from tests.conformance.monolith.compare import Answer, difference
from tests.conformance.monolith.federation import Federation
from tests.conformance.monolith.operations import Operation


async def tried(federation: Federation, operation: Operation) -> str | None:
    """How an answer differs, if one does.

    Raises:
        Invalid: there is nothing to answer.
    """
    plain = operation._replace(query=_without_defer(operation.query))
    expected = federation.expected(plain)
    differs = compared(expected, await federation.answers(plain))
    if differs is None and plain.query != operation.query:
        differs = await merged(federation, operation, expected)
    return differs


def compared(expected: Answer, answers: Mapping[str, Answer]) -> str | None:
    """How the first of the answers that differs does."""
    found = ((how, difference(expected, answer)) for how, answer in answers.items())
    return next((f"by {how}: {differs}" for how, differs in found if differs is not None), None)


async def merged(federation: Federation, operation: Operation, expected: Answer) -> str | None:
    """How what comes bit by bit differs when it is put together, the order of keys aside.

    Where there are errors it may: null goes up to the fragment only, and not as far as in the whole answer. And where
    a reference leads nowhere: what is deferred of it is asked by its key, which nobody has.

    Raises:
        Invalid: there is nothing to answer.
    """
    if expected.errors or expected.is_lossy:
        return None
    try:
        answer = await federation.merged(operation)
    except AssertionError as broken:
        return f"deferred: {broken}"
    if answer.data == expected.data and not answer.errors:
        return None
    return f"deferred: {difference(expected, answer)}"


class _WithoutDefer(Visitor):
    def enter_directive(self, node: DirectiveNode, *_: Any) -> Any:
        return REMOVE if node.name.value == "defer" else None


def _without_defer(query: str) -> str:
    return print_ast(visit(parse(query, no_location=True), _WithoutDefer())) if "@defer" in query else query
