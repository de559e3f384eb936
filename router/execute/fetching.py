"""One fetch of a plan: what it sends, and what becomes of the answer."""

from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import DocumentNode, FieldNode, OperationDefinitionNode

from router.execute.errors import ENTITIES, entity_errors, errors_at, failure_error, root_errors
from router.execute.json import JSONObject, PathKey
from router.execute.merge import merge_object
from router.execute.paths import objects_at, static_prefix
from router.execute.representations import EntityBatch, RepresentationBuilder
from router.execute.run import Run
from router.execute.transport.base import (
    MalformedResponse,
    SubgraphFailure,
    SubgraphRequest,
    SubgraphResponse,
    Transport,
)
from router.plan.nodes import Fetch


@dataclass(frozen=True, slots=True)
class FetchStep:
    """A fetch with what the plan alone says about it.

    Attributes:
        builder: describes the objects of an entity fetch; None for a root fetch.
        places: paths of the merged data that lack something when the fetch fails as a whole.
    """

    fetch: Fetch
    transport: Transport
    builder: RepresentationBuilder | None
    places: tuple[list[PathKey], ...]

    @classmethod
    def of(cls, fetch: Fetch, transport: Transport) -> "FetchStep":
        if not fetch.representations:
            prefix = static_prefix(fetch.path)
            return cls(fetch, transport, None, tuple([*prefix, *keys] for keys in _root_keys(fetch.document)))
        builder = RepresentationBuilder.of(fetch.path, fetch.representations)
        return cls(fetch, transport, builder, (static_prefix(fetch.path),))

    async def run(self, run: Run) -> None:
        """Send the fetch and merge what comes back; whatever goes wrong becomes an error of the run.

        Raises:
            TooManyObjects: the run has come to its bound.
        """
        try:
            if self.builder is not None:
                await self._run_entities(run, self.builder.collect(run.data, run.budget))
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

    async def _run_entities(self, run: Run, batch: EntityBatch) -> None:
        if not batch.representations:
            return
        request = self._request(run.variables, run.headers, batch.representations)
        response = await self.transport.fetch(request)
        run.errors.extend(entity_errors(response.errors, self.fetch.subgraph, batch.targets, self.places[0]))
        if response.data is None:
            return
        for entity, targets in zip(_entities(response.data, len(batch.targets)), batch.targets, strict=True):
            if entity is not None:
                for target, _ in targets:
                    merge_object(target, entity)

    def _request(
        self,
        variables: Mapping[str, Any],
        headers: Mapping[str, str],
        representations: list[JSONObject] | None = None,
    ) -> SubgraphRequest:
        sent = {name: variables[name] for name in self.fetch.variables if name in variables}
        if representations is not None:
            sent["representations"] = representations
        return SubgraphRequest(self.fetch.subgraph, self.fetch.text, sent, None, headers)


def _root_keys(document: DocumentNode) -> Iterator[list[PathKey]]:
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            for field in definition.selection_set.selections:
                if isinstance(field, FieldNode):
                    yield [field.alias.value if field.alias else field.name.value]


def _entities(data: JSONObject, expected: int) -> list[JSONObject | None]:
    """The answers to the representations, in their order.

    Raises:
        MalformedResponse: there are not as many, or one is no object.
    """
    entities: Any = data.get(ENTITIES)
    if not isinstance(entities, list):
        raise MalformedResponse("The subgraph's response has no list of entities.")
    items = cast("list[Any]", entities)
    if len(items) != expected:
        raise MalformedResponse(f"The subgraph returned {len(items)} entities for {expected} representations.")
    if not all(item is None or isinstance(item, dict) for item in items):
        raise MalformedResponse("The subgraph returned an entity that is not an object.")
    return items
