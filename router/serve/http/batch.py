"""Several operations in one request, each answered apart.

They begin at the same time: none waits for another, and none knows of another.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from http import HTTPStatus
from typing import TypeAlias, TypeVar

from starlette.types import Receive

from router.execute.response import Response
from router.plan.nodes import OperationKind
from router.serve.errors import BAD_REQUEST, Refused, masked
from router.serve.http.leaving import UntilLeft
from router.serve.http.parse import parse_parameters
from router.serve.operation import Operation
from router.serve.request import GraphQLRequest, RequestContext
from router.serve.telemetry.sighting import Sighting, part_of_current

NOT_ENABLED = "BATCHING_NOT_ENABLED"
TOO_MANY = "BATCH_LIMIT_EXCEEDED"

T = TypeVar("T")

Prepared: TypeAlias = tuple[GraphQLRequest, Operation, Sighting | None] | Response
"""An operation that is ready, or why there is none."""


def check_size(entries: Sequence[object], most: int) -> None:
    """Look at a batch as a whole.

    Raises:
        Refused: there may be no batches, or none of this size.
    """
    if most < 1:
        raise _bad("Several operations in one request are not accepted.", NOT_ENABLED)
    if not entries:
        raise _bad("The list of operations is empty.", BAD_REQUEST)
    if len(entries) > most:
        raise _bad(f"There are more than {most} operations in one request.", TOO_MANY)


async def answer_batch(
    prepare: Callable[[GraphQLRequest], Awaitable[Operation]],
    entries: Sequence[object],
    context: RequestContext,
    receive: Receive,
) -> list[Response]:
    """The answers in the order of the operations, which `prepare` finds or refuses.

    Raises:
        Left: the client has gone; it had sent nothing but queries.
    """
    prepared = [await _prepared(prepare, entry) for entry in entries]
    if any(not isinstance(each, Response) and each[1].kind is OperationKind.MUTATION for each in prepared):
        return await _answers(prepared, context)
    async with UntilLeft(receive):
        return await _answers(prepared, context)


async def _prepared(prepare: Callable[[GraphQLRequest], Awaitable[Operation]], entry: object) -> Prepared:
    seen = part_of_current("batch")
    with seen or nullcontext():
        prepared = await _guarded(_read(prepare, entry), seen)
    if not isinstance(prepared, Response):
        return *prepared, seen
    if seen is not None:
        seen.end()
    return prepared


async def _read(
    prepare: Callable[[GraphQLRequest], Awaitable[Operation]], entry: object
) -> tuple[GraphQLRequest, Operation]:
    request = parse_parameters(entry)
    return request, await prepare(request)


async def _answers(prepared: Sequence[Prepared], context: RequestContext) -> list[Response]:
    return await asyncio.gather(*(_answer(each, context) for each in prepared))


async def _answer(prepared: Prepared, context: RequestContext) -> Response:
    if isinstance(prepared, Response):
        return prepared
    request, operation, seen = prepared
    try:
        with seen or nullcontext():
            return await _guarded(operation.execute(request.variables, context, raw=True), seen)
    finally:
        if seen is not None:
            seen.end()


async def _guarded(work: Awaitable[T], seen: Sighting | None) -> T | Response:
    """What comes of work, or the answer that says why there is nothing."""
    try:
        return await work
    except Refused as refused:
        if seen is not None:
            seen.refused(refused.errors)
        return refused.response()
    except Exception as error:  # noqa: BLE001  # whatever it is, the client gets a masked answer and the log the rest
        return Response(errors=[masked(error)])


def _bad(message: str, code: str) -> Refused:
    return Refused.because(message, code, HTTPStatus.BAD_REQUEST)
