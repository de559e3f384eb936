"""Following the paths of a plan through its records, as Python: one comprehension a path, each evaluated once a run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from router.execute.generated.records.classes import Classes
from router.execute.generated.records.places import Place
from router.execute.generated.source import Source, Unsuitable
from router.execute.shapes import ListShape, Shape
from router.plan.nodes import Key, OnTypes, ResponsePath

Step: TypeAlias = Key | OnTypes

MAX_LOOPS = 16
"""Most loops in each other: CPython allows twenty blocks."""


@dataclass(slots=True)
class Walks:
    """The functions that follow paths; each takes the root and what has been found, and gives a list of records.

    The objects at a place are all there when the first fetch asks for them, so that a list that has been made once
    stays true.
    """

    source: Source
    classes: Classes
    root: Place
    _known: dict[tuple[Step, ...], str] = field(default_factory=dict[tuple[Step, ...], str])

    def write(self, path: ResponsePath) -> str:
        """The name of the function for a path, of which keys and types tell all.

        Raises:
            Unsuitable: there are too many lists in each other.
        """
        steps = self._telling(path)
        known = self._known.get(steps)
        if known is None:
            known = self._known[steps] = self._function(steps)
        return known

    def _telling(self, path: ResponsePath) -> tuple[Step, ...]:
        """The steps without those that the place before them decides."""
        steps: list[Step] = []
        for step in path:
            if isinstance(step, Key) or (isinstance(step, OnTypes) and self.root.at(tuple(steps)).is_abstract):
                steps.append(step)
        return tuple(steps)

    def _function(self, steps: tuple[Step, ...]) -> str:
        start = next((steps[:length] for length in range(len(steps) - 1, 0, -1) if steps[:length] in self._known), ())
        first = f"{self._known[start]}(root, found)" if start else "(root,)"
        clauses = self._clauses(self.root.at(start), steps[len(start) :])
        number = len(self._known)
        return self.source.function(
            "root, found",
            [
                f"r = found.get({number})",
                f"if r is None: r = found[{number}] = [o for o in {first} {' '.join(clauses)}]",
                "return r",
            ],
        )

    def _clauses(self, place: Place, steps: Sequence[Step]) -> list[str]:
        clauses: list[str] = []
        for step in steps:
            if isinstance(step, OnTypes):
                clauses.append(self._if_of_types(step, place))
                continue
            slot = place.slots[step.name]
            assert slot.shown is not None  # noqa: S101  # only what is shown has places
            may_lack = slot.shown.nullable or not place.is_surely_there(slot)
            clauses += self._values(slot.shown.shape, self.classes.attribute(step.name), may_lack)
            place = place.at((step,))
        if sum(clause.startswith("for") for clause in clauses) > MAX_LOOPS:
            raise Unsuitable
        return clauses

    def _if_of_types(self, step: OnTypes, place: Place) -> str:
        slot = place.slots.get(step.typename_key)
        if slot is None or not slot.is_typename or not place.is_surely_there(slot):
            raise Unsuitable
        return f"if o.{self.classes.attribute(slot.key)} in {self.source.constant(step.types)}"

    def _values(self, shape: Shape, attribute: str, nullable: bool) -> list[str]:  # noqa: FBT001  # as shapes have it
        """What makes the objects in a field of `o` the next `o`."""
        value, clauses = f"o.{attribute}", list[str]()
        while isinstance(shape, ListShape):
            clauses.append(f"for o in {value}{' or ()' if nullable else ''}")
            value, nullable, shape = "o", shape.nullable, shape.of
        if not clauses:
            clauses.append(f"for o in ({value},)")
        return [*clauses, "if o"] if nullable else clauses
