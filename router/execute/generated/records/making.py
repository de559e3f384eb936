"""Making records for a plan."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from router.execute.generated.records.classes import Classes
from router.execute.generated.records.code import GLOBALS, Writer
from router.execute.generated.records.places import Place, Provider, Slot
from router.execute.generated.records.plan import RecordFetch, RecordGroup, RecordPlan, RecordRun
from router.execute.generated.records.reading import condition_variables, places_of
from router.execute.generated.records.walking import Walks
from router.execute.generated.source import Source, Unsuitable
from router.execute.generated.workshop import soon
from router.execute.shapes import ObjectShape, holds
from router.plan.nodes import EntityGroup, Fetch, Key, QueryPlan

MAX_OUTCOMES = 8
"""Outcomes of a plan's conditions that get records: clients have few."""


@dataclass(slots=True)
class RecordPlans:
    """Those of a plan: one for each outcome of its conditions that has come up."""

    plan: QueryPlan
    root: ObjectShape
    variables: tuple[str, ...]
    _known: "dict[tuple[bool, ...], RecordPlan | None]" = field(
        default_factory=dict[tuple[bool, ...], "RecordPlan | None"]
    )

    @classmethod
    def of(cls, plan: QueryPlan, root: ObjectShape) -> "RecordPlans":
        """None is made yet."""
        return cls(plan, root, tuple(sorted(condition_variables(plan, root))))

    def begin(self, variables: Mapping[str, Any]) -> "RecordRun | None":
        """A run with records, if they do for the plan and are worth it."""
        outcome = tuple([variables.get(name) is True for name in self.variables])
        if outcome not in self._known:
            if len(self._known) >= MAX_OUTCOMES:
                return None
            self._known[outcome] = None
            soon(partial(self._make, outcome), sum(len(each.text) for each in self.plan.fetches))
        made = self._known[outcome]
        return None if made is None else made.begin()

    def _make(self, outcome: tuple[bool, ...]) -> None:
        with suppress(Unsuitable):
            variables = dict(zip(self.variables, outcome, strict=True))
            self._known[outcome] = _Maker.of(self.plan, self.root, variables).make()


@dataclass(frozen=True, slots=True)
class _Maker:
    plan: QueryPlan
    outcome: Mapping[str, bool]
    root: Place
    classes: Classes
    writer: Writer

    @classmethod
    def of(cls, plan: QueryPlan, shape: ObjectShape, outcome: Mapping[str, bool]) -> "_Maker":
        root, classes, source = places_of(plan, shape, outcome), Classes(), Source(GLOBALS)
        return cls(plan, outcome, root, classes, Writer(source, classes, Walks(source, classes, root), root))

    def make(self) -> RecordPlan:
        """The classes and the code for the plan and an outcome of its conditions.

        Raises:
            Unsuitable: records would not do for it.
        """
        names = [self._functions(fetch) for fetch in self.plan.fetches]
        places = list(_all_places(self.root, ()))
        check, hide = self._check(places), self._hide(places)
        made = self.writer.source.run()
        fetches = [self._fetch(fetch, each, made) for fetch, each in zip(self.plan.fetches, names, strict=True)]
        return RecordPlan(self.classes.of(self.root), tuple(fetches), made[check], made[hide], self.classes)

    def _functions(self, fetch: Fetch) -> list[tuple[str, str]]:
        """The names of functions for each group, or for the fetch."""
        if not fetch.entities:
            return [("", self.writer.set_fields([self.root], Provider(fetch.id)))]
        found: list[tuple[str, str]] = []
        for number, group in enumerate(fetch.entities):
            places = self._places(fetch, group)
            set_fields = self.writer.set_fields(places, Provider(fetch.id, number))
            found.append((self.writer.describe(group, places), set_fields))
        return found

    def _fetch(self, fetch: Fetch, names: Sequence[tuple[str, str]], made: Mapping[str, Any]) -> RecordFetch:
        if not fetch.entities:
            provider = Provider(fetch.id)
            decoder = _decoder(self.classes.part([self.root], provider))
            return RecordFetch(decoder, (), made[names[0][1]], self.root.least_bytes(provider))
        fields: list[tuple[str, Any, Any]] = []
        groups: list[RecordGroup] = []
        for number, (group, (describe, set_fields)) in enumerate(zip(fetch.entities, names, strict=True)):
            places, provider = self._places(fetch, group), Provider(fetch.id, number)
            part, attribute = self.classes.part(places, provider), self.classes.attribute(group.alias)
            fields.append((attribute, list[part | None], msgspec.field(name=group.alias)))
            least = min((each.least_bytes(provider) for each in places), default=0)
            groups.append(RecordGroup(attribute, made[describe], made[set_fields], least))
        data = msgspec.defstruct("Data", fields, kw_only=True, gc=False, eq=False)
        return RecordFetch(_decoder(data), tuple(groups), None, 0)

    def _places(self, fetch: Fetch, group: EntityGroup) -> list[Place]:
        """Whose objects a group describes; none if the conditions are against it."""
        if not holds(fetch.when, self.outcome) or not holds(group.when, self.outcome):
            return []
        return [self.root.at(path) for path in group.paths]

    def _check(self, places: Sequence[tuple[tuple[Key, ...], Place]]) -> str:
        return self.writer.check({self.writer.walks.write(path): place for path, place in places if place.is_abstract})

    def _hide(self, places: Sequence[tuple[tuple[Key, ...], Place]]) -> str:
        hidden: dict[str, Sequence[Slot]] = {}
        for path, place in places:
            slots = [each for each in place.slots.values() if each.shown is None]
            if slots:
                hidden[self.writer.walks.write(path)] = slots
        return self.writer.hide(hidden)


def _decoder(data: Any) -> msgspec.json.Decoder[Any]:
    response = [("data", data), ("errors", None, None), ("extensions", None, None)]
    return msgspec.json.Decoder(msgspec.defstruct("Response", response, kw_only=True))


def _all_places(place: Place, path: tuple[Key, ...]) -> Iterator[tuple[tuple[Key, ...], Place]]:
    yield path, place
    for each in place.slots.values():
        if each.inner is not None:
            yield from _all_places(each.inner, (*path, Key(each.key)))
