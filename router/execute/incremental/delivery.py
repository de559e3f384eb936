"""What is still to come in one execution, and what can be delivered when a part of the plan is there.

A *fragment* is here a deferred fragment of one object: what the client is told of. A *group* is what one part of the
plan brings of one object; it belongs to one fragment, or to several that have it in common. A fragment is delivered as
a whole, once all of its groups are there, and the fragments within it are announced then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from router.execute.budget import Budget, TooManyObjects
from router.execute.incremental.errors import ErrorsByPart
from router.execute.incremental.results import Completed, Delivered, Pending, Update
from router.execute.json import JSONObject, PathKey
from router.execute.paths import keys_of
from router.execute.project import explain
from router.execute.shapes import INVALID, Postponed, Projection
from router.plan.nodes import OnTypes, QueryPlan

Path = tuple[PathKey, ...]


@dataclass(slots=True, eq=False)
class Fragment:
    """A deferred fragment of one object.

    Attributes:
        number: in the plan.
        parent: the nearest fragment around it of which anything comes later.
        waiting: its groups that are not there yet.
        ready: its groups that are there.
        pending: how it was announced; None as long as the fragment around it is to come.
        ended: it is delivered, or cannot be.
    """

    number: int
    path: Path
    label: str | None
    parent: "Fragment | None" = None
    children: "list[Fragment]" = field(default_factory=list["Fragment"])
    waiting: "set[Group]" = field(default_factory=set["Group"])
    ready: "list[Group]" = field(default_factory=list["Group"])
    pending: Pending | None = None
    ended: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it has been announced, and not ended yet."""
        return self.pending is not None and not self.ended


@dataclass(slots=True, eq=False)
class Group:
    """What a part brings of one object."""

    postponed: Postponed
    path: Path
    fragments: Sequence[Fragment]
    data: JSONObject = field(default_factory=dict)
    errors: list[JSONObject] = field(default_factory=list[JSONObject])
    delivered: bool = False


@dataclass(slots=True)
class _Batch:
    """What goes into the next update."""

    pending: list[Pending] = field(default_factory=list[Pending])
    delivered: list[Delivered] = field(default_factory=list[Delivered])
    completed: list[Completed] = field(default_factory=list[Completed])


class Delivery:
    """The deliveries of one execution."""

    def __init__(self, plan: QueryPlan, variables: Mapping[str, Any], errors: ErrorsByPart, budget: Budget) -> None:
        self._plan = plan
        self._variables = variables
        self._errors = errors
        self._budget = budget
        self._depths = [sum(not isinstance(step, OnTypes) for step in each.path) for each in plan.fragments]
        self._fragments: dict[tuple[int, Path], Fragment] = {}
        self._open: dict[Fragment, None] = {}
        self._waiting: dict[Group, None] = {}
        self._announced = 0

    @property
    def has_next(self) -> bool:
        """Whether anything is still to come."""
        return bool(self._open)

    def begin(self, data: JSONObject | None, postponed: Iterable[Postponed]) -> list[Pending]:
        """What comes later than the first answer, `data`, of those of its objects that are in it after all."""
        batch = _Batch()
        found = [] if data is None else self._groups(data, (), postponed)
        outermost = (each for each in found if each.parent is None)
        self._announce(sorted(outermost, key=lambda each: each.number), batch)
        return batch.pending

    def advance(self, done: Iterable[int], stopped: TooManyObjects | None = None) -> Update | None:
        """What can be delivered now that these parts are there; None if that is nothing.

        Args:
            done: numbers of the parts.
            stopped: why nothing more will come.
        """
        batch = _Batch()
        parts = set(done)
        moved = True
        while moved:
            groups = [each for each in self._waiting if each.postponed.part in parts or stopped is not None]
            groups = [each for each in groups if any(fragment.is_open for fragment in each.fragments)]
            for group in groups:
                self._complete(group, stopped, batch)
            finished = [each for each in self._open if not each.waiting]
            for fragment in finished:
                self._deliver(fragment, batch)
            moved = bool(groups or finished)
        if batch == _Batch():
            return None
        return Update(batch.pending, batch.delivered, batch.completed, self.has_next)

    def _groups(self, data: JSONObject, root: Path, postponed: Iterable[Postponed]) -> list[Fragment]:
        """Note what comes later of the objects that are in `data`, which is the object at the path `root`.

        Returns:
            The fragments that were not known before.
        """
        found: dict[Fragment, None] = {}
        for each in postponed:
            path = tuple(keys_of(each.position))
            if not _holds_object(data, path[len(root) :]):
                continue
            fragments = [self._fragment(number, path, found) for number in self._plan.deferred[each.part].fragments]
            group = Group(each, path, fragments)
            self._waiting[group] = None
            for fragment in fragments:
                fragment.waiting.add(group)
        for fragment in found:
            fragment.parent = self._around(fragment)
            if fragment.parent is not None:
                fragment.parent.children.append(fragment)
                if fragment.parent.ended:
                    self._abandon(fragment)
        return list(found)

    def _fragment(self, number: int, path: Path, found: dict[Fragment, None]) -> Fragment:
        """The fragment of that number around an object; one that was not known is added to `found`."""
        own = path[: self._depths[number]]
        known = self._fragments.get((number, own))
        if known is None:
            known = self._fragments[number, own] = Fragment(number, own, self._plan.fragments[number].label)
            found[known] = None
        return known

    def _around(self, fragment: Fragment) -> Fragment | None:
        """The nearest fragment around it of which anything comes later."""
        number = self._plan.fragments[fragment.number].parent
        while number is not None:
            known = self._fragments.get((number, fragment.path[: self._depths[number]]))
            if known is not None:
                return known
            number = self._plan.fragments[number].parent
        return None

    def _announce(self, fragments: Iterable[Fragment], batch: _Batch) -> None:
        for each in fragments:
            if not each.ended:
                each.pending = Pending(str(self._announced), each.path, each.label)
                self._announced += 1
                self._open[each] = None
                batch.pending.append(each.pending)

    def _complete(self, group: Group, stopped: TooManyObjects | None, batch: _Batch) -> None:
        """Make the data of a group, or let all its fragments fail."""
        self._forget(group)
        postponed = group.postponed
        group.errors = self._errors.at(postponed.part, group.path)
        state = Projection(self._variables, self._budget, group.errors)
        try:
            if stopped is not None:
                raise stopped
            data = postponed.shape.complete_object(postponed.source, postponed.position, state)
        except TooManyObjects as bound:
            self._fail(group, [bound_error(bound)], batch)
            return
        explain(state, group.errors)
        if data is INVALID:
            self._fail(group, group.errors, batch)
            return
        group.data = data or {}  # its type may turn out to be one that is not shown
        for fragment in group.fragments:
            fragment.ready.append(group)
        self._groups(group.data, group.path, state.postponed)

    def _fail(self, group: Group, errors: list[JSONObject], batch: _Batch) -> None:
        for fragment in group.fragments:
            if fragment.is_open and fragment.pending is not None:
                batch.completed.append(Completed(fragment.pending, errors))
            self._abandon(fragment)

    def _abandon(self, fragment: Fragment) -> None:
        """Nothing more will be delivered of the fragment, nor of those within it."""
        fragment.ended = True
        self._open.pop(fragment, None)
        for group in list(fragment.waiting):
            if all(each.ended for each in group.fragments):
                self._forget(group)
        for child in fragment.children:
            if not child.ended:
                self._abandon(child)

    def _forget(self, group: Group) -> None:
        """The group is no longer waited for."""
        self._waiting.pop(group, None)
        for fragment in group.fragments:
            fragment.waiting.discard(group)

    def _deliver(self, fragment: Fragment, batch: _Batch) -> None:
        """Deliver the groups of a fragment that no other one has delivered yet, and announce those within it."""
        for group in fragment.ready:
            if not group.delivered:
                group.delivered = True
                batch.delivered.append(Delivered(_nearest(group), group.path, group.data, group.errors))
        if fragment.pending is not None:
            batch.completed.append(Completed(fragment.pending))
        fragment.ended = True
        del self._open[fragment]
        self._announce(fragment.children, batch)


def bound_error(bound: TooManyObjects) -> JSONObject:
    """What the client is told of it."""
    return {"message": str(bound), "extensions": {"code": bound.code}}


def _nearest(group: Group) -> Pending:
    """Of the open fragments of a group, the one whose object is nearest to the group's."""
    announced = [each.pending for each in group.fragments if each.is_open and each.pending is not None]
    return max(announced, key=lambda each: len(each.path))


def _holds_object(data: Any, path: Path) -> bool:
    """Whether the client's data has an object at the path: there may have been one that had to become null."""
    for key in path:
        if isinstance(key, str):
            data = cast("JSONObject", data).get(key) if isinstance(data, dict) else None
        else:
            data = cast("list[Any]", data)[key] if isinstance(data, list) else None
    return data is not None
