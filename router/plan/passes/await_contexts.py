"""A fetch with contextual arguments waits for the fetches that bring their values."""

from collections.abc import Iterator

from router.plan.contextual import ancestor_of, contextual_arguments, slots_of
from router.plan.errors import Unresolvable
from router.plan.fetch_graph import FetchGraph, Selected, Step
from router.plan.positions import Positions, Slot


def await_contexts(graph: FetchGraph, positions: Positions) -> None:
    """Add what the steps have to wait for.

    Raises:
        Unresolvable: a value needs the very field that it is an argument of.
    """
    needed = {step: set(_leaves(step)) for step in graph.steps if step.described}
    if not any(needed.values()):
        return
    providers: dict[Slot, list[Step]] = {}
    for step in graph.steps:
        for slot in filled(step.selected):
            providers.setdefault(slot, []).append(step)
    for step, slots in needed.items():
        found = (each for slot in slots for each in providers.get(slot, ()))
        for provider in (each for each in found if each.part in {0, step.part}):
            if provider is step or step in provider.ancestors():
                raise Unresolvable("An argument depends on a context that depends on the argument's field.")
            step.after.add(provider)


def _leaves(step: Step) -> Iterator[Slot]:
    """The slots with the values of contextual arguments."""
    for slot, argument in contextual_arguments(step):
        for source in slot.field.contexts[argument]:
            *_, leaf = slots_of(ancestor_of(slot, source), source.fields)
            yield leaf


def filled(selected: Selected) -> Iterator[Slot]:
    """The slots that a fetch fills, at any depth."""
    for emission in selected.emissions.values():
        yield emission.slot
        if emission.below is not None:
            yield from filled(emission.below)
