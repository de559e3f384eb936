"""A subgraph's GraphQL engine, the same behind HTTP, a WebSocket or a call in this process."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, TypeAlias

from opentelemetry import trace
from opentelemetry.trace import TracerProvider
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from shared.graphql.context import ContextFactory
from shared.graphql.field_spans import operation_span, subscription_spans
from shared.graphql.field_traces import traced_if_asked
from shared.graphql.masking import shown
from shared.graphql.schema import FederationSchema

Answer: TypeAlias = dict[str, Any]
"""A GraphQL response: `data`, unless the request was refused before execution, `errors` and `extensions` if any."""

_NO_HEADERS: Mapping[str, str] = {}


class GraphQLService:
    """Executes operations against one schema."""

    def __init__(
        self, schema: FederationSchema, *, context: ContextFactory, spans: TracerProvider | None = None
    ) -> None:
        """Args: `spans` makes those of its operations, in place of the provider that the process has."""
        self.schema = schema
        self._context = context
        self._tracer = trace.get_tracer("studium.graphql", tracer_provider=spans)

    async def execute(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Answer:
        """Answer a query or a mutation; it never raises for what a client can cause.

        Args:
            query: the document.
            variables: their JSON values.
            operation_name: which operation, if the document holds several.
            headers: the request's headers.
        """
        try:
            lowered = _lowered(headers)
            with operation_span(self._tracer, operation_name, lowered):
                context = await self._context(lowered)
                with traced_if_asked(lowered):
                    result = await self.schema.execute(
                        query,
                        variable_values=None if variables is None else dict(variables),
                        context_value=context,
                        operation_name=operation_name,
                    )
        except Exception as error:  # noqa: BLE001 the edge: shown if it is a refusal, masked if it is a bug
            return {"errors": [shown(error)]}
        return _answer(result)

    async def subscribe(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> AsyncGenerator[Answer]:
        """Answer any operation as a stream; a query or a mutation gives one answer.

        Each event is resolved with fresh loaders, so that it shows what has changed since the one before. Where events
        have cursors (an answer has its own as an extension), it goes on after the one in the header `Last-Event-ID`.
        """
        try:
            lowered = _lowered(headers)
            context = await self._context(lowered)
            context.goes_on_after = lowered.get("last-event-id")
            with subscription_spans(self._tracer, operation_name, lowered) as spans:
                stream = await self.schema.stream(
                    query,
                    variable_values=None if variables is None else dict(variables),
                    context_value=context,
                    operation_name=operation_name,
                )
        except Exception as error:  # noqa: BLE001 as above
            yield {"errors": [shown(error)]}
            return
        try:
            async with aclosing(stream):
                async for result in stream:
                    if spans is not None:
                        spans.end()
                    if isinstance(result, ExecutionResult):
                        yield _placed(_answer(result), context.cursor)
                    context.refresh()
        finally:
            if spans is not None:
                spans.end()


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _answer(result: ExecutionResult) -> Answer:
    errors = result.errors or []
    answer: Answer = {} if _was_refused(result) else {"data": result.data}
    if errors:
        answer["errors"] = [shown(error) for error in errors]
    if result.extensions:
        answer["extensions"] = result.extensions
    return answer


def _placed(answer: Answer, cursor: str | None) -> Answer:
    """The answer with its place among the events of its subscription, if it has one."""
    if cursor is not None:
        answer["extensions"] = {**answer.get("extensions", {}), "cursor": cursor}
    return answer


def _was_refused(result: ExecutionResult) -> bool:
    """Tell whether nothing was executed; variables of the wrong type are met late, but their error has no path."""
    if isinstance(result, PreExecutionError):
        return True
    return result.data is None and bool(result.errors) and all(error.path is None for error in result.errors or ())
