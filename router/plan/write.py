"""Write the plan's fetches: from the steps of the fetch graph to frozen values."""

from collections.abc import Sequence

from router.plan.conditions import Alternative, common
from router.plan.emit import Emitter, write
from router.plan.fetch_graph import FetchGraph, Step
from router.plan.nodes import EntityGroup, Fetch
from router.plan.positions import Positions
from router.plan.represent import representations_of


def write_fetches(graph: FetchGraph, positions: Positions, emitter: Emitter) -> tuple[Fetch, ...]:
    """The fetches in topological order."""
    steps = graph.ordered()
    numbers = {step: number for number, step in enumerate(steps)}
    writer = _FetchWriter(positions, emitter, numbers)
    return tuple(writer.entity_fetch(step) if step.described else writer.root_fetch(step) for step in steps)


class _FetchWriter:
    """Writes the steps of one graph."""

    def __init__(self, positions: Positions, emitter: Emitter, numbers: dict[Step, int]) -> None:
        self._positions = positions
        self._emitter = emitter
        self._numbers = numbers

    def root_fetch(self, step: Step) -> Fetch:
        """A fetch of root fields."""
        when = common(step.when or ())
        sent = self._emitter.root_fields(step.kind, write(step.selected, when))
        return Fetch(
            id=self._numbers[step],
            subgraph=step.subgraph,
            kind=step.kind,
            text=sent.text,
            keys=tuple(dict.fromkeys(slot.key for _, slot in step.selected.emissions)),
            variables=sent.variables,
            path=step.position.path(),
            after=self._after(step),
            when=when,
        )

    def entity_fetch(self, step: Step) -> Fetch:
        """A fetch of entities, a group for the step and for each that travels with it."""
        steps = (step, *step.beside)
        shared = _shared([common(each.when or ()) for each in steps])
        groups: list[EntityGroup] = []
        variables: set[str] = set()
        for number, each in enumerate(steps):
            when = common(each.when or ())
            selections = write(each.selected, when)
            variables |= selections.variables
            groups.append(
                EntityGroup(
                    paths=each.paths(),
                    representations=representations_of(each, self._positions),
                    text=selections.text,
                    alias=f"_e{number}" if step.beside else "_entities",
                    variable=self._emitter.reserved(f"_r{number}" if step.beside else "representations"),
                    when=tuple(condition for condition in when if condition not in shared),
                )
            )
        sent = self._emitter.entities(groups, frozenset(variables))
        return Fetch(
            id=self._numbers[step],
            subgraph=step.subgraph,
            kind=step.kind,
            text=sent.text,
            keys=tuple(each.alias for each in groups),
            variables=sent.variables,
            entities=tuple(groups),
            after=self._after(step),
            when=shared,
        )

    def _after(self, step: Step) -> frozenset[int]:
        return frozenset(self._numbers[each] for each in step.after)


def _shared(conditions: Sequence[Alternative]) -> Alternative:
    """The conditions that all have."""
    return tuple(each for each in conditions[0] if all(each in other for other in conditions[1:]))
