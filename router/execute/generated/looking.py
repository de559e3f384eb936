"""Looking over an answer for keys that were not selected, as Python: a function for each selection.

Each takes the values at one level of the answer and passes those of the next level on: as many calls as levels.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from router.execute.generated.source import Source, indented
from router.execute.generated.unsure import Unsure

Look: TypeAlias = Callable[[Any], None]
"""Raises `Unsure` where there is a key that was not selected, or something unusual."""

MANY = 10_000
"""Values of one level, beyond which somebody has to look whether they are the same ones over and over."""


class Selection(Protocol):
    """The response keys of an object, and what is selected of those that hold objects."""

    @property
    def keys(self) -> set[str]: ...

    @property
    def inner(self) -> "Mapping[str, Selection]": ...


def make_look(selection: Selection) -> Look:
    """What looks over a list of objects, or of lists of objects.

    Raises:
        Unsuitable: very much is selected.
    """
    source = Source({"Unsure": Unsure})
    name = _write(source, selection)
    return source.run()[name]


def _write(source: Source, selection: Selection) -> str:
    inner = {key: _write(source, each) for key, each in sorted(selection.inner.items())}
    numbered = list(enumerate(inner))
    usual = " and ".join(
        [f"len(o) == {len(selection.keys)}", *(f"{source.constant(key)} in o" for key in sorted(selection.keys))]
    )
    unusual = [f"if not o.keys() <= {source.constant(frozenset(selection.keys))}: raise Unsure"]
    known: list[str] = []
    for number, key in numbered:
        known += _pass_on(number, f"o[{source.constant(key)}]")
        unusual += _pass_on(number, f"o.get({source.constant(key)})")
    body = ["if type(o) is dict:", f"    if {usual}:", *indented(indented(known or ["pass"])), "    else:"]
    body += [*indented(indented(unusual)), "elif type(o) is list:", *indented(_extend("again", "o"))]
    body += ["elif o is not None: raise Unsure"]
    return source.function(
        "values",
        [
            "again = []",
            *(f"n{number} = []" for number, _ in numbered),
            "while values:",
            "    for o in values:",
            *indented(indented(body)),
            "    values, again = again, []",
            *(f"if n{number}: {inner[key]}(n{number})" for number, key in numbered),
        ],
    )


def _pass_on(number: int, value: str) -> list[str]:
    return [
        f"v = {value}",
        "if type(v) is list:",
        *indented(_extend(f"n{number}", "v")),
        f"else: n{number}.append(v)",
    ]


def _extend(values: str, more: str) -> list[str]:
    return [f"{values} += {more}", f"if len({values}) > {MANY}: raise Unsure"]
