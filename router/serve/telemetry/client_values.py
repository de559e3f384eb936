"""What clients send with their requests, which is for no log: headers that go on, variables, literals of documents."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from router.serve.telemetry.sighting import Sighting

SHORTEST: Final = 4
"""Characters of a value that is looked for in texts; shorter ones would take everything out."""

MOST: Final = 1_000
"""Values of one request that are looked for."""

_LITERAL: Final = re.compile(r'"""(.{4,}?)"""|"((?:[^"\\\n]|\\.){4,})"', re.DOTALL)
_SPACES: Final = " \n\t\r"
_ROUNDS: Final = 20
"""After which nothing is left of a text in which values stand side by side."""


def client_values(seen: Sighting) -> list[str]:
    """The values of one request, the longest first."""
    return sorted(set(_values(seen)), key=len, reverse=True)


def cut(text: str, longest: int, values: Sequence[str]) -> str:
    """The beginning of a text. It ends between words and not within a value, so that no part of a secret is left.

    What is taken out of texts is found by looking for the whole of it.
    """
    if len(text) <= longest:
        return text
    end = longest
    for _ in range(_ROUNDS):
        starts = [text.find(each, max(0, end - len(each) + 1), end + len(each) - 1) for each in values]
        start = min((each for each in starts if each >= 0), default=end)
        if not text[start].isspace():
            start = 1 + max(text.rfind(each, 0, start) for each in _SPACES)
        if start == end:
            return f"{text[:end]}…"
        end = start
    return "…"


def _values(seen: Sighting) -> Iterator[str]:
    """What the client has sent: headers that go on, variables, and literals of its document."""
    count = 0
    for each in _sent(seen):
        if len(each) >= SHORTEST:
            yield each
            count += 1
            if count == MOST:
                return


def _sent(seen: Sighting) -> Iterator[str]:
    if seen.context is not None:
        for value in seen.context.headers.values():
            yield value
            yield from value.split()
    if seen.request is not None:
        yield from _texts(seen.request.variables)
        for found in _LITERAL.finditer(seen.request.query):
            yield found[1] or found[2]


def _texts(value: Any) -> Iterator[str]:
    open_: list[Any] = [value]
    while open_:
        found = open_.pop()
        match found:
            case str():
                yield found
            case dict():
                open_.extend(cast("dict[str, Any]", found).values())
            case list():
                open_.extend(cast("list[Any]", found))
            case int() | float():
                yield str(found)
            case _:
                pass
