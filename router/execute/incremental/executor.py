"""Run a plan with deferred parts.

What comes later is fetched once the first answer is made, and while the updates are read: it never competes with the
first answer, and whoever stops reading stops the fetching. Each deferred fetch then starts as soon as those it needs
are done.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from graphql import GraphQLSchema

from router.execute.budget import MAX_OBJECTS, TooManyObjects
from router.execute.executor import Executor
from router.execute.fetching import FetchStep
from router.execute.incremental.delivery import Delivery, bound_error
from router.execute.incremental.errors import FIRST, ErrorsByPart
from router.execute.incremental.results import IncrementalResponse, Update
from router.execute.merge import merge_object
from router.execute.project import Projector, explain
from router.execute.response import Response
from router.execute.run import Run
from router.execute.shapes import INVALID, Postponed, Projection, holds
from router.execute.terms import NO_TERMS, Terms
from router.execute.transport.base import Transport
from router.plan.nodes import QueryPlan


class IncrementalExecutor:
    """Answers one operation bit by bit, any number of times and at the same time."""

    def __init__(
        self,
        plan: QueryPlan,
        transports: Mapping[str, Transport],
        schema: GraphQLSchema,
        *,
        max_objects: int = MAX_OBJECTS,
    ) -> None:
        """Prepare a plan.

        Args:
            plan: what to execute; made for a client that asked for incremental delivery.
            transports: by subgraph.
            schema: the public one.
            max_objects: bounds each execution, updates included.

        Raises:
            KeyError: a subgraph of the plan has no transport.
        """
        self.plan = plan
        self._first = Executor(plan, transports, schema, max_objects=max_objects)
        self._steps = [
            (part, FetchStep.of(fetch, transports[fetch.subgraph], plan))
            for part, each in enumerate(plan.deferred)
            for fetch in each.fetches
        ]
        self._steps.sort(key=lambda step: step[1].fetch.id)
        self._shape = Projector.of(plan, schema).root

    async def execute(
        self, variables: Mapping[str, Any], headers: Mapping[str, str], terms: Terms = NO_TERMS
    ) -> IncrementalResponse:
        """Answer a query or mutation; `variables` are coerced, `headers` go to the subgraphs."""
        run = self._first.begin(variables, headers, terms)
        await self._first.fetch(run)
        errors = ErrorsByPart.of(self.plan, variables)
        delivery = Delivery(self.plan, variables, errors, run.budget)
        initial, postponed = self._answer(run, errors)
        pending = delivery.begin(initial.data, postponed)
        return IncrementalResponse(initial, pending, self._updates(run, errors, delivery))

    def _answer(self, run: Run, errors: ErrorsByPart) -> tuple[Response, list[Postponed]]:
        """The first answer, and what comes later of its objects; an error alone where that was too much."""
        try:
            if run.stopped is not None:
                raise run.stopped
            return self._project(run, errors)
        except TooManyObjects as bound:
            return Response(errors=[bound_error(bound)], extensions=run.extensions), []

    def _project(self, run: Run, errors: ErrorsByPart) -> tuple[Response, list[Postponed]]:
        errors.add(run.errors, FIRST, run.data)
        told = errors.first()
        if run.introspected is not None:
            introspected, problems = run.introspected
            run.data.update(introspected)
            told = [*told, *problems]
        state = Projection(run.variables, run.budget, told)
        data = self._shape.complete_object(run.data, None, state)
        explain(state, told)
        return Response(None if data is INVALID else data, told, run.extensions), state.postponed

    async def _updates(self, run: Run, errors: ErrorsByPart, delivery: Delivery) -> AsyncGenerator[Update]:
        """What comes later, as it comes."""
        tasks: dict[int, asyncio.Task[None]] = {}
        try:
            if delivery.has_next:
                self._start(run, errors, tasks)
            waiting = set(tasks.values())
            while delivery.has_next:
                update = delivery.advance(self._done(tasks), run.stopped)
                if update is not None:
                    yield update
                else:
                    ended, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                    for task in ended:
                        task.result()
        finally:
            await _end(tasks.values())

    def _start(self, run: Run, errors: ErrorsByPart, tasks: dict[int, asyncio.Task[None]]) -> None:
        """Start all deferred fetches, each after those it needs; `tasks` by their ids."""
        for part, step in self._steps:
            needed = [tasks[each] for each in sorted(step.fetch.after) if each in tasks]
            fetching = self._fetch(part, step, needed, run, errors)
            tasks[step.fetch.id] = asyncio.create_task(fetching)

    async def _fetch(
        self, part: int, step: FetchStep, needed: Sequence[asyncio.Task[None]], run: Run, errors: ErrorsByPart
    ) -> None:
        if needed:
            await asyncio.wait(needed)
        if run.stopped is not None or not holds(step.fetch.when, run.variables):
            return
        own = replace(run, errors=[], earlier=run.errors, extensions={})
        try:
            await step.run(own)
        except TooManyObjects as bound:
            run.stopped = bound
        if own.data is not run.data:
            merge_object(run.data, own.data)
        run.errors += own.errors
        errors.add(own.errors, part, run.data)

    def _done(self, tasks: Mapping[int, asyncio.Task[None]]) -> list[int]:
        """The parts of which nothing is under way any more."""
        return [
            number
            for number, part in enumerate(self.plan.deferred)
            if all(tasks[each].done() for each in part.needs if each in tasks)
        ]


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel what is still under way."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
