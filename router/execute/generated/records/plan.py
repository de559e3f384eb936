"""A plan over records, and one execution of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from router.execute.generated.records.classes import Classes, Record
from router.execute.generated.records.code import GLOBALS, Describe, Described, Found, Hide, SetFields, Writer
from router.execute.generated.records.places import Place, Provider, Slot, places_of
from router.execute.generated.records.walking import Walks
from router.execute.generated.source import Source
from router.execute.generated.unsure import Unsure
from router.execute.json import JSONObject
from router.execute.shapes import ObjectShape
from router.execute.transport.base import SubgraphResponse
from router.plan.nodes import EntityGroup, Fetch, Key, QueryPlan

MAX_MISSES = 20
"""Executions in a row that had to leave their records, after which no other has any: the subgraphs have their ways."""


@dataclass(slots=True)
class RecordGroup:
    """What a group of entities does with records.

    Attributes:
        attribute: of its entities in the decoded response.
        least_bytes: of the response for each object that it brings; 0 if it brings none.
    """

    attribute: str
    describe: Describe
    set_fields: SetFields
    least_bytes: int


@dataclass(slots=True)
class RecordFetch:
    """What a fetch does with records; without groups, it sets fields of the root."""

    decoder: msgspec.json.Decoder[Any]
    groups: tuple[RecordGroup, ...]
    set_root: SetFields | None
    least_bytes: int

    def decode(self, body: bytes) -> Any:
        """The data of a response; None if it is not in order."""
        try:
            return self.decoder.decode(body).data
        except (ValueError, RecursionError):
            return None

    def objects(self, size: int, described: Sequence[Described]) -> int:
        """At least as many as a response of `size` bytes adds to the answer, where one may be in many places."""
        if self.set_root is not None:
            return size // self.least_bytes if self.least_bytes else 0
        return sum(
            size // group.least_bytes * max(map(len, each.targets), default=0)
            for group, each in zip(self.groups, described, strict=True)
            if group.least_bytes
        )


@dataclass(slots=True)
class RecordPlan:
    """What is made once for a plan."""

    make_root: Callable[[], Record]
    fetches: tuple[RecordFetch, ...]
    hide: Hide
    classes: Classes
    encoder: msgspec.json.Encoder = field(default_factory=msgspec.json.Encoder)
    misses: int = 0

    @classmethod
    def of(cls, plan: QueryPlan, root: ObjectShape) -> "RecordPlan":
        """Make the classes and the code.

        Raises:
            Unsuitable: records would not do for the plan.
        """
        return _Maker.of(plan, root).make(plan)

    def begin(self) -> "RecordRun | None":
        """A run with records, unless it would most likely have to leave them."""
        return RecordRun(self, self.make_root()) if self.misses < MAX_MISSES else None


@dataclass(slots=True)
class RecordRun:
    """The records of one execution.

    Attributes:
        found: what walks have found.
    """

    plan: RecordPlan
    root: Record
    found: Found = field(default_factory=dict[int, list[Record]])

    def describe(self, fetch: int, left: int) -> list[Described]:
        """Describe the objects of each group.

        Raises:
            Unsure: one cannot be described, or there are more than `left`.
        """
        described: list[Described] = []
        for group in self.plan.fetches[fetch].groups:
            described.append(Described(*group.describe(self.root, self.found, left)))
            left = described[-1].left
        return described

    def objects(self, fetch: int, size: int, described: Sequence[Described]) -> int:
        """At least as many as the response adds to the answer."""
        return self.plan.fetches[fetch].objects(size, described)

    def decoder(self, fetch: int) -> Callable[[bytes], Any]:
        """What reads the text of a fetch's response, and gives None if that is not in order."""
        return self.plan.fetches[fetch].decode

    def read(self, data: Any, size: int | None) -> SubgraphResponse:
        """A response that has been read as records, for the interpreter."""
        return SubgraphResponse(self.plan.classes.data(data), size=size)

    def merge(self, fetch: int, data: Any, described: Sequence[Described]) -> None:
        """Set what a fetch has brought.

        Raises:
            Unsure: an entity is missing; nothing has been set.
        """
        made = self.plan.fetches[fetch]
        if made.set_root is not None:
            made.set_root((data,), ((self.root,),))
            return
        answers = [getattr(data, each.attribute) for each in made.groups]
        for entities, each in zip(answers, described, strict=True):
            if len(entities) != len(each.targets) or None in entities:
                raise Unsure
        for group, entities, each in zip(made.groups, answers, described, strict=True):
            group.set_fields(entities, each.targets)

    def write(self) -> bytes:
        """The client's data as text, when all fetches are done."""
        self.plan.hide(self.root, self.found)
        self.plan.misses = 0
        return self.plan.encoder.encode(self.root)

    def leave(self) -> JSONObject:
        """The same as the interpreter has it, which goes on with it."""
        self.plan.misses += 1
        return self.plan.classes.data(self.root)


@dataclass(slots=True)
class _Maker:
    root: Place
    classes: Classes
    source: Source
    writer: Writer

    @classmethod
    def of(cls, plan: QueryPlan, shape: ObjectShape) -> "_Maker":
        root, classes, source = places_of(plan, shape), Classes(), Source(GLOBALS)
        return cls(root, classes, source, Writer(source, classes, Walks(source, classes, root), root))

    def make(self, plan: QueryPlan) -> RecordPlan:
        root_class = self.classes.of(self.root)
        names = [self._functions(fetch.id, fetch.entities) for fetch in plan.fetches]
        hide = self._hide()
        made = self.source.run()
        fetches = [self._fetch(fetch, each, made) for fetch, each in zip(plan.fetches, names, strict=True)]
        return RecordPlan(root_class, tuple(fetches), made[hide], self.classes)

    def _fetch(self, fetch: Fetch, names: Sequence[tuple[str, str]], made: Mapping[str, Any]) -> RecordFetch:
        decoder = self._decoder(fetch.id, fetch.entities)
        if not fetch.entities:
            return RecordFetch(decoder, (), made[names[0][1]], self.root.least_bytes(Provider(fetch.id)))
        groups: list[RecordGroup] = []
        for number, (group, (describe, set_fields)) in enumerate(zip(fetch.entities, names, strict=True)):
            provider = Provider(fetch.id, number)
            least = min(place.least_bytes(provider) for place in self._places(group))
            attribute = self.classes.attribute(group.alias)
            groups.append(RecordGroup(attribute, made[describe], made[set_fields], least))
        return RecordFetch(decoder, tuple(groups), None, 0)

    def _functions(self, fetch: int, groups: Sequence[EntityGroup]) -> list[tuple[str, str]]:
        if not groups:
            return [("", self.writer.set_fields([self.root], Provider(fetch)))]
        return [
            (self.writer.describe(group), self.writer.set_fields(self._places(group), Provider(fetch, number)))
            for number, group in enumerate(groups)
        ]

    def _decoder(self, fetch: int, groups: Sequence[EntityGroup]) -> msgspec.json.Decoder[Any]:
        if groups:
            parts = [
                self.classes.part(self._places(each), Provider(fetch, number)) for number, each in enumerate(groups)
            ]
            fields = [
                (self.classes.attribute(group.alias), list[part | None], msgspec.field(name=group.alias))
                for group, part in zip(groups, parts, strict=True)
            ]
            data = msgspec.defstruct("Data", fields, kw_only=True, gc=False, eq=False)
        else:
            data = self.classes.part([self.root], Provider(fetch))
        response = [("data", data), ("errors", None, None), ("extensions", None, None)]
        return msgspec.json.Decoder(msgspec.defstruct("Response", response, kw_only=True))

    def _places(self, group: EntityGroup) -> list[Place]:
        return [self.root.at(path) for path in group.paths]

    def _hide(self) -> str:
        hidden: dict[str, Sequence[Slot]] = {}
        for path, place in _all_places(self.root, ()):
            slots = [each for each in place.slots.values() if each.shown is None]
            if slots:
                hidden[self.writer.walks.write(path)] = slots
        return self.writer.hide(hidden)


def _all_places(place: Place, path: tuple[Key, ...]) -> Iterator[tuple[tuple[Key, ...], Place]]:
    yield path, place
    for each in place.slots.values():
        if each.inner is not None:
            yield from _all_places(each.inner, (*path, Key(each.key)))
