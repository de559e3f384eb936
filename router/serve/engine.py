"""One supergraph, ready to answer: documents, plans and executors, each made once."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, get_operation_ast

from router.execute import Executor, InvalidVariables, Response, Transport, coerce_variables
from router.plan import NO_ROLLOUT, Labels, Planner, PlanningError, Rollout
from router.plan.nodes import OperationKind, QueryPlan
from router.serve.cache import LruCache
from router.serve.documents import Documents
from router.serve.errors import BAD_USER_INPUT, TOO_DEEP, UNKNOWN_OPERATION, Refused, masked
from router.serve.estimate import Estimate
from router.serve.limits import Limits
from router.serve.request import GraphQLRequest, RequestContext
from router.supergraph import Supergraph

CACHED_OPERATIONS = 1_000
CACHED_CHARACTERS = 2_000_000

Plan: TypeAlias = Callable[[DocumentNode, str | None, frozenset[str]], QueryPlan]


@dataclass(frozen=True, slots=True)
class Operation:
    """A planned operation, which can be executed many times."""

    schema: GraphQLSchema
    definition: OperationDefinitionNode
    estimate: Estimate
    executor: Executor

    @property
    def kind(self) -> OperationKind:
        return self.executor.plan.kind

    async def execute(
        self, variables: Mapping[str, Any] | None, context: RequestContext, *, raw: bool = False
    ) -> Response:
        """Answer a query or mutation; with `raw`, the data may be text.

        Raises:
            Refused: the variables do not fit or ask for too much, or the operation is a subscription.
        """
        if self.kind is OperationKind.SUBSCRIPTION:
            raise Refused.because("A subscription needs a transport that can carry more than one response.")
        return await self.executor.execute(self._coerced(variables), context.headers, raw=raw)

    async def subscribe(self, variables: Mapping[str, Any] | None, context: RequestContext) -> AsyncGenerator[Response]:
        """Answer a subscription.

        Raises:
            Refused: the variables do not fit or ask for too much.
        """
        async with aclosing(self.executor.subscribe(self._coerced(variables), context.headers)) as responses:
            async for response in responses:
                yield response

    def _coerced(self, variables: Mapping[str, Any] | None) -> dict[str, Any]:
        try:
            coerced = coerce_variables(self.schema, self.definition, variables)
        except InvalidVariables as invalid:
            raise Refused.by_graphql(invalid.errors, BAD_USER_INPUT) from invalid
        self.estimate.check(coerced)
        return coerced


class Engine:
    """Answers GraphQL requests over one supergraph."""

    def __init__(
        self,
        schema: GraphQLSchema,
        plan: Plan,
        transports: Mapping[str, Transport],
        limits: Limits | None = None,
        labels: Labels | None = None,
    ) -> None:
        """Make what is shared by all requests.

        Args:
            schema: the public one.
            plan: plans a valid document's operation, for the labels of `@override` that hold.
            transports: by subgraph.
            limits: of what is answered.
            labels: those in use; None if there are none.
        """
        self.schema = schema
        self.limits = limits or Limits()
        self._plan = plan
        self._labels = labels
        self.transports = transports
        self._documents = Documents(schema, self.limits)
        self._operations: LruCache[tuple[str, str | None, frozenset[str]], Operation] = LruCache(
            CACHED_OPERATIONS, CACHED_CHARACTERS
        )

    @classmethod
    def from_sdl(
        cls, supergraph_sdl: str, transports: Mapping[str, Transport], limits: Limits | None = None
    ) -> "Engine":
        """An engine over a composed supergraph.

        Raises:
            SupergraphError: the text is no supergraph.
            ValueError: a subgraph has no transport.
        """
        supergraph = Supergraph.from_sdl(supergraph_sdl)
        missing = sorted(set(supergraph.subgraphs) - set(transports))
        if missing:
            raise ValueError(f"No transport for the subgraphs {', '.join(missing)}.")
        return cls(supergraph.api_schema, Planner(supergraph).plan, transports, limits, Labels(supergraph))

    async def execute(self, request: GraphQLRequest, context: RequestContext) -> Response:
        """Answer a query or mutation; refusals and bugs become responses too."""
        try:
            operation = await self.prepare(request, context.rollout)
            return await operation.execute(request.variables, context)
        except Refused as refused:
            return refused.response()
        except Exception as error:  # noqa: BLE001  # whatever it is, the client gets a masked answer and the log the rest
            return Response(errors=[masked(error)])

    async def subscribe(self, request: GraphQLRequest, context: RequestContext) -> AsyncGenerator[Response]:
        """Answer any operation as a stream: a query or mutation gives one response."""
        operation = await self.prepare(request, context.rollout)
        if operation.kind is not OperationKind.SUBSCRIPTION:
            yield await operation.execute(request.variables, context)
            return
        async with aclosing(operation.subscribe(request.variables, context)) as responses:
            async for response in responses:
                yield response

    async def prepare(self, request: GraphQLRequest, rollout: Rollout = NO_ROLLOUT) -> Operation:
        """The operation that a request names, planned for the progressive overrides that hold for it.

        Raises:
            Refused: the document is not valid, or has no such operation, or one that asks for too much.
        """
        labels = frozenset[str]() if self._labels is None else self._labels.outcome(rollout)
        key = (request.query, request.operation_name, labels)
        known = self._operations.get(key)
        if known is None:
            document = await self._documents.valid(request.query)
            known = self._planned(document, request.operation_name, labels)
            self._operations.put(key, known, len(request.query))
        return known

    async def aclose(self) -> None:
        """Close the transports."""
        for transport in self.transports.values():
            await transport.aclose()

    def _planned(self, document: DocumentNode, operation_name: str | None, labels: frozenset[str]) -> Operation:
        definition = get_operation_ast(document, operation_name)
        if definition is None:
            message = (
                f"The document has no operation named {operation_name!r}."
                if operation_name is not None
                else "The document has several operations; name the one to execute."
            )
            raise Refused.because(message, UNKNOWN_OPERATION)
        try:
            estimate = Estimate(self.schema, document, definition, self.limits)
            plan = self._plan(document, operation_name, labels)
            executor = Executor(plan, self.transports, self.schema, max_objects=self.limits.objects)
        except PlanningError as error:
            raise Refused.because(str(error), error.code) from error
        except RecursionError as error:
            raise Refused.because("The operation is nested too deeply.", TOO_DEEP) from error
        return Operation(self.schema, definition, estimate, executor)
