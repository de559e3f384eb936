"""Trying another tenant's identifiers, in every place that takes one."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, TypeAlias

from tests.isolation.choosing import ranked, spread
from tests.isolation.client import Answer, Spans
from tests.isolation.comparing import Said, differences, leaked, said
from tests.isolation.graph import Filler, Graph, Operation, Position, operation
from tests.isolation.harvest import Kinds
from tests.isolation.lookalikes import UUIDS, lookalike

AT_ONCE: Final = 24
"""Values tried by one operation; routers allow no more than 50 fields at its root."""
_LIKELY: Final = {"ID": 2, "String": 1}
_UNLIKELY: Final = {"ID": 1, "String": 1}
_ATTEMPTS: Final = 2
_DEPTH: Final = 2

Ask: TypeAlias = Callable[[Operation], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer that told something of another tenant."""

    where: str
    tried: tuple[str, ...]
    what: str


@dataclass
class Prober:
    """Compares what is answered for another tenant's values with what is answered for random ones.

    Attributes:
        kinds: the other tenant's values.
        secrets: what must not be in any answer, unless it was sent along.
        home: the tenants, as hexadecimal digits, whose schemas may be looked at.
        whole: whether every value is tried everywhere. Else the likeliest kinds are, and others that take turns.
    """

    graph: Graph
    ask: Ask
    spans: Spans
    kinds: Kinds
    secrets: Sequence[str]
    filler: Filler
    home: set[str]
    whole: bool = False
    random: Random = field(default_factory=lambda: Random(7))
    asked: int = 0
    _turn: int = 0

    def values(self, position: Position) -> list[str]:
        """What is tried at a position: identifiers where it takes one, else texts as well."""
        kinds = ranked(self.kinds, position.name, position.field.name)
        fitting = [one for one in kinds if position.type_name != "ID" or UUIDS.fullmatch(self.kinds[one][0])]
        if self.whole:
            return list(dict.fromkeys(value for one in fitting for value in self.kinds[one]))
        likely, others = fitting[: _LIKELY[position.type_name]], fitting[_LIKELY[position.type_name] :]
        self._turn += 1
        chosen = [self.kinds[one][0] for one in [*likely, *spread(others, _UNLIKELY[position.type_name], self._turn)]]
        return list(dict.fromkeys(chosen))

    async def probe(self, position: Position) -> list[Finding]:
        """Try every value at one position."""
        at_once = 1 if position.kind == "subscription" else AT_ONCE
        found: list[Finding] = []
        for values in _parts(self.values(position), at_once):
            found += await self.compare(str(position), values, lambda some: self._operation(position, some))
        return found

    async def compare(self, where: str, values: Sequence[str], make: Callable[[list[str]], Operation]) -> list[Finding]:
        """Try some values, and random ones like them before and after; a difference counts if it comes again.

        What a first attempt has made is there when the second begins, so that this may be refused; a leak is the same.
        """
        found: list[list[Finding]] = []
        for _ in range(_ATTEMPTS):
            like, own = await self._try(self._like(values), make), await self._try(list(values), make)
            if not [*self._compared(own, like)]:
                return []
            again = await self._try(self._like(values), make)
            found.append([Finding(where, tuple(values), what) for what in self._compared(own, like, again)])
        return [finding for finding in found[0] if finding in found[-1]]

    def _operation(self, position: Position, values: list[str]) -> Operation:
        return operation(self.graph, position, self.filler, list(values), depth=_DEPTH)

    def _like(self, values: Sequence[str]) -> list[str]:
        return [lookalike(value, self.random) for value in values]

    async def _try(self, values: list[str], make: Callable[[list[str]], Operation]) -> "Tried":
        sent = make(values)
        answer = await self.ask(sent)
        self.asked += 1
        return Tried(
            answer,
            said(answer.body, values),
            self.spans.work(answer.trace),
            self.spans.tenants(answer.trace),
            leaked(answer.text, self.secrets, sent.variables),
        )

    def _compared(self, own: "Tried", *like: "Tried") -> Iterator[str]:
        for each in (own, *like):
            yield from (f"told {value}" for value in each.leaked)
        if own.answer.status not in {each.answer.status for each in like}:
            yield f"status {own.answer.status} instead of {like[0].answer.status}"
        yield from differences(own.said, *(each.said for each in like))
        if own.work not in [each.work for each in like]:
            yield f"other work: {own.work - like[0].work} instead of {like[0].work - own.work}"
        yield from (f"looked at {tenant}" for tenant in own.tenants - self.home)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of an operation."""

    answer: Answer
    said: Said
    work: Counter[str]
    tenants: set[str]
    leaked: list[str]


def _parts(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
