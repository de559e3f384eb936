"""Random graphs and random operations, answered by the router and by the graph in one piece."""

import random
from dataclasses import dataclass

from router.compose import ErrorCode, Refused
from tests.conformance.monolith.compare import difference
from tests.conformance.monolith.data import World
from tests.conformance.monolith.federation import Answer, Federation
from tests.conformance.monolith.operations import Operation, Operations
from tests.conformance.monolith.schema import draw_schema
from tests.conformance.monolith.shrink import shrink
from tests.conformance.monolith.split import split

_UNANSWERABLE = {ErrorCode.SATISFIABILITY_ERROR, ErrorCode.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED}
_INVALID = "GRAPHQL_VALIDATION_FAILED"


@dataclass(slots=True)
class Tally:
    """What has been tried.

    Attributes:
        refused: graphs that do not compose, because a split leaves fields that cannot be reached.
        requests: to subgraphs.
        nulls: operations whose answer has errors, as it should.
        repeated: operations for which a subgraph was sent the same request again.
    """

    graphs: int = 0
    refused: int = 0
    operations: int = 0
    requests: int = 0
    nulls: int = 0
    repeated: int = 0

    def add(self, other: "Tally") -> None:
        self.graphs += other.graphs
        self.refused += other.refused
        self.operations += other.operations
        self.requests += other.requests
        self.nulls += other.nulls
        self.repeated += other.repeated


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Where the router is wrong."""

    seed: int
    sdls: dict[str, str]
    operation: Operation
    difference: str

    def __str__(self) -> str:
        graph = "\n".join(f"# {name}\n{sdl}" for name, sdl in self.sdls.items())
        variables = dict(self.operation.variables)
        return f"graph {self.seed}\n{graph}\n{self.operation.query}\n{variables}\n{self.difference}"


class Graph:
    """One random graph and its operations; the same for the same seed, whatever the process."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.tally = Tally()
        chance = random.Random(seed)
        schema = draw_schema(chance)
        self._sdls = split(schema, chance)
        self._world = World(schema, seed)

    async def check(self, operations: int, most: int = 24) -> Counterexample | None:
        """Answer that many operations of about `most` fields, up to the first difference."""
        federation = Federation.of(self._sdls, self._world)
        if isinstance(federation, Refused):
            self.tally.refused += 1
            codes = {error.code for error in federation.errors}
            assert codes <= _UNANSWERABLE, f"graph {self.seed}: {federation.errors}"
            return None
        self.tally.graphs += 1
        drawing = Operations(federation.schema, random.Random(self.seed), most)
        while self.tally.operations < operations:
            operation = drawing.draw()
            differs = await self._compare(federation, operation)
            if differs is not None:
                return Counterexample(self.seed, self._sdls, operation, differs)
        return None

    async def shrink(self, found: Counterexample) -> Counterexample:
        """The same difference, of fewer subgraphs and fields."""
        sdls, operation = await shrink(found.sdls, found.operation, self._world)
        federation = Federation.of(sdls, self._world)
        assert isinstance(federation, Federation)
        answer = await federation.answer(*operation)
        differs = difference(federation.expected(*operation), answer)
        return Counterexample(found.seed, sdls, operation, differs or found.difference)

    async def _compare(self, federation: Federation, operation: Operation) -> str | None:
        answer = await federation.answer(*operation)
        if _is_invalid(answer):
            return None
        expected = federation.expected(*operation)
        self.tally.operations += 1
        self.tally.requests += federation.requests
        self.tally.nulls += bool(expected.errors)
        self.tally.repeated += bool(federation.repeated())
        return difference(expected, answer)


def _is_invalid(answer: Answer) -> bool:
    return any(each.get("extensions", {}).get("code") == _INVALID for each in answer.errors)
