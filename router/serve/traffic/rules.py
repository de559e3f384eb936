"""Rules for the headers that subgraphs get.

What the client sent is filtered once by whoever authenticates it: no rule brings back what was not let through there.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, assert_never

from router.execute.transport.base import InvalidHeader
from router.execute.transport.headers import header_lines
from router.serve.request import Authenticate, RequestContext


@dataclass(frozen=True, slots=True)
class Propagate:
    """Send a header of the client on. As soon as there is such a rule, nothing else of the client's is sent.

    Attributes:
        name: of the header.
        matching: a regular expression that whole names match, instead of `name`.
        rename: what the subgraph gets it as; with `name` alone.
        default: sent where the client sent none; with `name` alone.
    """

    name: str | None = None
    matching: str | None = None
    rename: str | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Insert:
    """Send a header of our own, whatever the client sent by that name.

    Attributes:
        name: of the header.
        value: that it has.
    """

    name: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Remove:
    """Send no header of that name, or of names that match as a whole.

    Attributes:
        name: of the header.
        matching: a regular expression that whole names match, instead of `name`.
    """

    name: str | None = None
    matching: str | None = None


@dataclass(frozen=True, slots=True)
class Rename:
    """Send a header by another name.

    Attributes:
        name: that it has.
        to: the name that it gets.
    """

    name: str
    to: str


HeaderRule: TypeAlias = Propagate | Insert | Remove | Rename

_Step: TypeAlias = Callable[[Mapping[str, str], dict[str, str]], None]
"""Changes what is sent, given what the client sent; names are in lower case."""


class InvalidRule(ValueError):
    """A rule that says nothing, or something that is no header."""


class HeaderRules:
    """Rules ready to be applied, in their order."""

    def __init__(self, rules: Sequence[HeaderRule]) -> None:
        """Look at the rules.

        Raises:
            InvalidRule: one of them says nothing, or something that is no header.
        """
        self._steps = tuple(_step(rule) for rule in rules)
        self._everything = not any(isinstance(rule, Propagate) for rule in rules)

    def apply(self, headers: Mapping[str, str]) -> dict[str, str]:
        """What a subgraph gets of a client's headers."""
        given = {name.lower(): value for name, value in headers.items()}
        sent = given.copy() if self._everything else {}
        for step in self._steps:
            step(given, sent)
        return sent


def propagating(rules: Iterable[HeaderRule], *names: str) -> Authenticate:
    """Lets every client in, and through what any rule propagates, and these names.

    A WebSocket may give them as connection parameters.
    """
    propagated = [rule for rule in rules if isinstance(rule, Propagate)]
    matches = [_matcher(rule.name, rule.matching) for rule in propagated]
    matches += [_matcher(name, None) for name in names]

    async def authenticate(headers: Mapping[str, str], connection_params: Mapping[str, Any] | None) -> RequestContext:
        given: dict[str, Any] = dict(headers)
        given.update({key.lower(): value for key, value in (connection_params or {}).items()})
        through = {
            name: value
            for name, value in given.items()
            if isinstance(value, str) and any(match(name) for match in matches)
        }
        return RequestContext(through)

    return authenticate


def _step(rule: HeaderRule) -> _Step:
    match rule:
        case Propagate():
            return _propagating(rule)
        case Insert(name, value):
            _require_header(name, value)
            return _inserting(name.lower(), value)
        case Remove():
            matches = _matcher(rule.name, rule.matching)
            return lambda _, sent: _remove(sent, matches)
        case Rename(name, to):
            _require_header(to, "")
            return lambda _, sent: _rename(sent, name.lower(), to.lower())
        case _:
            assert_never(rule)


def _inserting(name: str, value: str) -> _Step:
    def insert(_: Mapping[str, str], sent: dict[str, str]) -> None:
        sent[name] = value

    return insert


def _propagating(rule: Propagate) -> _Step:
    matches = _matcher(rule.name, rule.matching)
    if rule.name is None:
        if rule.rename is not None or rule.default is not None:
            raise InvalidRule("Only a header that is propagated by its name can have another name or a default.")
        return lambda given, sent: sent.update({name: value for name, value in given.items() if matches(name)})
    name, to, default = rule.name.lower(), (rule.rename or rule.name).lower(), rule.default
    _require_header(to, default or "")

    def propagate(given: Mapping[str, str], sent: dict[str, str]) -> None:
        value = given.get(name, default)
        if value is not None:
            sent[to] = value

    return propagate


def _matcher(name: str | None, matching: str | None) -> Callable[[str], bool]:
    """Whether a name in lower case is meant.

    Raises:
        InvalidRule: it cannot be told.
    """
    if (name is None) == (matching is None):
        raise InvalidRule("A rule for headers names one, or has an expression for their names.")
    if name is not None:
        return name.lower().__eq__
    try:
        pattern = re.compile(matching or "", re.IGNORECASE)
    except re.error as error:
        raise InvalidRule(f"{matching!r} is no regular expression: {error}.") from error
    return lambda each: pattern.fullmatch(each) is not None


def _remove(sent: dict[str, str], matches: Callable[[str], bool]) -> None:
    for name in [name for name in sent if matches(name)]:
        del sent[name]


def _rename(sent: dict[str, str], name: str, to: str) -> None:
    if name in sent:
        sent[to] = sent.pop(name)


def _require_header(name: str, value: str) -> None:
    """Refuse what could not be sent.

    Raises:
        InvalidRule: it would be no header, or one that belongs to the connection.
    """
    try:
        written = header_lines({name: value})
    except InvalidHeader as error:
        raise InvalidRule(f"{name!r} with the value {value!r} is no header.") from error
    if not written:
        raise InvalidRule(f"The header {name!r} belongs to the connection to the subgraph.")
