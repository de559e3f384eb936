"""Subscriptions that run, which another supergraph may bring to an end."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

from router.execute import Response
from router.execute.project import UNAUTHORIZED
from router.serve.engine import Engine
from router.serve.errors import BAD_USER_INPUT, PARSE_FAILED, UNKNOWN_OPERATION, VALIDATION_FAILED, Refused, coded_error
from router.serve.operation import Operation
from router.serve.request import GraphQLRequest, RequestContext
from router.serve.streams.cursor import KEY
from router.serve.streams.reading import StreamReader

logger = logging.getLogger(__name__)

SCHEMA_RELOAD: Final = "SUBSCRIPTION_SCHEMA_RELOAD"
NOT_JUDGED: Final = "SUBSCRIPTION_NOT_JUDGED"

_GONE: Final = frozenset({PARSE_FAILED, VALIDATION_FAILED, UNKNOWN_OPERATION, BAD_USER_INPUT, UNAUTHORIZED})
"""Refusals of an operation that say that it is none any more; others are about the moment."""


class Judged(ABC):
    """One subscription of one client, on the plan that it began with."""

    __slots__ = ("_context", "_operation", "_refused", "_variables")

    def __init__(self, operation: Operation, variables: Mapping[str, Any] | None, context: RequestContext) -> None:
        self._operation = operation
        self._variables = variables
        self._context = context
        self._refused: Refused | None = None

    @abstractmethod
    def last_cursor(self) -> str | None:
        """Of the last event that the client got, if it had one."""

    @abstractmethod
    def end(self, refused: Refused) -> None:
        """Tell the client that there is nothing more, and why."""

    async def judge(self, engine: Engine) -> None:
        """End the stream if another engine would not answer it, or hide something of what it shows."""
        if self._operation.schema is engine.schema or self._refused is not None or await self._holds(engine):
            return
        cursor = self.last_cursor()
        told = {} if cursor is None else {KEY: cursor}
        message = "The schema has changed, and the subscription cannot go on."
        self._refused = Refused([coded_error(message, SCHEMA_RELOAD, **told)])
        self.end(self._refused)

    async def _holds(self, engine: Engine) -> bool:
        definition = self._operation.definition
        assert definition.loc is not None  # noqa: S101  # clients' documents are parsed with their places
        name = None if definition.name is None else definition.name.value
        try:
            found = await engine.planned(GraphQLRequest(definition.loc.source.body, name), self._context)
            found.coerced(self._variables)
        except Refused as refused:
            return refused.errors[0]["extensions"]["code"] not in _GONE
        except Exception:  # of whoever is asked what the caller may see: no reason to end what it may have seen so far
            logger.exception("%s Whether a subscription holds by another supergraph; it goes on", NOT_JUDGED)
            return True
        return set(found.executor.plan.denied) <= set(self._operation.executor.plan.denied)


class JudgedReader(Judged):
    """One whose events come from wherever its reader takes them."""

    __slots__ = ("_reader",)

    def __init__(self, operation: Operation, variables: Mapping[str, Any] | None, reader: StreamReader) -> None:
        super().__init__(operation, variables, reader.context)
        self._reader = reader

    def last_cursor(self) -> str | None:
        return self._reader.cursor

    def end(self, refused: Refused) -> None:
        self._reader.end(refused.errors)


class RunningStream(Judged):
    """One that gives its events itself."""

    __slots__ = ("_cursor", "_waiting")

    def __init__(self, operation: Operation, variables: Mapping[str, Any] | None, context: RequestContext) -> None:
        super().__init__(operation, variables, context)
        self._cursor: str | None = None
        self._waiting: asyncio.Task[Any] | None = None

    def last_cursor(self) -> str | None:
        return self._cursor

    def end(self, refused: Refused) -> None:
        if self._waiting is not None:
            self._waiting.cancel()

    async def events(self, cursor: str | None) -> AsyncGenerator[Response]:
        """What happens from now on, or after the event with the cursor.

        Raises:
            Refused: as `Operation.subscribe` says, or the stream was ended.
        """
        self._cursor = cursor
        async with aclosing(self._operation.subscribe(self._variables, self._context, cursor)) as events:
            while True:
                if self._refused is not None:
                    raise self._refused
                event = await self._next(events)
                if event is None:
                    return
                self._cursor = event.extensions.get(KEY, self._cursor)
                yield event

    async def _next(self, events: AsyncGenerator[Response]) -> Response | None:
        self._waiting = asyncio.current_task()
        try:
            return await anext(events, None)
        except asyncio.CancelledError:
            if self._refused is None or self._waiting is None:
                raise
            self._waiting.uncancel()
            raise self._refused from None
        finally:
            self._waiting = None
