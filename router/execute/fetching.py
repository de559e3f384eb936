"""One fetch of a plan: what it sends, and what becomes of the answer."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

from router.execute.errors import entity_errors, errors_at, failure_error, root_errors
from router.execute.json import JSONObject, PathKey
from router.execute.merge import merge_object
from router.execute.paths import objects_at, static_prefix
from router.execute.representations import EntityBatch, RepresentationBuilder
from router.execute.run import Run
from router.execute.shapes import holds
from router.execute.transport.base import (
    MalformedResponse,
    SubgraphFailure,
    SubgraphRequest,
    SubgraphResponse,
    Transport,
)
from router.plan.nodes import EntityGroup, Fetch


@dataclass(frozen=True, slots=True)
class FetchStep:
    """A fetch with what the plan alone says about it.

    Attributes:
        groups: of an entity fetch, each with what describes its objects.
        places: paths of the merged data that lack something when the fetch fails as a whole.
    """

    fetch: Fetch
    transport: Transport
    groups: tuple[tuple[EntityGroup, RepresentationBuilder], ...]
    places: tuple[list[PathKey], ...]

    @classmethod
    def of(cls, fetch: Fetch, transport: Transport) -> "FetchStep":
        groups = tuple((each, RepresentationBuilder.of(each.paths, each.representations)) for each in fetch.entities)
        prefix = static_prefix(fetch.path)
        places = [[*prefix, key] for key in fetch.keys] if not groups else _places(fetch.entities)
        return cls(fetch, transport, groups, tuple(places))

    async def run(self, run: Run) -> None:
        """Send the fetch and merge what comes back; whatever goes wrong becomes an error of the run.

        Raises:
            TooManyObjects: the run has come to its bound.
        """
        try:
            if self.groups:
                await self._run_entities(run)
            elif self.fetch.path:
                await self._run_root_below(run)
            else:
                self.merge_root(run, await self.transport.fetch(self._request(run.variables, run.headers)))
        except SubgraphFailure as failure:
            self.fail(run, failure)

    def subscribe(self, variables: Mapping[str, Any], headers: Mapping[str, str]) -> AsyncGenerator[SubgraphResponse]:
        """The events of a subscription's source."""
        return self.transport.subscribe(self._request(variables, headers))

    def merge_root(self, run: Run, response: SubgraphResponse) -> None:
        """Merge the answer to a root fetch."""
        if response.errors:
            run.errors.extend(root_errors(response.errors, self.fetch.subgraph))
        if response.data is not None:
            if run.data:
                merge_object(run.data, response.data)
            else:
                run.data = response.data

    def fail(self, run: Run, failure: SubgraphFailure) -> None:
        """Put a failure of the whole fetch on record."""
        run.errors.extend(failure_error(failure, self.fetch.subgraph, place) for place in self.places)

    async def _run_root_below(self, run: Run) -> None:
        """Ask root fields on behalf of objects of a root type further down; without any there is nothing to ask."""
        targets = objects_at(run.data, self.fetch.path, run.budget)
        if not targets:
            return
        response = await self.transport.fetch(self._request(run.variables, run.headers))
        run.errors.extend(errors_at(root_errors(response.errors, self.fetch.subgraph), targets))
        for target, _ in targets:
            merge_object(target, response.data or {})

    async def _run_entities(self, run: Run) -> None:
        batches = {group.alias: self._collect(group, builder, run) for group, builder in self.groups}
        if not any(batch.representations for batch in batches.values()):
            return
        described = {group.variable: batches[group.alias].representations for group, _ in self.groups}
        response = await self.transport.fetch(self._request(run.variables, run.headers, described))
        targets = {alias: batch.targets for alias, batch in batches.items()}
        run.errors.extend(entity_errors(response.errors, self.fetch.subgraph, targets, self.places))
        if response.data is None:
            return
        for alias, batch in batches.items():
            if batch.targets:
                _merge_entities(_entities(response.data, alias, len(batch.targets)), batch)

    def _collect(self, group: EntityGroup, builder: RepresentationBuilder, run: Run) -> EntityBatch:
        if not holds(group.when, run.variables):
            return EntityBatch([], [])
        return builder.collect(run.data, run.budget)

    def _request(
        self,
        variables: Mapping[str, Any],
        headers: Mapping[str, str],
        described: Mapping[str, list[JSONObject]] = MappingProxyType({}),
    ) -> SubgraphRequest:
        sent = {name: variables[name] for name in self.fetch.variables if name in variables}
        return SubgraphRequest(self.fetch.subgraph, self.fetch.text, {**sent, **described}, None, headers)


def _places(groups: Sequence[EntityGroup]) -> list[list[PathKey]]:
    """Where the entities of the groups are, each place once."""
    found: list[list[PathKey]] = []
    for group in groups:
        for path in group.paths:
            place = static_prefix(path)
            if place not in found:
                found.append(place)
    return found


def _merge_entities(entities: Iterable[JSONObject | None], batch: EntityBatch) -> None:
    for entity, targets in zip(entities, batch.targets, strict=True):
        if entity is not None:
            for target, _ in targets:
                merge_object(target, entity)


def _entities(data: JSONObject, alias: str, expected: int) -> list[JSONObject | None]:
    """The answers to the representations, in their order.

    Raises:
        MalformedResponse: there are not as many, or one is no object.
    """
    entities: Any = data.get(alias)
    if not isinstance(entities, list):
        raise MalformedResponse("The subgraph's response has no list of entities.")
    items = cast("list[Any]", entities)
    if len(items) != expected:
        raise MalformedResponse(f"The subgraph returned {len(items)} entities for {expected} representations.")
    if not all(item is None or isinstance(item, dict) for item in items):
        raise MalformedResponse("The subgraph returned an entity that is not an object.")
    return items
