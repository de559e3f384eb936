"""Write the plan's fetches: from the steps of the fetch graph to frozen values."""

from collections.abc import Collection, Sequence

from router.plan.conditions import Alternative, common
from router.plan.contextual import contextual_arguments, sources_of
from router.plan.emit import ContextNames, Emitter, write
from router.plan.entities_text import CUT, entities_text
from router.plan.fetch_graph import FetchGraph, Step
from router.plan.nodes import ContextSource, ContextVariable, EntityGroup, Fetch, OperationKind
from router.plan.positions import Positions, Slot
from router.plan.represent import derived_of, representations_of
from router.supergraph.model import ContextArgument


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
        selections = write(step.selected, when)
        declared = self._emitter.declared(selections.variables)
        return Fetch(
            id=self._numbers[step],
            subgraph=step.subgraph,
            kind=step.kind,
            text=_root_text(step.kind, selections.text, declared.values()),
            keys=tuple(dict.fromkeys(slot.key for _, slot in step.selected.emissions)),
            variables=tuple(declared),
            path=step.position.path(),
            after=self._after(step),
            when=when,
        )

    def entity_fetch(self, step: Step) -> Fetch:
        """A fetch of entities, a group for the step and for each that travels with it."""
        steps = (step, *step.beside)
        shared = _shared([common(each.when or ()) for each in steps])
        contexts = _Contexts(self._emitter)
        groups = [
            self._group(each, number if step.beside else None, shared, contexts) for number, each in enumerate(steps)
        ]
        declared = self._emitter.declared(frozenset[str]().union(*(each.variables for each in groups)))
        return Fetch(
            id=self._numbers[step],
            subgraph=step.subgraph,
            kind=step.kind,
            text=entities_text([(each, 0) for each in groups], tuple(declared.values())),
            keys=tuple(each.alias for each in groups),
            variables=tuple(declared),
            declared=tuple(declared.values()),
            entities=tuple(groups),
            after=self._after(step),
            when=shared,
        )

    def _group(self, step: Step, number: int | None, shared: Alternative, contexts: "_Contexts") -> EntityGroup:
        """The group of a step, the number `number` of its fetch."""
        when = common(step.when or ())
        variables, names = contexts.of(step)
        selections = write(step.selected, when, names)
        return EntityGroup(
            paths=step.paths(),
            representations=representations_of(step, self._positions),
            text=selections.text.replace(CUT, ""),
            alias="_entities" if number is None else f"_e{number}",
            variable=self._emitter.reserved("representations" if number is None else f"_r{number}"),
            when=tuple(condition for condition in when if condition not in shared),
            contexts=variables,
            parts=tuple(selections.text.split(CUT)) if variables else (),
            variables=selections.variables,
            derived=derived_of(step),
        )

    def _after(self, step: Step) -> frozenset[int]:
        return frozenset(self._numbers[each] for each in step.after)


def _shared(conditions: Sequence[Alternative]) -> Alternative:
    """The conditions that all have."""
    return tuple(each for each in conditions[0] if all(each in other for other in conditions[1:]))


class _Contexts:
    """Names the variables for the contextual arguments of one fetch."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._count = 0

    def of(self, step: Step) -> tuple[tuple[ContextVariable, ...], ContextNames]:
        """The variables of a group; arguments with the same value share one."""
        variables: dict[tuple[str, tuple[ContextSource, ...]], ContextVariable] = {}
        names: dict[tuple[Slot, ContextArgument], str] = {}
        has_conditions = len({each.when for each in step.selected.emissions.values()}) > 1
        for slot, argument in contextual_arguments(step):
            value = (argument.type, sources_of(slot, argument))
            if value not in variables:
                is_optional = has_conditions and not argument.type.endswith("!")
                name = self._emitter.reserved(f"_c{self._count}")
                variables[value] = ContextVariable(name, *value, is_optional)
                self._count += 1
            names[slot, argument] = variables[value].name
        return tuple(variables.values()), names


def _root_text(kind: OperationKind, selections: str, declared: Collection[str]) -> str:
    if kind is OperationKind.QUERY and not declared:
        return selections
    head = f"({', '.join(declared)}) " if declared else ""
    return f"{kind.value} {head}{selections}"
