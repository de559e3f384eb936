"""An operation that is ready to be executed."""

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from graphql import GraphQLSchema, OperationDefinitionNode

from router.execute import Executor, InvalidVariables, Response, coerce_variables
from router.plan import PlanningError
from router.plan.errors import TooManyChoices
from router.plan.nodes import OperationKind
from router.serve.demand.estimate import Estimate
from router.serve.errors import BAD_USER_INPUT, TOO_DEEP, Refused
from router.serve.limits import Limits
from router.serve.limits.values import check_variables
from router.serve.request import RequestContext


@dataclass(frozen=True, slots=True)
class Operation:
    """A planned operation, which can be executed many times.

    Attributes:
        deferring: the variables that decide what is deferred; None if nothing ever is.
        seconds: how long it, or the answer to one event, may wait for subgraphs; None for as long as they take.
    """

    schema: GraphQLSchema
    definition: OperationDefinitionNode
    estimate: Estimate
    executor: Executor
    limits: Limits
    deferring: frozenset[str] | None = None
    seconds: float | None = None

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
        self.require_answer()
        terms = context.terms(self.seconds)
        return await self.executor.execute(self.coerced(variables), context.headers, terms, raw=raw)

    def require_answer(self) -> None:
        """Refuse a subscription, which has events.

        Raises:
            Refused: it is one.
        """
        if self.kind is OperationKind.SUBSCRIPTION:
            raise Refused.because("A subscription needs a transport that can carry more than one response.")

    async def subscribe(
        self, variables: Mapping[str, Any] | None, context: RequestContext, cursor: str | None = None
    ) -> AsyncGenerator[Response]:
        """Answer a subscription, from now on or after the event with the cursor.

        Raises:
            Refused: the variables do not fit or ask for too much.
        """
        terms = context.terms(self.seconds)
        events = self.executor.subscribe(self.coerced(variables), context.headers, terms, cursor)
        async with aclosing(events) as responses:
            async for response in responses:
                yield response

    def coerced(self, variables: Mapping[str, Any] | None) -> dict[str, Any]:
        """The client's variables, checked.

        Raises:
            Refused: they do not fit or ask for too much.
        """
        if variables:
            check_variables(variables, self.limits)
        try:
            coerced = coerce_variables(self.schema, self.definition, variables, suggestions=self.limits.introspection)
        except InvalidVariables as invalid:
            raise Refused.by_graphql(invalid.errors, BAD_USER_INPUT) from invalid
        self.estimate.check(coerced)
        return coerced


@contextmanager
def refusing() -> Generator[None]:
    """Refuse what cannot be planned."""
    try:
        yield
    except TooManyChoices as error:
        raise Refused.because(str(error), error.code, HTTPStatus.SERVICE_UNAVAILABLE) from error
    except PlanningError as error:
        raise Refused.because(str(error), error.code) from error
    except RecursionError as error:
        raise Refused.because("The operation is nested too deeply.", TOO_DEEP) from error
