"""One group of entities of a fetch: which objects it describes, and what their answers do to them."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, cast

from router.execute.budget import Budget
from router.execute.errors import Positions
from router.execute.failures import Failures
from router.execute.generated.merging import Merge, make_merge
from router.execute.generated.representations import GeneratedDescriptions
from router.execute.generated.source import Unsuitable
from router.execute.generated.unsure import Unsure
from router.execute.json import JSONObject, PathKey
from router.execute.merge import merge_entities, merge_entities_apart
from router.execute.paths import Position, objects_at, static_prefix
from router.execute.representations import EntityBatch, RepresentationBuilder
from router.execute.run import Run
from router.execute.selected import Selected
from router.execute.shapes import holds
from router.execute.transport.base import MalformedResponse
from router.plan.nodes import EntityGroup


@dataclass(slots=True)
class GroupStep:
    """A group with what the plan alone says about it.

    Attributes:
        places: paths of the merged data that lack something when the group gets no answer.
    """

    group: EntityGroup
    builder: RepresentationBuilder
    places: list[list[PathKey]]
    _selected: Selected
    _generated: GeneratedDescriptions | None = None
    _merge: Merge = merge_entities

    @classmethod
    def of(cls, group: EntityGroup, *, apart: bool = False) -> "GroupStep":
        """A group of a plan; `apart`, what it brings is not shared between the objects that it brings it to."""
        places: list[list[PathKey]] = []
        for path in group.paths:
            place = static_prefix(path)
            if place not in places:
                places.append(place)
        builder = RepresentationBuilder.of(
            group.paths, group.representations, [required for _, required in group.derived]
        )
        merge = merge_entities_apart if apart else merge_entities
        return cls(group, builder, places, Selected(group.text), None, merge)

    def compile(self) -> None:
        """Make code for what can be done faster so."""
        self._selected.compile()
        with suppress(Unsuitable):
            self._generated = GeneratedDescriptions.of(self.builder)
        if self._merge is not merge_entities_apart:
            with suppress(Unsuitable):
                self._merge = make_merge(self.group.text)

    def named(self, group: EntityGroup) -> "GroupStep":
        """The same under another alias."""
        return GroupStep(group, self.builder, self.places, self._selected, self._generated, self._merge)

    def collect(self, run: Run, failures: Failures | None = None) -> EntityBatch:
        """Describe the group's objects, `failures` being known.

        Raises:
            TooManyObjects: there are more than the run has left.
        """
        if self.group.when and not holds(self.group.when, run.variables):
            return EntityBatch([], [])
        if failures is not None and self.group.derived:
            return self.builder.collect(run.data, run.budget, failures)
        if self._generated is not None:
            try:
                return self._generated.collect(run.data, run.budget)
            except Unsure:
                pass
        return self.builder.collect(run.data, run.budget)

    def merge(self, data: JSONObject, batch: EntityBatch) -> None:
        """Write the group's part of a subgraph's answer into the objects it belongs to.

        Raises:
            MalformedResponse: it does not fit what was sent.
        """
        if batch.targets:
            entities = _entities(data, self.group.alias, len(batch.targets))
            self._selected.trim(entities)
            if batch.spoilt:
                entities = [self._true(each, batch.spoilt.get(index)) for index, each in enumerate(entities)]
            self._merge(entities, batch.targets)

    def _true(self, entity: JSONObject | None, spoilt: frozenset[str] | None) -> JSONObject | None:
        """Without what is derived from null that stands for a failure."""
        if entity is None or spoilt is None:
            return entity
        untrue = {key for key, required in self.group.derived if spoilt & required}
        return {key: value for key, value in entity.items() if key not in untrue}

    def positions(self, data: JSONObject, batch: EntityBatch, budget: Budget) -> Positions:
        """Where the described objects are, which only errors ask for.

        Raises:
            TooManyObjects: there are more than `budget` has left.
        """
        found: list[list[Position | None]] = [[] for _ in batch.targets]
        index = {id(target): number for number, targets in enumerate(batch.targets) for target in targets}
        for path in self.group.paths:
            for target, position in objects_at(data, path, budget):
                if id(target) in index:
                    found[index[id(target)]].append(position)
        return found


class Asked(NamedTuple):
    """What a request asks of a group.

    Attributes:
        group: as the plan has it.
        number: of its set of contextual values.
        step: the group under the alias of this set.
        variables: those values.
    """

    group: EntityGroup
    number: int
    step: GroupStep
    batch: EntityBatch
    variables: Mapping[str, Any] = MappingProxyType({})


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
    for item in items:
        if item is not None and not isinstance(item, dict):
            raise MalformedResponse("The subgraph returned an entity that is not an object.")
    return items
