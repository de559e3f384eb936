"""Following one path of a plan through the merged data, as Python: nested loops, one for each list."""

from collections.abc import Sequence
from typing import Any

from router.execute.generated.source import Source, Unsuitable
from router.execute.generated.unsure import Unsure
from router.plan.nodes import Each, Key, OnTypes, PathStep, ResponsePath

MAX_LISTS = 16
"""Most loops in each other: CPython allows twenty blocks."""

NOTHING: list[Any] = []


def listed(value: Any) -> list[Any]:
    """What to go through for a value that is not exactly a list: nothing, unless it is some kind of list after all."""
    if isinstance(value, list):
        raise Unsure
    return NOTHING


def is_object(value: Any) -> bool:
    """Whether a value that is not exactly a dictionary is an object after all."""
    if isinstance(value, dict):
        raise Unsure
    return False


GLOBALS = {"Unsure": Unsure, "listed": listed, "is_object": is_object, "Nowhere": (KeyError, TypeError)}


def write_walk(source: Source, path: ResponsePath) -> str:
    """The name of a function that gives every object that `path` leads to; it takes the data and a bound.

    Raises:
        Unsuitable: there are too many lists in each other, or lines.
    """
    if sum(isinstance(step, Each) for step in path) > MAX_LISTS:
        raise Unsuitable
    head = ["found = []", "add = found.append", "for v in (data,):"]
    counters = [f"n{number} = 0" for number in range(sum(isinstance(step, Each) for step in path))]
    body = _steps(source, path, 0)
    return source.function("data, left", [*counters, *head, *(f"    {line}" for line in body), "return found"])


def _steps(source: Source, path: Sequence[PathStep], lists: int) -> list[str]:
    """What to do with a value in `v`, which is the variable of a loop."""
    inline, rest = _inline(source, path)
    lines = [] if not inline else ["try:", *(f"    {line}" for line in inline), "except Nowhere: continue"]
    if not rest:
        return [*lines, "if type(v) is dict or is_object(v): add(v)"]
    counter = f"n{lists}"
    return [
        *lines,
        "if type(v) is not list: v = listed(v)",
        f"{counter} += len(v)",
        f"if {counter} > left: raise Unsure",
        "for v in v:",
        *(f"    {line}" for line in _steps(source, rest[1:], lists + 1)),
    ]


def _inline(source: Source, path: Sequence[PathStep]) -> tuple[list[str], Sequence[PathStep]]:
    """The steps before the next list, which fail where the value leads nowhere."""
    lines: list[str] = []
    for number, step in enumerate(path):
        match step:
            case Key(name):
                lines.append(f"v = v[{source.constant(name)}]")
            case OnTypes(types, typename_key):
                lines.append(f"if v[{source.constant(typename_key)}] not in {source.constant(types)}: continue")
            case Each():
                return lines, path[number:]
    return lines, ()
