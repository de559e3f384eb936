"""One fetch of a plan: what it sends, and what becomes of the answer."""

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.execute.budget import Budget
from router.execute.contexts import ask_contextual
from router.execute.entities import Asked, GroupStep
from router.execute.errors import INTERNALS, entity_errors, errors_at, failure_error, root_errors
from router.execute.failures import Failures
from router.execute.generated.records import Described, RecordRun
from router.execute.generated.unsure import Unsure
from router.execute.json import JSONObject, PathKey
from router.execute.merge import copy_of, merge_object
from router.execute.paths import objects_at, static_prefix
from router.execute.run import Run
from router.execute.selected import Selected
from router.execute.terms import NO_TERMS, Terms
from router.execute.transport.base import (
    MalformedResponse,
    SubgraphFailure,
    SubgraphRequest,
    SubgraphResponse,
    Transport,
)
from router.plan.entities_text import entities_text
from router.plan.nodes import Fetch, OperationKind, QueryPlan


@dataclass(frozen=True, slots=True)
class FetchStep:
    """A fetch with what the plan alone says about it.

    Attributes:
        groups: of an entity fetch.
        contextual: what it asks depends on values of the objects' ancestors.
        places: paths of the merged data that lack something when the fetch fails as a whole.
        idempotent: it may be sent again.
        shareable: an answer to the same request that is under way already may be taken. Not so beside a mutation or an
            event, whose answers must show what has changed.
    """

    fetch: Fetch
    transport: Transport
    groups: tuple[GroupStep, ...]
    contextual: bool
    places: tuple[list[PathKey], ...]
    idempotent: bool
    shareable: bool
    selected: Selected
    apart: bool

    @classmethod
    def of(cls, fetch: Fetch, transport: Transport, plan: QueryPlan) -> "FetchStep":
        """A step of a plan.

        If it is the only one, its data meets no other, and may have what nobody asked for. Where values of ancestors
        are asked with, objects that are equal in themselves differ by where they are: each has what is below it apart.
        """
        kind, alone = plan.kind, len(plan.fetches) == 1 and plan.fetches[0] is fetch
        apart = any(group.contexts for each in _fetches(plan) for group in each.entities)
        groups = tuple(GroupStep.of(each, apart=apart) for each in fetch.entities)
        prefix = static_prefix(fetch.path)
        places = [place for each in groups for place in each.places] or [[*prefix, key] for key in fetch.keys]
        unique = tuple({tuple(place): place for place in places}.values())
        idempotent = fetch.kind is OperationKind.QUERY
        contextual = any(each.contexts for each in fetch.entities)
        shareable = idempotent and kind is OperationKind.QUERY
        selected = Selected("" if alone else fetch.text)
        return cls(fetch, transport, groups, contextual, unique, idempotent, shareable, selected, apart)

    def compile(self) -> None:
        """Make code for what can be done faster so."""
        if not self.groups:
            self.selected.compile()
        for each in self.groups:
            each.compile()

    async def run(self, run: Run) -> None:
        """Send the fetch and merge what comes back; whatever goes wrong becomes an error of the run.

        Raises:
            TooManyObjects: the run has come to its bound.
        """
        try:
            if run.records is not None:
                await self._run_records(run, run.records)
            elif self.groups:
                await self._run_entities(run)
            elif self.fetch.path:
                await self._run_root_below(run)
            else:
                request = self._sent(self.fetch.text, self._variables(run.variables), run, run.rewrite)
                self.merge_root(run, await self.transport.fetch(request))
        except SubgraphFailure as failure:
            self.fail(run, failure)

    def subscribe(
        self,
        variables: Mapping[str, Any],
        headers: Mapping[str, str],
        terms: Terms = NO_TERMS,
        cursor: str | None = None,
    ) -> AsyncGenerator[SubgraphResponse]:
        """The events of a subscription's source, from now on or after the one with the cursor."""
        asked = self._variables(variables)
        fetch = self.fetch
        request = SubgraphRequest(fetch.subgraph, fetch.text, asked, headers=headers, terms=terms, cursor=cursor)
        return self.transport.subscribe(request)

    def merge_root(self, run: Run, response: SubgraphResponse) -> None:
        """Merge the answer to a root fetch."""
        run.raw = response.raw
        _merge_extensions(run, response)
        if response.errors:
            run.errors.extend(root_errors(response.errors, self.fetch.subgraph))
        if response.data is not None:
            self.selected.trim([response.data])
            if run.data:
                merge_object(run.data, response.data)
            else:
                run.data = response.data

    def fail(self, run: Run, failure: SubgraphFailure) -> None:
        """Put a failure of the whole fetch on record."""
        run.leave_records()
        run.errors.extend(failure_error(failure, self.fetch.subgraph, place) for place in self.places)

    async def _run_root_below(self, run: Run) -> None:
        """Ask root fields on behalf of objects of a root type further down; without any there is nothing to ask."""
        targets = objects_at(run.data, self.fetch.path, run.budget)
        if not targets:
            return
        response = await self.transport.fetch(self._sent(self.fetch.text, self._variables(run.variables), run))
        _merge_extensions(run, response)
        run.errors.extend(errors_at(root_errors(response.errors, self.fetch.subgraph), targets))
        data = response.data or {}
        self.selected.trim([data])
        for target, _ in targets:
            merge_object(target, copy_of(data) if self.apart else data)

    async def _run_entities(self, run: Run) -> None:
        asked = self._asked(run, Failures([*run.earlier, *run.errors]) if run.errors or run.earlier else None)
        if not any(each.batch.representations for each in asked):
            return
        self._take(run, await self.transport.fetch(self._entities_request(run, asked)), asked)

    async def _run_records(self, run: Run, records: RecordRun) -> None:
        """Send the fetch and merge what comes back as long as everything is in order; see `generated/records`."""
        before = run.budget.left
        try:
            described = records.describe(self.fetch.id, before)
        except Unsure:
            run.leave_records()
            await self._run_entities(run)
            return
        sent = self._variables(run.variables)
        if self.groups:
            if not any(each.representations for each in described):
                return
            run.budget.left = described[-1].left
            sent |= {
                step.group.variable: each.representations for step, each in zip(self.groups, described, strict=True)
            }
        response = await self.transport.fetch(self._sent(self.fetch.text, sent, run, records.decoder(self.fetch.id)))
        if response.raw is None or not self._merge_records(run, response, described):
            run.leave_records()
            run.budget.left += before - described[-1].left if described else 0
            self._take_data(run, response if response.raw is None else records.read(response.raw))

    def _merge_records(self, run: Run, response: SubgraphResponse, described: Sequence[Described]) -> bool:
        """Whether what came back has been merged, or else nothing of it."""
        if run.records is None:
            return False
        try:
            run.records.merge(self.fetch.id, response.raw, response.size, described, run.budget)
        except Unsure:
            return False
        return True

    def _take_data(self, run: Run, response: SubgraphResponse) -> None:
        """Merge what came back for records that have been left."""
        if self.groups:
            self._take(run, response, self._asked(run))
        else:
            self.merge_root(run, response)

    def _take(self, run: Run, response: SubgraphResponse, asked: Sequence[Asked]) -> None:
        """Merge the answer to an entity fetch."""
        _merge_extensions(run, response)
        if response.errors:
            run.errors.extend(self._entity_errors(run, response, asked))
        if response.data is not None:
            for each in asked:
                self._merge(run, each, response.data)

    def _asked(self, run: Run, failures: Failures | None = None) -> list[Asked]:
        asked: list[Asked] = []
        for each in self.groups:
            if each.group.contexts:
                asked += ask_contextual(each, run)
            else:
                asked.append(Asked(each.group, 0, each, each.collect(run, failures)))
        return asked

    def _entity_errors(self, run: Run, response: SubgraphResponse, asked: Iterable[Asked]) -> list[JSONObject]:
        positions = {
            each.step.group.alias: each.step.positions(run.data, each.batch, Budget(run.budget.limit)) for each in asked
        }
        return entity_errors(response.errors, self.fetch.subgraph, positions, self.places)

    def _merge(self, run: Run, asked: Asked, data: JSONObject) -> None:
        """Merge one group's answer; one that does not fit leaves the others as they are."""
        try:
            asked.step.merge(data, asked.batch)
        except MalformedResponse as failure:
            run.errors.extend(failure_error(failure, self.fetch.subgraph, place) for place in asked.step.places)

    def _entities_request(self, run: Run, asked: Sequence[Asked]) -> SubgraphRequest:
        sent = self._variables(run.variables)
        text = self.fetch.text
        if self.contextual and [each.step.group for each in asked] != list(self.fetch.entities):
            used = frozenset[str]().union(*(each.group.variables for each in asked))
            declared = zip(self.fetch.variables, self.fetch.declared, strict=True)
            text = entities_text(
                [(each.group, each.number) for each in asked], [each for name, each in declared if name in used]
            )
            sent = {name: value for name, value in sent.items() if name in used}
        for each in asked:
            sent[each.step.group.variable] = each.batch.representations
            sent.update(each.variables)
        return self._sent(text, sent, run)

    def _variables(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        return {name: variables[name] for name in self.fetch.variables if name in variables}

    def _sent(
        self,
        text: str,
        variables: dict[str, Any],
        run: Run,
        rewrite: Callable[[bytes], Any] | None = None,
    ) -> SubgraphRequest:
        return SubgraphRequest(
            self.fetch.subgraph,
            text,
            variables,
            None,
            run.headers,
            self.idempotent,
            self.shareable,
            rewrite,
            run.terms,
            run.deadline,
        )


def _merge_extensions(run: Run, response: SubgraphResponse) -> None:
    """What several subgraphs say under one key is merged like data."""
    if response.extensions:
        shown = {key: value for key, value in response.extensions.items() if key not in INTERNALS}
        merge_object(run.extensions, shown)


def _fetches(plan: QueryPlan) -> Iterator[Fetch]:
    """Those of the first answer and of what comes later."""
    yield from plan.fetches
    for part in plan.deferred:
        yield from part.fetches
