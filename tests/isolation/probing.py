"""Trying another tenant's identifiers, in every place that takes one."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, TypeAlias, TypeVar

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

_T = TypeVar("_T")
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
        begin_again: leaves behind whatever has been done: a difference has to be there without it.
        whole: whether every value is tried everywhere. Else the likeliest kinds are and, but in mutations, others that
            take turns.
    """

    graph: Graph
    ask: Ask
    spans: Spans
    kinds: Kinds
    secrets: Sequence[str]
    filler: Filler
    home: set[str]
    begin_again: Callable[[], Awaitable[None]] | None = None
    whole: bool = False
    random: Random = field(default_factory=lambda: Random(7))
    asked: int = 0
    _turn: int = 0
    _written: set[str] = field(default_factory=set[str])

    def values(self, position: Position) -> list[str]:
        """What is tried at a position: identifiers where it takes one, else texts as well."""
        kinds = ranked(self.kinds, position.name, position.field.name)
        fitting = [one for one in kinds if position.type_name != "ID" or UUIDS.fullmatch(self.kinds[one][0])]
        if self.whole:
            return list(dict.fromkeys(value for one in fitting for value in self.kinds[one]))
        size = 1 if position.kind == "mutation" else _LIKELY[position.type_name]
        likely, others = fitting[:size], fitting[size:]
        self._turn += 1
        rarely = 0 if position.kind == "mutation" else _UNLIKELY[position.type_name]
        chosen = [*likely, *spread(others, rarely, self._turn)]
        return list(dict.fromkeys(self._value(one, position) for one in chosen))

    def _value(self, kind: str, position: Position) -> str:
        """One of a kind; of texts, one that was not written down before: it would be known by now."""
        values = self.kinds[kind]
        if position.kind != "mutation" or UUIDS.fullmatch(values[0]):
            return values[0]
        value = next((each for each in values if each not in self._written), values[0])
        self._written.add(value)
        return value

    async def probe(self, *positions: Position) -> list[Finding]:
        """Try every value at positions of one kind, as many in one operation as it may have."""
        tried = [(position, value) for position in positions for value in self.values(position)]
        at_once = 1 if positions[0].kind == "subscription" else AT_ONCE
        found: list[Finding] = []
        for part in _parts(tried, at_once):
            if await self._compare(part):
                found += [finding for one in part for finding in await self._probe_alone(*one)]
        return found

    async def _probe_alone(self, position: Position, value: str) -> list[Finding]:
        """Whether it is this one that makes the difference, and still does where nothing was tried before."""
        found = await self._compare([(position, value)])
        if found and self.begin_again:
            await self.begin_again()
            found = await self._compare([(position, value)])
        return found

    async def _compare(self, tried: Sequence[tuple[Position, str]]) -> list[Finding]:
        places = [position for position, _ in tried]
        return await self.compare(
            ", ".join(dict.fromkeys(map(str, places))),
            [value for _, value in tried],
            lambda values: operation(self.graph, list(zip(places, values, strict=True)), self.filler, depth=_DEPTH),
        )

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

    def _like(self, values: Sequence[str]) -> list[str]:
        return [lookalike(value, self.random) for value in values]

    async def _try(self, values: list[str], make: Callable[[list[str]], Operation]) -> "Tried":
        sent = make(values)
        answer = await self.ask(sent)
        self.asked += 1
        assert "data" in answer.body, (sent.query, answer.text)  # else nothing was compared with nothing
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


def _parts(values: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
