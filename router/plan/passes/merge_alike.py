"""Fetches that differ only in the type condition of one step on their way become one.

`items { ... on Book { author { name } } ... on Film { author { name } } }` needs the authors of books and those of
films; if the same is asked of both, one request brings it.
"""

from router.plan.emit import write
from router.plan.fetch_graph import FetchGraph, Step
from router.plan.nodes import OnTypes, ResponsePath
from router.plan.positions import Positions, join_paths
from router.plan.represent import representations_of


def merge_alike(graph: FetchGraph, positions: Positions) -> None:
    """Merge steps until none are alike."""
    groups: dict[tuple[str, ResponsePath], list[Step]] = {}
    for step in graph.ordered():
        if step.described:
            path = tuple(each for each in step.position.path() if not isinstance(each, OnTypes))
            groups.setdefault((step.subgraph, path), []).append(step)
    for steps in groups.values():
        while len(steps) > 1:
            first = steps.pop(0)
            for other in list(steps):
                if _alike(first, other, positions) and first not in other.ancestors():
                    _merge(graph, first, other)
                    steps.remove(other)


def _alike(left: Step, right: Step, positions: Positions) -> bool:
    return (
        join_paths(left.paths()[0], right.paths()[0]) is not None
        and left.when == right.when
        and write(left.selected) == write(right.selected)
        and representations_of(left, positions) == representations_of(right, positions)
    )


def _merge(graph: FetchGraph, kept: Step, dropped: Step) -> None:
    kept.others.append(dropped.position)
    kept.others += dropped.others
    kept.after |= dropped.after
    graph.replace(dropped, kept)
