"""Walk an operation over the query graph, choosing for every selection the cheapest way to resolve it."""

from time import monotonic

from router.plan.choose import Choice
from router.plan.errors import Enough, TooLong, TooManyChoices
from router.plan.field_sets import FieldSets
from router.plan.selections import Selection
from router.plan.solution import Solution
from router.supergraph.graph import Node, QueryGraph

_ATTEMPTS = 200_000
"""Steps towards first solutions: a few per field where each step leads on, endlessly many where all lead nowhere."""

_ENOUGH = 20_000
"""Steps after which every search ends that has a solution: more than any plan takes that is no riddle."""

_BETWEEN_LOOKS = 64
"""Steps from one look at the clock to the next."""

Arrivals = tuple[Node, ...]
"""The nodes from which the objects of a position come; none at the root."""


class Walker:
    """Solves selections, each once per set of arrivals.

    Attributes:
        work: how many more choices may be weighed; once it is used up, the best solution found so far is taken.
        content: how many of the searches under way have a solution.
    """

    def __init__(self, graph: QueryGraph, field_sets: FieldSets, work: int, seconds: float | None = None) -> None:
        self.graph = graph
        self.field_sets = field_sets
        self.work = work
        self.content = 0
        self._attempts = _ATTEMPTS
        self._until = None if seconds is None else monotonic() + seconds
        self._solved: dict[tuple[int, Arrivals, Arrivals], Solution | None] = {}
        self._forced: dict[tuple[int, str], frozenset[str]] = {}
        self._active: set[tuple[int, Arrivals, Arrivals]] = set()
        self._cuts = 0

    def solve(self, selection: Selection, arrivals: Arrivals, peers: Arrivals = ()) -> Solution | None:
        """The cheapest solution found; None if some field cannot be resolved.

        Args:
            selection: of objects that come from every one of `arrivals`.
            arrivals: where the objects come from.
            peers: other nodes that could have brought the objects.
        """
        key = (id(selection), arrivals, peers)
        if key in self._solved:
            return self._solved[key]
        if key in self._active:  # a key that needs itself
            self._cuts += 1
            return None
        self._active.add(key)
        cuts = self._cuts
        try:
            found = Choice(self, selection, arrivals, peers).run()
        finally:
            self._active.discard(key)
        if found is not None or cuts == self._cuts or not self._active:
            self._solved[key] = found
        return found

    def forced(self, selection: Selection, type_name: str) -> frozenset[str]:
        """The subgraphs that alone resolve some field selected of objects of that type."""
        key = (id(selection), type_name)
        known = self._forced.get(key)
        if known is None:
            only = [
                nodes[0].subgraph
                for field in selection.fields
                if field.type is not None and (field.on is None or type_name in field.on)
                if len(nodes := self.graph.resolvers(type_name, field.name)) == 1
            ]
            known = self._forced[key] = frozenset(only)
        return known

    def attempt(self) -> None:
        """Count one step towards a solution.

        Raises:
            Enough: for who has a solution already.
            TooManyChoices: there were too many, each of them in vain or beside many others; or they took too long.
        """
        self._attempts -= 1
        if self.content and self._attempts < _ATTEMPTS - _ENOUGH:
            raise Enough
        if self._attempts < 0:
            raise TooManyChoices("No plan was found within reason.")
        if self._until is not None and self._attempts % _BETWEEN_LOOKS == 0 and monotonic() > self._until:
            raise Enough if self.content else TooLong("No plan was found in time.")

    def spend(self, units: int = 1) -> bool:
        """Take from the budget; whether there was enough."""
        self.work -= units
        return self.work >= 0
