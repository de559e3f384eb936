"""Random graphs and random operations, answered by the router and by the graph in one piece."""

import gc
import random
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from router.compose import ErrorCode, Refused
from tests.conformance.monolith.data import World
from tests.conformance.monolith.deferring import deferring
from tests.conformance.monolith.federation import Federation, Invalid
from tests.conformance.monolith.operations import Operation, Operations
from tests.conformance.monolith.schema import draw_schema
from tests.conformance.monolith.shrink import shrink
from tests.conformance.monolith.split import split
from tests.conformance.monolith.trial import compared, merged, tried

_UNANSWERABLE = {ErrorCode.SATISFIABILITY_ERROR, ErrorCode.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED}


@dataclass(frozen=True, slots=True)
class Effort:
    """What is done about each operation.

    Attributes:
        fields: in it at most, or nearly.
        deferred: the share of operations that are asked again with parts of them deferred.
        compiled: the share that are answered by code made for them, too.
    """

    fields: int = 24
    deferred: float = 0.3
    compiled: float = 1


EVERYTHING = Effort()


@dataclass(slots=True)
class Tally:
    """What has been tried.

    Attributes:
        refused: graphs that do not compose, because a split leaves fields that cannot be reached.
        requests: to subgraphs.
        nulls: operations whose answer has errors, as it should.
        repeated: operations for which a subgraph was sent the same request again.
        deferred: operations that were asked again with parts of them deferred.
    """

    graphs: int = 0
    refused: int = 0
    operations: int = 0
    requests: int = 0
    nulls: int = 0
    repeated: int = 0
    deferred: int = 0

    def add(self, other: "Tally") -> None:
        self.graphs += other.graphs
        self.refused += other.refused
        self.operations += other.operations
        self.requests += other.requests
        self.nulls += other.nulls
        self.repeated += other.repeated
        self.deferred += other.deferred


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Where the router is wrong."""

    seed: int
    sdls: dict[str, str]
    operation: Operation
    difference: str

    def __str__(self) -> str:
        graph = "\n".join(f"# {name}\n{sdl}" for name, sdl in self.sdls.items())
        asked = self.operation
        given = f"{dict(asked.variables)}\n{sorted(asked.labels)} {asked.share}"
        return f"graph {self.seed}\n{graph}\n{asked.query}\n{given}\n{self.difference}"


class Graph:
    """One random graph and its operations; the same for the same seed, whatever the process."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.tally = Tally()
        chance = random.Random(seed)
        schema = draw_schema(chance)
        self._sdls = split(schema, chance)
        self._world = World(schema, seed)

    async def check(self, operations: int, effort: Effort = EVERYTHING) -> Counterexample | None:
        """Answer that many operations, up to the first difference."""
        federation = Federation.of(self._sdls, self._world)
        if isinstance(federation, Refused):
            self.tally.refused += 1
            codes = {error.code for error in federation.errors}
            assert codes <= _UNANSWERABLE, f"graph {self.seed}: {federation.errors}"
            return None
        self.tally.graphs += 1
        chance = random.Random(self.seed)
        drawing = Operations(federation.schema, chance, effort.fields)
        with _nothing_collected():
            while self.tally.operations < operations:
                found = await self._compare(federation, drawing.draw(), chance, effort)
                if found is not None:
                    return found
        return None

    async def shrink(self, found: Counterexample) -> Counterexample:
        """The same difference, of fewer subgraphs and fields."""
        sdls, operation = await shrink(found.sdls, found.operation, self._world)
        federation = Federation.of(sdls, self._world)
        assert isinstance(federation, Federation)
        differs = await tried(federation, operation)
        return Counterexample(found.seed, sdls, operation, differs or found.difference)

    async def _compare(
        self, federation: Federation, operation: Operation, chance: random.Random, effort: Effort
    ) -> Counterexample | None:
        try:
            answers = await federation.answers(operation, compiled=chance.random() < effort.compiled)
        except Invalid:
            return None
        self._count(federation)
        expected = federation.expected(operation)
        self.tally.nulls += bool(expected.errors)
        differs = compared(expected, answers)
        if differs is None and chance.random() < effort.deferred:
            operation = deferring(operation, chance)
            self.tally.deferred += 1
            with suppress(Invalid):
                differs = await merged(federation, operation, expected)
        if differs is None or not federation.is_valid(operation.query):
            return None
        return Counterexample(self.seed, self._sdls, operation, differs)

    def _count(self, federation: Federation) -> None:
        self.tally.operations += 1
        self.tally.requests += federation.requests
        self.tally.repeated += bool(federation.repeated())


@contextmanager
def _nothing_collected() -> Generator[None]:
    """Without the garbage collector, which takes an eighth of the time for the syntax trees of a graph's operations."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
