"""A subscription's source of events, and the rest of its plan for each of them.

Source: https://spec.graphql.org/draft/#sec-Subscription
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Protocol

from router.execute.fetching import FetchStep
from router.execute.response import Response
from router.execute.run import Run
from router.execute.terms import NO_TERMS, Terms
from router.execute.transport.base import SubgraphFailure, SubgraphResponse

SOURCE = 0
"""The fetch of a subscription's plan that gives its events."""

CURSOR = "cursor"
"""Where an event stands among those of its source, among the extensions of a response."""

GAP = "gap"
"""What the client has missed, likewise."""

HISTORY_GONE = "HISTORY_GONE"
"""Code of a gap that is as long as the client was away."""


class Remainder(Protocol):
    """What a plan has for each event."""

    @property
    def source(self) -> FetchStep: ...

    def begin(self, variables: Mapping[str, Any], headers: Mapping[str, str], terms: Terms) -> Run: ...

    async def go_on(self, run: Run, done: int) -> None: ...

    def answer(self, run: Run) -> Response: ...


async def respond_to_events(
    remainder: Remainder,
    variables: Mapping[str, Any],
    headers: Mapping[str, str],
    terms: Terms = NO_TERMS,
    cursor: str | None = None,
) -> AsyncGenerator[Response]:
    """One response per event, in the order of the source; if the source breaks, a last one says so.

    The next event is taken when the response to the last one has been: a slow reader slows the source down.

    Args:
        remainder: the plan.
        variables: coerced.
        headers: for the subgraphs.
        terms: each event's.
        cursor: of the event after which to go on. A source that gives its events none does not know it either; the
            first response then says so.
    """
    source = remainder.source
    resumed = cursor is not None
    try:
        async with aclosing(source.subscribe(variables, headers, terms, cursor)) as events:
            async for event in events:
                run = remainder.begin(variables, headers, terms)
                source.merge_root(run, event)
                await remainder.go_on(run, SOURCE)
                _place(run, event, resumed=resumed)
                resumed = False
                yield remainder.answer(run)
    except SubgraphFailure as failure:
        run = remainder.begin(variables, headers, terms)
        source.fail(run, failure)
        yield remainder.answer(run)


def _place(run: Run, event: SubgraphResponse, *, resumed: bool) -> None:
    """Keep the cursor that the source has given the event, and nobody else's."""
    cursor = event.extensions.get(CURSOR)
    if cursor is not None:
        run.extensions[CURSOR] = cursor
        return
    run.extensions.pop(CURSOR, None)
    if resumed and event.data is not None:
        run.extensions.setdefault(GAP, {"code": HISTORY_GONE})
