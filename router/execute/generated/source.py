"""A small writer of Python functions.

Nothing that a client or a subgraph wrote ever becomes code: a string is written as the literal that `repr` makes of it,
and every other value has a name that is made up here.
"""

import builtins
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

MAX_LINES = 6_000
"""Longest program: beyond, compiling it would hold up other requests for too long."""

_LITERALS = (str, int, bool, type(None))


class Unsuitable(Exception):
    """No code is made for this: it would be too long, or nest too deeply, or is too rare to be worth it."""


class Source:
    """The functions of one program, and the values that they refer to."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        """Args: `values` are known to the program under these names."""
        self._functions: dict[str, str] = {}
        self._names: dict[Hashable, str] = {}
        self._values: dict[str, Any] = {"__builtins__": builtins, **values}
        self._lines = 0

    def constant(self, value: Any) -> str:
        """An expression for a value that must not change: a literal, or the same name for equal values."""
        if type(value) in _LITERALS:
            return repr(value)
        identity: Hashable = value if isinstance(value, Hashable) else id(value)
        name = self._names.get(identity)
        if name is None:
            name = self._names[identity] = f"k{len(self._names)}"
            self._values[name] = value
        return name

    def function(self, parameters: str, body: Iterable[str]) -> str:
        """The name of a function; one that has been written before is not written again.

        Raises:
            Unsuitable: there are too many lines.
        """
        lines = list(body)
        text = "\n".join((f"({parameters}):", *(f"    {line}" for line in lines)))
        name = self._functions.get(text)
        if name is None:
            self._lines += len(lines) + 1
            if self._lines > MAX_LINES:
                raise Unsuitable
            name = self._functions[text] = f"f{len(self._functions)}"
        return name

    @property
    def text(self) -> str:
        """The program."""
        return "\n".join(f"def {name}{text}\n" for text, name in self._functions.items())

    def run(self) -> dict[str, Any]:
        """The program's functions by name."""
        names = dict(self._values)
        exec(compile(self.text, "<plan>", "exec"), names)  # noqa: S102  # text of ours alone, see above
        return names


def indented(lines: Iterable[str]) -> list[str]:
    """The lines of a block."""
    return [f"    {line}" for line in lines]
