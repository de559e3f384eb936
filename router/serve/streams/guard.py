"""Answers that come bit by bit, for clients that asked for it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from router.execute.incremental import Completed, IncrementalResponse, Pending, Update
from router.serve.errors import masked
from router.serve.telemetry.sighting import SIGHTING


def guarded(response: IncrementalResponse) -> IncrementalResponse:
    """The response, which ends in order even where there is a bug."""
    return replace(response, updates=_guarded(response.updates, response.pending))


async def _guarded(updates: AsyncGenerator[Update], pending: list[Pending]) -> AsyncGenerator[Update]:
    waiting = {each.id: each for each in pending}
    try:
        async with aclosing(updates):
            async for update in updates:
                waiting |= {each.id: each for each in update.pending}
                for each in update.completed:
                    del waiting[each.pending.id]
                _note(update)
                yield update
    except Exception as error:  # noqa: BLE001  # whatever it is, the client gets a masked answer and the log the rest
        problem = masked(error)
        yield Update([], [], [Completed(each, [problem]) for each in waiting.values()], has_next=False)


def _note(update: Update) -> None:
    problems = [error for each in (*update.delivered, *update.completed) for error in each.errors]
    seen = SIGHTING.get()
    if problems and seen is not None:
        seen.failed(problems, nothing=False)
