"""Which identifier goes where: a course's to what asks for a course, as far as names tell."""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from tests.isolation.harvest import Kinds

_SAYS_NOTHING = frozenset({"id", "ids", "input", "of", "by", "to", "the", "key", "graph", "after"})


@cache
def words(name: str) -> frozenset[str]:
    """The words of a name, in the singular: ``courseIds`` and ``courses.course_id`` have *course*."""
    parts = re.findall(r"[a-z]+", re.sub(r"([A-Z])", r" \1", name).lower())
    return frozenset(part.removesuffix("s") for part in parts if part not in _SAYS_NOTHING)


def _score(kind: str, name: str, operation: str) -> int:
    """How likely a value of a kind is what an argument of an operation asks for."""
    place, _, column = kind.rpartition(".")
    called = words(place.rpartition(".")[2] or column) | words(column)
    primary = column in {"id", "_id"}
    return 8 * len(words(name) & called) + 4 * len(words(operation) & called) + 2 * primary + (words(name) == called)


def ranked(kinds: Iterable[str], name: str, operation: str) -> list[str]:
    """The likeliest first."""
    return sorted(kinds, key=lambda kind: (-_score(kind, name, operation), kind))


def likeliest(kinds: Kinds, name: str, operation: str) -> str | None:
    """The value of one's own that an argument wants, if there is any that its names speak of."""
    best = max(kinds, key=lambda kind: (_score(kind, name, operation), kind), default=None)
    if best is None or not (words(name) | words(operation)) & words(best):
        return None
    return kinds[best][0]


def spread(values: Sequence[str], size: int, turn: int) -> list[str]:
    """Some of the values, others at each turn."""
    return [values[(turn * size + number) % len(values)] for number in range(min(size, len(values)))]
