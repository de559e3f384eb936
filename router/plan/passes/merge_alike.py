"""Groups of entities of one request that are described and asked alike become one, found at several paths.

`items { ... on Book { author { name } } ... on Film { author { name } } }` needs the authors of books and those of
films; if the same is asked of both, one group brings it, and an author of both is asked for once.

What it brings then stands at both places. So it must be the same that is wanted below them: where others bring further
values, the key of one place must not mean something else at the other.
"""

from collections.abc import Collection
from itertools import product

from router.plan.conditions import When
from router.plan.contextual import contextual_arguments, sources_of
from router.plan.emit import write
from router.plan.fetch_graph import FetchGraph, Step
from router.plan.nodes import ContextSource
from router.plan.positions import Position, Positions
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
        if _alike(each, step, positions) and _agree_below(each, step):
            each.others += [step.position, *step.others]
            return True
    known.append(step)
    return False


def _alike(left: Step, right: Step, positions: Positions) -> bool:
    """Whether two that ask the same describe the same."""
    return _values(left) == _values(right) and (
        representations_of(left, positions) == representations_of(right, positions)
    )


def _agree_below(left: Step, right: Step) -> bool:
    """Whether the objects that the two bring may be the same ones, wherever they are brought to."""
    keys = {slot.key for (_, slot), emission in left.selected.emissions.items() if emission.below is not None}
    return all(
        _agree(one, other, keys)
        for one in (left.position, *left.others)
        for other in (right.position, *right.others)
        if one is not other
    )


def _agree(left: Position, right: Position, keys: Collection[str] | None = None) -> bool:
    """Whether no key of the two means different things; with `keys`, what is below these is looked at alone."""
    for one, other in product(left.slots, right.slots):
        if one.key != other.key or (keys is not None and one.key not in keys):
            continue
        if keys is None and not one.is_same(other):
            return False
        if one.child is not None and other.child is not None and not _agree(one.child, other.child):
            return False
    return True


def _values(step: Step) -> list[tuple[str, str, tuple[ContextSource, ...]]]:
    """What the step's contextual arguments are given."""
    return [(slot.key, each.name, sources_of(slot, each)) for slot, each in contextual_arguments(step)]
