"""A plan over records, and one execution of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from router.execute.budget import Budget
from router.execute.generated.misses import Misses
from router.execute.generated.records.classes import Classes, Record
from router.execute.generated.records.code import Describe, Described, Found, Hide, SetFields
from router.execute.generated.unsure import Unsure
from router.execute.json import JSONObject
from router.execute.representations import Incomplete
from router.execute.transport.base import SubgraphResponse


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
    """What is made once for a plan and an outcome of its conditions."""

    make_root: Callable[[], Record]
    fetches: tuple[RecordFetch, ...]
    check: Hide
    hide: Hide
    classes: Classes
    encoder: msgspec.json.Encoder = field(default_factory=msgspec.json.Encoder)
    misses: Misses = field(default_factory=Misses)

    def begin(self) -> "RecordRun | None":
        """A run with records, unless it would most likely have to leave them."""
        return RecordRun(self, self.make_root()) if self.misses.is_worth_a_try() else None


@dataclass(slots=True)
class RecordRun:
    """The records of one execution.

    Attributes:
        found: what walks have found.
        objects: at least as many as there are, and items of lists of leaves, counted in each of their places.
    """

    plan: RecordPlan
    root: Record
    objects: int = 1
    found: Found = field(default_factory=dict[int, list[Record]])

    def describe(self, fetch: int, left: int) -> list[Described]:
        """Describe the objects of each group.

        Raises:
            Unsure: one cannot be described, or there are more than `left`.
        """
        described: list[Described] = []
        for group in self.plan.fetches[fetch].groups:
            try:
                described.append(Described(*group.describe(self.root, self.found, left)))
            except Incomplete as error:
                raise Unsure from error
            left = described[-1].left
        return described

    def decoder(self, fetch: int) -> Callable[[bytes], Any]:
        """What reads the text of a fetch's response, and gives None if that is not in order."""
        return self.plan.fetches[fetch].decode

    def read(self, data: Any) -> SubgraphResponse:
        """A response that has been read as records, for the interpreter."""
        return SubgraphResponse(self.plan.classes.data(data))

    def merge(self, fetch: int, data: Any, size: int, described: Sequence[Described], budget: Budget) -> None:
        """Set what a response of `size` bytes has brought.

        Raises:
            Unsure: an entity is missing, there may be more objects than the budget has left, or two subgraphs disagree.
                What has been set may be set again.
        """
        self.objects += self.plan.fetches[fetch].objects(size, described)
        if self.objects > budget.left:
            raise Unsure
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

    def write(self, budget: Budget) -> bytes | None:
        """The client's data as text, when all fetches are done; None if something is missing or may be too much."""
        if self.objects > budget.left:
            return None
        try:
            self.plan.check(self.root, self.found)
        except Unsure:
            return None
        self.plan.hide(self.root, self.found)
        self.plan.misses.hit()
        return self.plan.encoder.encode(self.root)

    def leave(self) -> JSONObject:
        """The same as the interpreter has it, which goes on with it."""
        self.plan.misses.missed()
        return self.plan.classes.data(self.root)
