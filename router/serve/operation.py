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
from router.serve.caching.operations import CachedOperation
from router.serve.demand.actual import Meter
from router.serve.demand.control import Charge, DemandControl, dry_run
from router.serve.demand.estimate import Estimate
from router.serve.discreet import discreet_variables
from router.serve.errors import BAD_USER_INPUT, TOO_DEEP, Refused
from router.serve.limits import Limits
from router.serve.limits.values import check_variables
from router.serve.request import RequestContext
from router.serve.telemetry.sighting import SIGHTING
from router.serve.telemetry.signature import Signature


@dataclass(frozen=True, slots=True)
class Operation:
    """A planned operation, which can be executed many times.

    Attributes:
        meter: of its answers; None where they are not measured.
        deferring: the variables that decide what is deferred; None if nothing ever is.
        seconds: how long it, or the answer to one event, may wait for subgraphs; None for as long as they take.
        signature: what it is, whoever sends it; None where nobody looks.
        cached: what is kept of its answers; None where nothing ever is.
    """

    schema: GraphQLSchema
    definition: OperationDefinitionNode
    estimate: Estimate
    executor: Executor
    limits: Limits
    demand: DemandControl
    meter: Meter | None = None
    deferring: frozenset[str] | None = None
    seconds: float | None = None
    signature: Signature | None = None
    cached: CachedOperation | None = None

    @property
    def kind(self) -> OperationKind:
        return self.executor.plan.kind

    @property
    def root_fields(self) -> tuple[str, ...]:
        """Names of the fields that it asks of its root type."""
        return tuple(each.field_name for each in self.executor.plan.projection)

    async def execute(
        self, variables: Mapping[str, Any] | None, context: RequestContext, *, raw: bool = False
    ) -> Response:
        """Answer a query or mutation; with `raw`, the data may be text.

        Raises:
            Refused: the variables do not fit or ask for too much, or the operation is a subscription, or the client has
                nothing left to spend.
        """
        if context.dry_run:
            return self.priced(variables)
        self.require_answer()
        coerced = self.coerced(variables)
        if not self.demand.concerns(context):
            response = await self._answer(coerced, context, raw=raw)
        else:
            charge = await self.admitted(coerced, context)
            response = await self._answer(coerced, context, raw=raw)
            self.demand.settle(charge, self.meter, response, coerced)
        seen = SIGHTING.get()
        if seen is not None:
            seen.answered(response)
        return response

    async def _answer(self, coerced: Mapping[str, Any], context: RequestContext, *, raw: bool) -> Response:
        if self.cached is not None:
            return await self.cached.execute(self.executor, coerced, context, self.seconds, raw=raw)
        return await self.executor.execute(coerced, context.headers, context.terms(self.seconds), raw=raw)

    def priced(self, variables: Mapping[str, Any] | None) -> Response:
        """What executing would cost, in an answer without data.

        Raises:
            Refused: the variables do not fit or ask for too much.
        """
        price = self.estimate.of(self.coerced(variables))
        seen = SIGHTING.get()
        if seen is not None:
            seen.priced()
        return dry_run(price)

    async def admitted(self, coerced: Mapping[str, Any], context: RequestContext) -> Charge:
        """Take what executing with these variables may cost from what the client has.

        Raises:
            Refused: it has not as much left.
        """
        return await self.demand.admit(context, self.estimate.of(coerced))

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
            Refused: the variables do not fit or ask for too much, or the client has nothing left to spend. A stream is
                charged once, as much as one event may cost.
        """
        if context.dry_run:
            yield self.priced(variables)
            return
        events = self.events(await self.charged(variables, context), context, cursor)
        seen = SIGHTING.get()
        if seen is not None:
            events = seen.subscription(events, cursor)
        async with aclosing(events) as responses:
            async for response in responses:
                yield response

    async def charged(self, variables: Mapping[str, Any] | None, context: RequestContext) -> dict[str, Any]:
        """The variables of a subscription, checked, for which as much is taken as one event may cost.

        Raises:
            Refused: they do not fit or ask for too much, or the client has nothing left to spend.
        """
        coerced = self.coerced(variables)
        if self.demand.concerns(context):
            await self.admitted(coerced, context)
        return coerced

    def events(
        self, coerced: Mapping[str, Any], context: RequestContext, cursor: str | None = None
    ) -> AsyncGenerator[Response]:
        """The events of a subscription that has been charged, from now on or after the one with the cursor."""
        return self.executor.subscribe(coerced, context.headers, context.terms(self.seconds), cursor)

    def coerced(self, variables: Mapping[str, Any] | None) -> dict[str, Any]:
        """The client's variables, checked.

        Raises:
            Refused: they do not fit or ask for too much.
        """
        if variables:
            check_variables(variables, self.limits)
        try:
            coerced = coerce_variables(self.schema, self.definition, variables, suggestions=self.limits.suggests)
        except InvalidVariables as invalid:
            errors = invalid.errors if self.limits.introspection else discreet_variables(invalid.errors)
            raise Refused.by_graphql(errors, BAD_USER_INPUT) from invalid
        cost = self.estimate.of(coerced)
        seen = SIGHTING.get()
        if seen is not None:
            seen.estimated = cost
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
