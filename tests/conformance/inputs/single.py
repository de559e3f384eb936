"""Several operations over one event stream: reserved, opened, filled and left, in whatever order clients choose.

Source: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md#single-connection-mode
"""

import asyncio
import random
from typing import Any, Final

import orjson
from starlette.types import ASGIApp

from tests.conformance.inputs.asgi import Taken, exchanged
from tests.conformance.inputs.documents import draw_document
from tests.conformance.inputs.requests import Exchange, parameters
from tests.conformance.inputs.shapes import Incremental, Problem, decoded, errors_problem, response_problem
from tests.conformance.inputs.streams import events_in
from tests.conformance.inputs.tokens import scrambled
from tests.conformance.inputs.values import storable

TOKEN: Final = b"x-graphql-event-stream-token"
STATUSES: Final = frozenset({200, 201, 202, 400, 404, 405, 409, 415, 429})


def draw_session(chance: random.Random) -> list[Exchange]:
    """What follows a reservation; the token is still to be added."""
    steps: list[Exchange] = []
    for _ in range(chance.choice((1, 3, 8))):
        roll = chance.random()
        id_ = chance.choice(("1", "2", "3", "", None, 5)) if chance.random() < 0.1 else chance.choice(("1", "2", "3"))
        if roll < 0.2:
            steps.append(Exchange("GET", "/graphql/stream", leaves=chance.choice((1, 3, 10))))
        elif roll < 0.8:
            found = {**parameters(draw_document(chance), random.Random(0)), "extensions": {"operationId": id_}}
            body = orjson.dumps(storable(found))
            chunks = [body if chance.random() < 0.9 else scrambled(body, chance)]
            steps.append(
                Exchange("POST", "/graphql/stream", headers=[(b"content-type", b"application/json")], chunks=chunks)
            )
        else:
            steps.append(Exchange("DELETE", "/graphql/stream", query=f"operationId={id_}".encode()))
    return steps


async def shared(app: ASGIApp, session: list[Exchange]) -> tuple[Problem, float]:
    """Play a session; what is wrong with it, if anything is, and the seconds of this thread's processor time."""
    reserved = await exchanged(app, Exchange("PUT", "/graphql/stream"))
    if reserved.status == 429:
        return None, reserved.seconds
    if reserved.status != 201:
        return f"the reservation has the status {reserved.status}", reserved.seconds
    running: list[asyncio.Task[Taken]] = []
    for step in session:
        step.headers.append((TOKEN, reserved.body))
        running.append(asyncio.create_task(exchanged(app, step)))
        for _ in range(3):
            await asyncio.sleep(0)
    opened = [each for each in session if each.method == "GET"]
    if not opened:
        opened = [Exchange("GET", "/graphql/stream", headers=[(TOKEN, reserved.body)])]
        running.append(asyncio.create_task(exchanged(app, opened[0])))
    taken = await _taken(running, [*session, *opened])
    problems = (_step_problem(each) for each in taken)
    return next((each for each in problems if each), None), reserved.seconds + max(each.seconds for each in taken)


async def _taken(running: list[asyncio.Task[Taken]], steps: list[Exchange]) -> list[Taken]:
    """What came of all steps; whoever still listens then leaves."""
    while True:
        waiting = [each for each in running if not each.done()]
        if not waiting:
            return [await each for each in running]
        done, _ = await asyncio.wait(waiting, timeout=0.02)
        if not done:
            for step in steps:
                step.gone.set()


def _step_problem(taken: Taken) -> Problem:
    if taken.error is not None:
        return f"{taken.error!r} came out of the application"
    if not taken.messages:
        return None if taken.left else "there is no answer"
    if taken.status not in STATUSES:
        return f"the status is {taken.status}: {taken.body!r}"
    kind = taken.headers.get("content-type", "")
    if kind.startswith("application/"):
        return response_problem(decoded(taken.body))
    return _stream_problem(taken.body) if kind.startswith("text/event-stream") else None


def _stream_problem(body: bytes) -> Problem:
    parts: dict[str, Incremental] = {}
    for event in events_in(body):
        said: Any = decoded(event.data.encode())
        if event.name == "complete":
            parts.pop(said["id"], None)
            continue
        payload = said["payload"]
        if "hasNext" in payload:
            found = parts.setdefault(said["id"], Incremental()).problem(payload)
        else:
            found = response_problem(payload) if "data" in payload else errors_problem(payload.get("errors"))
        if event.name != "next" or found:
            return found or f"there is an event {event.name}"
    return None
