"""An interface object is asked, for each object, what is wanted of objects of its type, and no more.

It gives what it is asked for all that it is sent. Where books are wanted another field of than films, the two are
groups of their own: what fails for books only must neither be told of films nor take anything of theirs along.
"""

from collections.abc import Collection
from dataclasses import replace

from router.plan.fetch_graph import FetchGraph, Selected, Step
from router.plan.positions import Positions


def separate_types(graph: FetchGraph, positions: Positions) -> None:
    """Make a step of each group of types that the same is wanted of."""
    for step in list(graph.steps):
        if _is_of_interface_object(step) and step.described.keys() <= step.position.possible:
            first, *others = _alike(step)
            parts = [_part(step, each) for each in others]
            if parts:
                _keep(step, first)
            for part in parts:
                graph.add(part)
            for other in graph.steps:
                if step in other.after:
                    other.after.update(parts)


def _is_of_interface_object(step: Step) -> bool:
    emissions = step.selected.emissions.values()
    return bool(step.described) and any(
        each.edge is not None and each.edge.source.is_interface_object for each in emissions
    )


def _alike(step: Step) -> list[list[str]]:
    """The types, those together that the same is wanted of."""
    found: dict[tuple[bool, ...], list[str]] = {}
    for type_name in step.described:
        wanted = tuple(each.is_of(type_name) for each in step.selected.emissions.values())
        found.setdefault(wanted, []).append(type_name)
    return list(found.values())


def _part(step: Step, types: Collection[str]) -> Step:
    part = replace(
        step,
        selected=Selected(step.selected.node, dict(step.selected.emissions)),
        described=dict(step.described),
        after=set(step.after),
        others=[],
        beside=[],
        serves=set(step.serves),
    )
    _keep(part, types)
    return part


def _keep(step: Step, types: Collection[str]) -> None:
    """Leave out what is not of these types."""
    step.described = {name: described for name, described in step.described.items() if name in types}
    emissions = step.selected.emissions
    step.selected.emissions = {key: emission for key, emission in emissions.items() if any(map(emission.is_of, types))}
