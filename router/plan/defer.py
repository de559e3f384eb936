"""Deferred parts of a plan: fetches of their own, which the first answer does not wait for.

A part is solved on its own, at the objects that earlier steps bring. Those steps give it keys, runtime types and what
`@requires` names; everything else it asks itself, if need be by entering the same subgraph once more, so that a slow
field does not hold up the others. Only what nothing else gives comes with the objects.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from router.plan.build import Builder, Postponed
from router.plan.errors import PlanningError
from router.plan.fetch_graph import FetchGraph
from router.plan.nodes import DeferredFragment, DeferredPart, Fetch
from router.plan.normalize import NormalizedOperation
from router.plan.positions import Position, Positions
from router.plan.selections import DeferUsage, Selection
from router.plan.walk import Walker


class Inseparable(PlanningError):
    """Deferred fields cannot be had apart from the objects they belong to."""

    def __init__(self, selection: Selection) -> None:
        super().__init__(f"Nothing gives what is deferred of {selection.type_name} on its own.")
        self.usages = selection.usages


def build_deferred(operation: NormalizedOperation, positions: Positions, walker: Walker, builder: Builder) -> None:
    """Add the steps of everything that comes later, outer parts first.

    Raises:
        Inseparable: some of it can only be had with what is around it.
    """
    waiting = deque(Postponed(each, positions.root) for each in operation.selection.deferred)
    waiting += builder.take_postponed()
    while waiting:
        postponed = waiting.popleft()
        around = postponed.around
        arrivals, peers = ((), ()) if around is None else (around.arrivals, around.peers)
        solution = walker.solve(postponed.selection, arrivals, peers)
        if solution is None:
            raise Inseparable(postponed.selection)
        builder.build_later(postponed, solution)
        waiting += builder.take_postponed()


def describe_parts(
    operation: NormalizedOperation, positions: Positions, graph: FetchGraph, fetches: Sequence[Fetch]
) -> tuple[tuple[DeferredFragment, ...], tuple[DeferredPart, ...]]:
    """The deferred fragments, and the parts they make; `fetches` are those of the graph's steps, in their order."""
    paths = dict(_introduced(operation.selection, positions.root))
    numbers = {usage: number for number, usage in enumerate(paths)}
    fragments = tuple(
        DeferredFragment(usage.label, place.path(), None if usage.parent is None else numbers[usage.parent])
        for usage, place in paths.items()
    )
    steps = list(zip(graph.ordered(), fetches, strict=True))
    parts = tuple(
        DeferredPart(
            tuple(sorted(numbers[each] for each in usages)),
            tuple(fetch for step, fetch in steps if step.part == number),
            frozenset(
                fetch.id for step, fetch in steps if step.part == number or (step.part and number in step.serves)
            ),
        )
        for number, usages in enumerate(operation.parts, 1)
    )
    return fragments, parts


def _introduced(selection: Selection, position: Position) -> Iterator[tuple[DeferUsage, Position]]:
    """The deferred fragments with the places of their objects, outer ones first."""
    for usage in selection.introduced:
        yield usage, position
    for each in (selection, *selection.deferred):
        for field in each.fields:
            if field.selection is not None and (child := position.by_field[id(field)].child) is not None:
                yield from _introduced(field.selection, child)
