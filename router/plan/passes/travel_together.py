"""Entity fetches of one subgraph that can travel in one request do.

    Parallel
      Flatten(a)                      Fetch(books)
        Fetch(books) ...      =>        Flatten(a) ...
      Flatten(b.@)                      Flatten(b.@) ...
        Fetch(books) ...

The fewest requests come first, then the shortest chain of requests: a fetch may wait for more than it needs, if no
chain of the plan becomes longer than the longest is already. Fetches of one level meet before those of different ones.

What is deferred meets only what comes with it, and all that the first answer needs is there by then.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from router.plan.fetch_graph import FetchGraph, Step
from router.plan.positions import Positions


def travel_together(graph: FetchGraph, positions: Positions) -> None:
    """Put steps beside others of the same subgraph until no more can be."""
    subgraphs = [step.subgraph for step in graph.steps if step.described]
    if len(set(subgraphs)) < len(subgraphs):
        _join_levels(graph)
        _join_later(graph)


@dataclass(frozen=True, slots=True)
class _Timetable:
    """How many requests come before each step and how many after it at least, one after the other.

    Attributes:
        ancestors: of each step, as bits of their places in `bits`.
        longest: how many requests the longest chain has, by the part of the plan.
    """

    before: dict[Step, int]
    following: dict[Step, int]
    bits: dict[Step, int]
    ancestors: dict[Step, int]
    longest: Mapping[int, int]

    @classmethod
    def of(cls, graph: FetchGraph) -> "_Timetable":
        steps = graph.ordered()
        before: dict[Step, int] = {}
        ancestors: dict[Step, int] = {}
        following = dict.fromkeys(steps, 0)
        bits = {step: 1 << number for number, step in enumerate(steps)}
        for step in steps:
            waited = _waited(step)
            before[step] = 1 + max((before[each] for each in waited), default=-1)
            ancestors[step] = 0
            for each in waited:
                ancestors[step] |= ancestors[each] | bits[each]
        for step in reversed(steps):
            for each in _waited(step):
                following[each] = max(following[each], following[step] + 1)
        longest = dict.fromkeys((step.part for step in steps), 0)
        for step in steps:
            longest[step.part] = max(longest[step.part], before[step] + following[step] + 1)
        return cls(before, following, bits, ancestors, longest)

    def fits(self, left: Step, right: Step) -> bool:
        """Whether the two can be one, and no chain becomes longer than the longest is."""
        if (
            left.part != right.part
            or self.ancestors[left] & self.bits[right]
            or self.ancestors[right] & self.bits[left]
        ):
            return False
        before = max(self.before[left], self.before[right])
        return before + 1 + max(self.following[left], self.following[right]) <= self.longest[left.part]


def _waited(step: Step) -> list[Step]:
    """The steps it waits for, those aside that are done when it could begin."""
    return [each for each in step.after if not (step.part and not each.part)]


def _join_levels(graph: FetchGraph) -> None:
    """Join the steps that come after equally many others: none waits for another, and no chain becomes longer."""
    timetable = _Timetable.of(graph)
    first: dict[tuple[str, int, int], Step] = {}
    kept: dict[Step, Step] = {}
    for step in graph.ordered():
        if step.described:
            known = first.setdefault((step.subgraph, step.part, timetable.before[step]), step)
            if known is not step:
                kept[step] = known
                _board(known, step)
    graph.replace(kept)


def _join_later(graph: FetchGraph) -> None:
    """Join steps of different levels, one pair after the other."""
    timetable = _Timetable.of(graph)
    by_subgraph: dict[str, list[Step]] = {}
    for step in graph.ordered():
        if step.described:
            by_subgraph.setdefault(step.subgraph, []).append(step)
    for steps in by_subgraph.values():
        for number, first in enumerate(steps):
            for other in steps[number + 1 :]:
                if timetable.fits(first, other):
                    steps.remove(other)
                    _board(first, other)
                    graph.replace({other: first})
                    timetable = _Timetable.of(graph)


def _board(kept: Step, dropped: Step) -> None:
    kept.beside += [dropped, *dropped.beside]
    kept.after |= dropped.after
    kept.serves |= dropped.serves
