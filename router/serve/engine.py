"""One supergraph, ready to answer: documents, plans and executors, each made once."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractContextManager, aclosing, nullcontext
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple, TypeAlias

from graphql import DocumentNode, GraphQLSchema, get_operation_ast

from router.execute import Executor, Response, Transport
from router.execute.incremental import IncrementalExecutor, IncrementalResponse
from router.plan import Labels, Planner, defer_variables
from router.plan.nodes import OperationKind, QueryPlan
from router.serve.access.enforcement import Access, Enforcement
from router.serve.access.touched import NOTHING
from router.serve.cache import LruCache
from router.serve.caching.caches import Caches
from router.serve.caching.operations import CachedOperation, named, shown_by
from router.serve.demand.actual import Meter
from router.serve.demand.control import DemandControl
from router.serve.demand.estimate import Estimate
from router.serve.demand.prices import Prices
from router.serve.documents import Documents
from router.serve.errors import PLANNING_LIMIT, UNKNOWN_OPERATION, Refused, masked
from router.serve.limits import Limits
from router.serve.masking.config import ErrorPolicy
from router.serve.masking.transport import masking
from router.serve.operation import Operation, refusing
from router.serve.persisted import PersistedOperations, unsupported
from router.serve.request import ANYBODY, GraphQLRequest, RequestContext
from router.serve.streams.cursor import cursor_asked
from router.serve.streams.guard import guarded
from router.serve.streams.reading import UNCHANGING, Judging, StreamReader
from router.serve.telemetry.config import Metrics
from router.serve.telemetry.numbers import Numbers
from router.serve.telemetry.sighting import SIGHTING
from router.serve.telemetry.signature import signature_of
from router.serve.telemetry.telemetry import Telemetry
from router.serve.turns import Turns
from router.serve.variants.contracts import Contracts, PublicPart
from router.serve.variants.graph import GraphVariant, GraphVariants
from router.serve.variants.lists import TenantLists
from router.serve.variants.placement import placements_of, require_place
from router.serve.variants.policy import ContractTags
from router.serve.variants.settings import TenancySettings
from router.serve.variants.tenancy import Tenancy
from router.supergraph import Supergraph
from router.supergraph.access import AccessRules, Requirements
from router.supergraph.api_schema import with_defer
from router.supergraph.costs import Costs, read_costs

CACHED_OPERATIONS = 1_000
CACHED_CHARACTERS = 2_000_000
_NO_LABELS: frozenset[str] = frozenset()

Plan: TypeAlias = Callable[[DocumentNode, str | None, frozenset[str]], QueryPlan]
PlanDeferring: TypeAlias = Callable[[DocumentNode, str | None, frozenset[str], frozenset[str]], QueryPlan]


class Variant(NamedTuple):
    """Whatever of a request, beside its text, shapes the plan.

    Attributes:
        graph: what is shown.
        labels: of `@override`, that hold.
        failing: what the operation may need and its caller does not have.
        operation_cost: most that it may cost; None for what holds for all.
    """

    graph: GraphVariant
    labels: frozenset[str]
    failing: Requirements = NOTHING
    operation_cost: float | None = None


OperationKey: TypeAlias = tuple[str, str | None, Variant]
"""The text of a document, the name of its operation, and what else shapes the plan."""


class Recent(NamedTuple):
    """An operation that clients have asked for, as another engine can plan it, too."""

    text: str
    operation_name: str | None
    labels: frozenset[str]
    failing: Requirements


class Engine:
    """Answers GraphQL requests over one supergraph."""

    def __init__(  # noqa: PLR0913  # parts of a router that have nothing to do with each other
        self,
        schema: GraphQLSchema,
        plan: Plan,
        transports: Mapping[str, Transport],
        limits: Limits | None = None,
        labels: Labels | None = None,
        plan_deferring: PlanDeferring | None = None,
        *,
        persisted: PersistedOperations | None = None,
        enforcement: Enforcement | None = None,
        control: DemandControl | None = None,
        costs: Costs | None = None,
        answers: Caches | None = None,
        tenancy: Tenancy | None = None,
        errors: ErrorPolicy | None = None,
        telemetry: Telemetry | None = None,
        supergraph_id: str = "",
        contracts: Contracts | None = None,
    ) -> None:
        """Make what is shared by all requests.

        Args:
            schema: the public one.
            plan: plans a valid document's operation, for the labels of `@override` that hold.
            transports: by subgraph.
            limits: of what is answered.
            labels: those in use; None if there are none.
            plan_deferring: like `plan`, for the variables of `@defer(if:)` that are true; None where clients do not get
                `@defer`.
            persisted: documents that clients may name, and which they may send; None for no names and any document.
            enforcement: of access rules; None if there are none.
            control: of what operations may cost. It stays the caller's, who closes it.
            costs: that the subgraphs state; None for none.
            answers: that are kept, which `transports` look into already. They stay the caller's, who closes them.
            tenancy: of the clients. It stays the caller's, who may give it to another engine as well.
            errors: what clients are told of those of subgraphs.
            telemetry: looks at all of it; None where nobody does. It stays the caller's as well.
            supergraph_id: tells it from others.
            contracts: make parts of the supergraph for those who are not to see the whole; None where nobody is.
        """
        self.schema = schema if plan_deferring is None else with_defer(schema)
        self.limits = limits or Limits()
        self._plan = plan
        self._plan_deferring = plan_deferring
        self._labels = labels
        self._lists = TenantLists(persisted)
        self._placements = placements_of(transports.values())
        self._enforcement = enforcement
        self.control = control or DemandControl()
        self.answers = answers
        masked_ = masking(transports, errors or ErrorPolicy())
        self.transports: Mapping[str, Transport] = masked_ if telemetry is None else telemetry.around(masked_)
        self.tenancy = tenancy
        self.telemetry = telemetry
        self.supergraph_id = supergraph_id
        numbers = Numbers(Metrics()) if telemetry is None else telemetry.numbers
        self._planning = numbers.planning
        counts = numbers.caches
        self._documents = Documents(self.schema, self.limits, counts["documents"], numbers.parsing)
        prices = Prices(self.schema, costs or Costs(), self.control.demand)
        whole = GraphVariant(PublicPart(self.schema), self.limits, self._documents, prices, ContractTags())
        most = TenancySettings().variants if tenancy is None else tenancy.settings.variants
        self._graphs = GraphVariants(whole, contracts, most, self._forget)
        most, told = self.limits.planning_seconds, "Too many operations are being planned."
        self._turns = Turns(most, PLANNING_LIMIT, told, self._documents.pace, ahead=True)
        self._operations: LruCache[OperationKey, Operation]
        self._operations = LruCache(CACHED_OPERATIONS, CACHED_CHARACTERS, counts["operations"])
        self._incremental: LruCache[tuple[str, str | None, Variant, frozenset[str]], IncrementalExecutor]
        self._incremental = LruCache(CACHED_OPERATIONS, CACHED_CHARACTERS, counts["incremental"])
        if telemetry is not None:
            telemetry.watch(self)

    @classmethod
    def from_sdl(  # noqa: PLR0913  # as above
        cls,
        supergraph_sdl: str,
        transports: Mapping[str, Transport],
        limits: Limits | None = None,
        *,
        defer: bool = False,
        persisted: PersistedOperations | None = None,
        access: Access | None = None,
        control: DemandControl | None = None,
        answers: Caches | None = None,
        tenancy: Tenancy | None = None,
        errors: ErrorPolicy | None = None,
        telemetry: Telemetry | None = None,
    ) -> "Engine":
        """An engine over a composed supergraph; with `defer`, its clients may use `@defer`.

        The access rules of the supergraph are enforced in any case; `access` says how.

        Raises:
            SupergraphError: the text is no supergraph.
            ValueError: a subgraph has no transport, or what is kept of answers or told of errors does not fit it.
        """
        supergraph = Supergraph.from_sdl(supergraph_sdl)
        missing = sorted(set(supergraph.subgraphs) - set(transports))
        if missing:
            raise ValueError(f"No transport for the subgraphs {', '.join(missing)}.")
        supergraph_id = sha256(supergraph_sdl.encode()).hexdigest()[:16]
        if answers is not None:
            transports = answers.around(transports, supergraph, supergraph_id)
        plan = Planner(supergraph, seconds=(limits or Limits()).planning_seconds).plan
        labels, deferring, rules = Labels(supergraph), plan if defer else None, AccessRules(supergraph)
        return cls(
            supergraph.api_schema,
            plan,
            transports,
            limits,
            labels,
            deferring,
            persisted=persisted,
            enforcement=Enforcement(supergraph, rules, plan, access or Access()) if rules else None,
            control=control,
            costs=read_costs(supergraph.document),
            answers=answers,
            tenancy=tenancy,
            errors=errors,
            telemetry=telemetry,
            supergraph_id=supergraph_id,
            contracts=Contracts(supergraph_sdl, defer=defer),
        )

    @property
    def caches(self) -> Mapping[str, LruCache[Any, Any]]:
        """What it remembers, by the names that metrics have."""
        return {"documents": self._documents.known, "operations": self._operations, "incremental": self._incremental}

    async def execute(self, request: GraphQLRequest, context: RequestContext) -> Response:
        """Answer a query or mutation; refusals and bugs become responses too."""
        try:
            context = await self.admitted(context)
            operation = await self.prepare(request, context)
            return await operation.execute(request.variables, context)
        except Refused as refused:
            return refused.response()
        except Exception as error:  # noqa: BLE001  # whatever it is, the client gets a masked answer and the log the rest
            return Response(errors=[masked(error)])

    async def execute_incrementally(self, request: GraphQLRequest, context: RequestContext) -> IncrementalResponse:
        """Answer a query or mutation for a client that takes what is deferred later."""
        try:
            return await self._execute_incrementally(request, context)
        except Refused as refused:
            return IncrementalResponse.whole(refused.response())
        except Exception as error:  # noqa: BLE001  # as above
            return IncrementalResponse.whole(Response(errors=[masked(error)]))

    async def _execute_incrementally(self, request: GraphQLRequest, context: RequestContext) -> IncrementalResponse:
        context = await self.admitted(context)
        persisted = await self._lists.of(context)
        if persisted is not None:
            request = (await persisted.find(request, context)).request
        variant = await self._variant(request, context)
        operation = await self._prepare(request, context, variant)
        operation.require_answer()
        if self._plan_deferring is None or operation.deferring is None:
            return IncrementalResponse.whole(await operation.execute(request.variables, context))
        if context.dry_run:
            return IncrementalResponse.whole(operation.priced(request.variables))
        variables = operation.coerced(request.variables)
        charge = await operation.admitted(variables, context)
        deferring = frozenset(name for name in operation.deferring if variables.get(name) is True)
        key = (request.query, request.operation_name, variant, deferring)
        known = self._incremental.get(key)
        if known is None:
            graph = variant.graph
            document = await graph.documents.valid(request.query, context.tenant)
            with refusing():
                with self._planning.measuring(), self._step("graphql.plan"):
                    async with self._turns.turn(context.tenant) as run:
                        plan = await run(self._plan_for, document, request.operation_name, variant, deferring)
                known = IncrementalExecutor(plan, self.transports, graph.schema, max_objects=self.limits.objects)
            self._incremental.put(key, known, len(request.query))
        if self.answers is not None:
            context = self.answers.begin(context)
        response = await known.execute(variables, context.headers, context.terms(operation.seconds))
        self.control.tell(charge, response.initial)
        seen = SIGHTING.get()
        if seen is not None:
            seen.answered(response.initial)
        return guarded(response)

    async def subscribe(self, request: GraphQLRequest, context: RequestContext) -> AsyncGenerator[Response]:
        """Answer any operation as a stream: a query or mutation gives one response."""
        context = await self.admitted(context)
        operation = await self.prepare(request, context)
        if operation.kind is not OperationKind.SUBSCRIPTION:
            yield await operation.execute(request.variables, context)
            return
        cursor = cursor_asked(request)
        async with aclosing(self.stream(operation, request, context, cursor)) as responses:
            async for response in responses:
                yield response

    def stream(
        self, operation: Operation, request: GraphQLRequest, context: RequestContext, cursor: str | None
    ) -> AsyncGenerator[Response]:
        """Answer a subscription that has been prepared, from now on or after the event with the cursor.

        Raises:
            Refused: as `Operation.subscribe` says.
        """
        return operation.subscribe(request.variables, context, cursor)

    def hold(self) -> AbstractContextManager[None]:
        """What a task asks within the block is answered by one supergraph, which is kept for as long."""
        return UNCHANGING

    def judging(self, operation: Operation, variables: Mapping[str, Any] | None, reader: StreamReader) -> Judging:
        """End a subscription within the block as soon as another supergraph is in use that would not answer it."""
        return UNCHANGING

    async def admitted(self, context: RequestContext) -> RequestContext:
        """The context with what holds for its caller's tenant, unless it has that already.

        Raises:
            Refused: the tenant is not served.
        """
        if self.tenancy is None or context.policy is not None:
            return context
        return await self.tenancy.admit(context)

    async def prepare(self, request: GraphQLRequest, context: RequestContext = ANYBODY) -> Operation:
        """The operation that a request names, planned for whoever asks.

        Raises:
            Refused: the document is not valid, or may not be executed, or has no such operation, or one that asks for
                too much.
            ValueError: it is not known what holds for the caller's tenant; `admitted` tells.
        """
        if self.tenancy is not None and context.policy is None:
            raise ValueError("The context has no policy; have it from Engine.admitted.")
        seen = SIGHTING.get()
        if seen is None:
            return await self._found(request, context)
        seen.context, seen.request = context, request
        seen.operation = await self._found(request, context)
        return seen.operation

    async def _found(self, request: GraphQLRequest, context: RequestContext) -> Operation:
        persisted = await self._lists.of(context)
        if persisted is None:
            return await self._prepare(request, context, await self._variant(request, context))
        found = await persisted.find(request, context)
        operation = await self._prepare(found.request, context, await self._variant(found.request, context))
        await persisted.keep(found, context)
        return operation

    async def _prepare(self, request: GraphQLRequest, context: RequestContext, variant: Variant) -> Operation:
        self.control.check(context)
        if context.tenant != self._documents.pace.latest:
            self._documents.pace.meet(context.tenant)
        key = (request.query, request.operation_name, variant)
        known = self._operations.get(key)
        if known is None:
            if not request.query:
                raise unsupported()
            async with self.control.counting(context):
                known = await self._foreseen(key, context.tenant)
        if self._enforcement is not None:
            self._enforcement.check(known.executor.plan, context)
        return known

    async def planned(self, request: GraphQLRequest, context: RequestContext) -> Operation:
        """The operation of a document, planned for whoever asks, whatever they have left to spend.

        Raises:
            Refused: the document is not valid, or may not be executed, or has no such operation.
        """
        key = (request.query, request.operation_name, await self._variant(request, context, free=True))
        known = self._operations.get(key) or await self._foreseen(key, context.tenant)
        if self._enforcement is not None:
            self._enforcement.check(known.executor.plan, context)
        return known

    def recent(self, most: int) -> list[Recent]:
        """What was asked for last of all that there is, in the order of its use."""
        whole = self._graphs.whole
        keys = self._operations.recent(most)
        return [Recent(text, name, each.labels, each.failing) for text, name, each in keys if each.graph is whole]

    async def foresee(self, recent: Recent) -> None:
        """Plan an operation before anybody asks for it.

        Raises:
            Refused: it cannot be.
        """
        variant = Variant(self._graphs.whole, recent.labels, recent.failing)
        await self._foreseen((recent.text, recent.operation_name, variant))

    async def _foreseen(self, key: OperationKey, tenant: str | None = None) -> Operation:
        text, name, variant = key
        with self._step("graphql.validate"):
            document = await variant.graph.documents.valid(text, tenant)
        with self._planning.measuring(), self._step("graphql.plan"):
            async with self._turns.turn(tenant) as run:
                known = self._operations.get(key)
                if known is None:
                    known = await run(self._planned, document, name, variant)
                    self._operations.put(key, known, len(text))
        return known

    async def _variant(self, request: GraphQLRequest, context: RequestContext, *, free: bool = False) -> Variant:
        """What shapes the plan of a request; with `free`, nobody is charged for having it looked at."""
        policy, graph, rollout = context.policy, self._graphs.whole, context.rollout
        if policy is not None:
            require_place(policy.placement, self._placements)
            graph = await self._graphs.of(policy, context.identity)
            if policy.labels:
                rollout = replace(rollout, labels=rollout.labels.union(policy.labels))
        labels = _NO_LABELS if self._labels is None else self._labels.outcome(rollout)
        failing = NOTHING
        if self._enforcement is not None and request.query:
            find = partial(self._valid, graph, context, free=free)
            failing = await self._enforcement.failing(request, context, find)
        return Variant(graph, labels, failing, None if policy is None else policy.operation_cost)

    async def _valid(self, graph: GraphVariant, context: RequestContext, text: str, *, free: bool) -> DocumentNode:
        """A document that may not be known yet, counted as one request if it is refused, unless that is free."""
        async with nullcontext() if free else self.control.counting(context):
            return await graph.documents.valid(text, context.tenant)

    def _step(self, name: str) -> AbstractContextManager[None]:
        return nullcontext() if self.telemetry is None else self.telemetry.step(name)

    async def aclose(self) -> None:
        """Close the transports."""
        for transport in self.transports.values():
            await transport.aclose()

    def _forget(self, graph: GraphVariant) -> None:
        """Keep nothing that was made for a variant which is not kept itself."""
        graph.documents.forget()
        self._operations.drop(lambda key: key[2].graph is graph)
        self._incremental.drop(lambda key: key[2].graph is graph)

    def _planned(self, document: DocumentNode, operation_name: str | None, variant: Variant) -> Operation:
        graph = variant.graph
        definition = get_operation_ast(document, operation_name)
        if definition is None:
            message = (
                f"The document has no operation named {operation_name!r}."
                if operation_name is not None
                else "The document has several operations; name the one to execute."
            )
            raise Refused.because(message, UNKNOWN_OPERATION)
        with refusing():
            prices, names = graph.prices_up_to(variant.operation_cost), graph.limits.introspection
            estimate = Estimate(prices, document, definition, names_arguments=names)
            meter = Meter.of(graph.prices, document, definition) if self.control.demand.measured else None
            plan = self._plan_for(document, operation_name, variant)
            executor = Executor(plan, self.transports, graph.schema, max_objects=self.limits.objects)
        deferring = None if self._plan_deferring is None else defer_variables(document)
        answers = self.answers
        cached = None if answers is None else self._cached(answers, plan, document, operation_name, variant)
        return Operation(
            graph.schema,
            definition,
            estimate,
            executor,
            graph.limits,
            self.control,
            meter,
            deferring,
            self.limits.operation_seconds,
            None if self.telemetry is None else signature_of(graph.schema, document, definition),
            cached,
        )

    def _cached(
        self, answers: Caches, plan: QueryPlan, document: DocumentNode, operation_name: str | None, variant: Variant
    ) -> CachedOperation:
        if not answers.config.answers or document.loc is None:
            return CachedOperation(answers, plan, None, None)
        shaping = repr(variant.graph.tags), sorted(variant.labels), sorted(map(repr, variant.failing))
        name = named(self.supergraph_id, document.loc.source.body, operation_name, *shaping)
        return CachedOperation(answers, plan, name, shown_by(plan, self.transports))

    def _plan_for(
        self,
        document: DocumentNode,
        operation_name: str | None,
        variant: Variant,
        deferring: frozenset[str] | None = None,
    ) -> QueryPlan:
        return variant.graph.shown(self._whole_plan(document, operation_name, variant, deferring))

    def _whole_plan(
        self, document: DocumentNode, operation_name: str | None, variant: Variant, deferring: frozenset[str] | None
    ) -> QueryPlan:
        if self._enforcement is not None and variant.failing:
            denied = self._enforcement.denied(variant.failing)
            return self._enforcement.plan(document, operation_name, variant.labels, deferring, denied)
        if deferring is not None and self._plan_deferring is not None:
            return self._plan_deferring(document, operation_name, variant.labels, deferring)
        return self._plan(document, operation_name, variant.labels)
