"""Following the paths of a plan through its records, as Python: one comprehension a path, each evaluated once a run."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from router.execute.generated.records.classes import Classes
from router.execute.generated.records.places import Place
from router.execute.generated.source import Source, Unsuitable
from router.execute.shapes import ListShape, Shape
from router.plan.nodes import Key, ResponsePath

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
    _known: dict[tuple[Key, ...], str] = field(default_factory=dict[tuple[Key, ...], str])

    def write(self, path: ResponsePath) -> str:
        """The name of the function for a path, of which the keys tell all.

        Raises:
            Unsuitable: there are too many lists in each other.
        """
        steps = tuple(step for step in path if isinstance(step, Key))
        known = self._known.get(steps)
        if known is None:
            known = self._known[steps] = self._function(steps)
        return known

    def _function(self, steps: tuple[Key, ...]) -> str:
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

    def _clauses(self, place: Place, steps: Sequence[Key]) -> list[str]:
        clauses: list[str] = []
        for step in steps:
            slot = place.slots[step.name]
            assert slot.shown is not None  # noqa: S101  # only what is shown has places
            clauses += self._values(slot.shown.shape, self.classes.attribute(step.name), slot.shown.nullable)
            place = place.at((step,))
        if sum(clause.startswith("for") for clause in clauses) > MAX_LOOPS:
            raise Unsuitable
        return clauses

    def _values(self, shape: Shape, attribute: str, nullable: bool) -> list[str]:  # noqa: FBT001  # as shapes have it
        """What makes the objects in a field of `o` the next `o`."""
        value, clauses = f"o.{attribute}", list[str]()
        while isinstance(shape, ListShape):
            clauses.append(f"for o in {value}{' or ()' if nullable else ''}")
            value, nullable, shape = "o", shape.nullable, shape.of
        if not clauses:
            clauses.append(f"for o in ({value},)")
        return [*clauses, "if o is not None"] if nullable else clauses
