"""Entity fetches of one subgraph that can travel in one request do.

    Parallel
      Flatten(a)                      Fetch(books)
        Fetch(books) ...      =>        Flatten(a) ...
      Flatten(b.@)                      Flatten(b.@) ...
        Fetch(books) ...

The fewest requests come first, then the shortest chain of requests: a fetch may wait for more than it needs, if no
chain of the plan becomes longer than the longest is already. Fetches of one level meet before those of different ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from router.plan.fetch_graph import FetchGraph, Step
from router.plan.positions import Positions


def travel_together(graph: FetchGraph, positions: Positions) -> None:
    """Put steps beside others of the same subgraph until no more can be."""
    by_subgraph: dict[str, list[Step]] = {}
    for step in graph.ordered():
        if step.described:
            by_subgraph.setdefault(step.subgraph, []).append(step)
    crowded = [steps for steps in by_subgraph.values() if len(steps) > 1]
    if crowded:
        timetable = _Timetable.of(graph)
        for same_level in (True, False):
            for steps in crowded:
                timetable = _board(graph, steps, timetable, same_level=same_level)


@dataclass(frozen=True, slots=True)
class _Timetable:
    """Per step, how many requests come before it and how many after it at least, one after the other.

    Attributes:
        longest: how many requests the longest chain has.
    """

    before: dict[Step, int]
    following: dict[Step, int]
    longest: int

    @classmethod
    def of(cls, graph: FetchGraph) -> "_Timetable":
        steps = graph.ordered()
        before: dict[Step, int] = {}
        following = dict.fromkeys(steps, 0)
        for step in steps:
            before[step] = 1 + max((before[each] for each in step.after), default=-1)
        for step in reversed(steps):
            for each in step.after:
                following[each] = max(following[each], following[step] + 1)
        return cls(before, following, max(before[step] + following[step] + 1 for step in steps))

    def fits(self, left: Step, right: Step) -> bool:
        """Whether no chain becomes longer than the longest is, if the two are one."""
        before = max(self.before[left], self.before[right])
        return before + 1 + max(self.following[left], self.following[right]) <= self.longest


def _board(graph: FetchGraph, steps: list[Step], timetable: _Timetable, *, same_level: bool) -> _Timetable:
    for number, first in enumerate(steps):
        for other in list(steps[number + 1 :]):
            if same_level and timetable.before[first] != timetable.before[other]:
                continue
            if timetable.fits(first, other) and not _waits(first, other):
                steps.remove(other)
                _join(graph, first, other)
                timetable = _Timetable.of(graph)
    return timetable


def _waits(left: Step, right: Step) -> bool:
    """Whether one of them waits for the other."""
    return left in _ancestors(right.after) or right in _ancestors(left.after)


def _ancestors(steps: Iterable[Step]) -> set[Step]:
    found: set[Step] = set()
    for step in steps:
        found |= {step, *step.ancestors()}
    return found


def _join(graph: FetchGraph, kept: Step, dropped: Step) -> None:
    kept.beside += [dropped, *dropped.beside]
    kept.after |= dropped.after
    graph.replace(dropped, kept)
