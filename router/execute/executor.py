"""Run a plan: each fetch as soon as the fetches it needs are done, then one projection.

What depends on the plan alone is prepared when the executor is built, so that an executor is worth keeping with its
plan. The first executions read the plan's nodes as they are; a plan that comes again gets code of its own.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from graphql import GraphQLSchema

from router.execute.budget import MAX_OBJECTS, Budget, TooManyObjects
from router.execute.client_paths import KeyPath, client_path, sent_paths
from router.execute.fetching import FetchStep
from router.execute.generated.passthrough import PassThrough
from router.execute.generated.records import RecordPlans
from router.execute.generated.source import Unsuitable
from router.execute.generated.workshop import soon
from router.execute.introspection import Introspection
from router.execute.json import JSONObject
from router.execute.project import Projector
from router.execute.response import Response
from router.execute.run import Run
from router.execute.shapes import holds
from router.execute.subscriptions import respond_to_events
from router.execute.terms import NO_TERMS, Terms
from router.execute.transport.base import Transport
from router.plan.nodes import QueryPlan

COMPILE_AFTER = 2
"""Executions after which code is made: it takes as long as a few executions without it."""


class Executor:
    """Answers one operation, any number of times and at the same time."""

    def __init__(
        self,
        plan: QueryPlan,
        transports: Mapping[str, Transport],
        schema: GraphQLSchema,
        *,
        max_objects: int = MAX_OBJECTS,
        compile_after: int | None = COMPILE_AFTER,
    ) -> None:
        """Prepare a plan.

        Args:
            plan: what to execute.
            transports: by subgraph.
            schema: the public one.
            max_objects: bounds each execution.
            compile_after: how many executions read the plan before code is made of it; None makes none ever.

        Raises:
            KeyError: a subgraph of the plan has no transport.
        """
        self.plan = plan
        self._max_objects = max_objects
        self._until_compiled = -1 if compile_after is None else compile_after
        self._steps = tuple(FetchStep.of(fetch, transports[fetch.subgraph], plan) for fetch in plan.fetches)
        self._needs = tuple(len(fetch.after) for fetch in plan.fetches)
        self._dependants = tuple(
            tuple(later.id for later in plan.fetches if fetch.id in later.after) for fetch in plan.fetches
        )
        self._roots = tuple(fetch.id for fetch in plan.fetches if not fetch.after)
        self._projector = Projector.of(plan, schema)
        self._pass_through: PassThrough | None = None
        self._records: RecordPlans | None = None
        self._introspection = Introspection(schema, plan.introspection) if plan.introspection else None

    async def execute(
        self,
        variables: Mapping[str, Any],
        headers: Mapping[str, str],
        terms: Terms = NO_TERMS,
        *,
        raw: bool = False,
    ) -> Response:
        """Answer a query or mutation.

        Args:
            variables: coerced.
            headers: for the subgraphs.
            terms: on which they are asked.
            raw: the caller takes the data as text, where it needs not be anything else on its way.
        """
        run = self.begin(variables, headers, terms)
        if raw and self._pass_through is not None:
            run.rewrite = self._pass_through.rewrite
        elif raw and self._records is not None:
            run.records = self._records.begin(variables)
        await self.fetch(run)
        return self.answer(run)

    async def fetch(self, run: Run) -> None:
        """Run all fetches, and ask the schema."""
        if self._introspection is not None:
            run.introspected = await self._introspection.answer(run.variables)
        await self._drain(run, self._roots)

    def subscribe(
        self,
        variables: Mapping[str, Any],
        headers: Mapping[str, str],
        terms: Terms = NO_TERMS,
        cursor: str | None = None,
    ) -> AsyncGenerator[Response]:
        """Answer a subscription, one response per event of its source: from now on or after the one with the cursor."""
        return respond_to_events(self, variables, headers, terms, cursor)

    @property
    def source(self) -> FetchStep:
        """The fetch that gives a subscription's events."""
        return self._steps[0]

    def begin(self, variables: Mapping[str, Any], headers: Mapping[str, str], terms: Terms = NO_TERMS) -> Run:
        """An execution in which nothing is done yet."""
        if self._until_compiled >= 0:
            self._until_compiled -= 1
            if self._until_compiled < 0:
                soon(self._compile, sum(len(each.text) for each in self.plan.fetches))
        run = Run(variables, headers, list(self._needs), Budget(self._max_objects), terms=terms)
        if terms.seconds is not None:
            run.deadline = asyncio.get_running_loop().time() + terms.seconds
        return run

    def _compile(self) -> None:
        with suppress(Unsuitable):
            self._pass_through = PassThrough.of(self.plan, self._projector.root, self._max_objects)
        if self._pass_through is None:
            self._records = RecordPlans.of(self.plan, self._projector.root)
        for step in self._steps:
            step.compile()
        self._projector.compile()

    async def go_on(self, run: Run, done: int) -> None:
        """Run all that waited for a fetch whose result has been merged."""
        await self._drain(run, self._finish(run, done))

    async def _drain(self, run: Run, ready: Sequence[int]) -> None:
        """Run the ready fetches and all that they make ready; a chain of single fetches needs no task.

        Where there is too much data, the fetches that are under way end as usual.
        """
        while len(ready) == 1 and run.stopped is None:
            step = self._steps[ready[0]]
            if not step.fetch.when or holds(step.fetch.when, run.variables):
                try:
                    await step.run(run)
                except TooManyObjects as bound:
                    run.stopped = bound
            ready = self._finish(run, ready[0])
        if ready and run.stopped is None:
            async with asyncio.TaskGroup() as group:
                for id_ in ready[1:]:
                    group.create_task(self._drain(run, (id_,)))
                await self._drain(run, ready[:1])

    def _finish(self, run: Run, done: int) -> Sequence[int]:
        """The fetches that were waiting for this one last."""
        ready: list[int] = []
        for dependant in self._dependants[done]:
            run.needs[dependant] -= 1
            if run.needs[dependant] == 0:
                ready.append(dependant)
        return ready

    def answer(self, run: Run) -> Response:
        """The client's answer from what the execution has gathered; an error alone where that was too much."""
        if run.raw is not None:
            return Response(raw=run.raw)
        try:
            if run.stopped is not None:
                raise run.stopped
            if run.records is not None:
                text = run.records.write(run.budget)
                if text is not None:
                    return Response(raw=text)
                run.leave_records()
            return self._answer(run)
        except TooManyObjects as bound:
            errors: list[JSONObject] = [{"message": str(bound), "extensions": {"code": bound.code}}]
            return Response(errors=errors, extensions=run.extensions)

    def _answer(self, run: Run) -> Response:
        errors = self._client_errors(run)
        if run.introspected is not None:
            introspected, problems = run.introspected
            run.data.update(introspected)
            errors.extend(problems)
        data = self._projector.project(run.data, run.variables, errors, run.budget)
        return Response(data, errors, run.extensions)

    def _client_errors(self, run: Run) -> list[JSONObject]:
        """The errors of what is asked for at the client's paths; one of nothing in particular has no path."""
        found: list[JSONObject] = []
        sent = sent_paths(self.plan) if run.errors else frozenset[KeyPath]()
        for error in run.errors:
            path = client_path(self.plan, error["path"], run.data, run.variables, sent)
            if path is not None:
                place: JSONObject = {"path": path} if path else {}
                found.append({"message": error["message"], **place, "extensions": error["extensions"]})
        return found
