"""Groups of entities of one request that are described and asked alike become one, found at several paths.

`items { ... on Book { author { name } } ... on Film { author { name } } }` needs the authors of books and those of
films; if the same is asked of both, one group brings it, and an author of both is asked for once.
"""

from router.plan.conditions import When
from router.plan.contextual import contextual_arguments, sources_of
from router.plan.emit import write
from router.plan.fetch_graph import FetchGraph, Step
from router.plan.nodes import ContextSource
from router.plan.positions import Positions
from router.plan.represent import representations_of


def merge_alike(graph: FetchGraph, positions: Positions) -> None:
    """Merge the groups of all requests."""
    for step in graph.steps:
        if step.beside:
            groups: dict[tuple[When | None, str], list[Step]] = {}
            kept = [each for each in (step, *step.beside) if not _is_merged(each, groups, positions)]
            step.beside = kept[1:]


def _is_merged(step: Step, groups: dict[tuple[When | None, str], list[Step]], positions: Positions) -> bool:
    """Whether an earlier one does for it; `groups` are those, by their conditions and what they ask."""
    known = groups.setdefault((step.when, write(step.selected).text), [])
    for each in known:
        if _alike(each, step, positions):
            each.others += [step.position, *step.others]
            return True
    known.append(step)
    return False


def _alike(left: Step, right: Step, positions: Positions) -> bool:
    """Whether two that ask the same describe the same."""
    return _values(left) == _values(right) and (
        representations_of(left, positions) == representations_of(right, positions)
    )


def _values(step: Step) -> list[tuple[str, str, tuple[ContextSource, ...]]]:
    """What the step's contextual arguments are given."""
    return [(slot.key, each.name, sources_of(slot, each)) for slot, each in contextual_arguments(step)]
