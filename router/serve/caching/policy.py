"""For how long, and for whom, one answer may be kept.

Source: https://www.rfc-editor.org/rfc/rfc9111#name-storing-responses-in-caches
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from router.execute.transport.connection import Reply
from router.serve.caching.config import Scope
from router.serve.caching.lifetimes import parse_cache_control


@dataclass(frozen=True, slots=True)
class CacheHeaders:
    """What an answer's headers say; empty where there are none."""

    cache_control: str = ""
    age: str = ""
    vary: str = ""

    @classmethod
    def of(cls, reply: Reply) -> "CacheHeaders":
        """Those of a reply; several lines of one name are a list."""
        if not reply.caching:
            return NO_HEADERS
        found: dict[bytes, str] = {}
        for name, value in reply.caching:
            text = value.decode("latin-1")
            found[name] = f"{found[name]}, {text}" if name in found else text
        return cls(found.get(b"cache-control", ""), found.get(b"age", ""), found.get(b"vary", ""))


NO_HEADERS: Final = CacheHeaders()


@dataclass(frozen=True, slots=True)
class Policy:
    """How long, in seconds, and for whom."""

    seconds: float
    scope: Scope


@dataclass(frozen=True, slots=True)
class Said:
    """What the schema says of what is asked.

    Attributes:
        seconds: 0 if it may not be kept, or nobody says that it may.
        scope: None if that is not said.
    """

    seconds: float
    scope: Scope | None


def policy_of(
    said: Said, headers: CacheHeaders, *, known: bool, identifying: Collection[str], longest: float
) -> Policy | None:
    """The policy of an answer; None if it may not be kept.

    A subgraph's header has precedence over its schema, which says what may be private all the same. Where neither says
    that an answer is public, one to a request that says who asks is private.

    Args:
        said: by the schema.
        headers: of the answer.
        known: the request says who asks.
        identifying: headers that do.
        longest: seconds that anything is kept.
    """
    seconds, scope = said.seconds, said.scope
    given = parse_cache_control(headers.cache_control)
    varies = {each.strip().lower() for each in headers.vary.split(",")}
    if given.forbids or "*" in varies:
        return None
    age = given.max_age if given.private or given.shared_max_age is None else given.shared_max_age
    if age is not None:
        seconds = age - _seconds(headers.age)
    if given.private or not varies.isdisjoint(identifying):
        scope = Scope.PRIVATE
    elif scope is not Scope.PRIVATE and (given.public or given.shared_max_age is not None):
        scope = Scope.PUBLIC
    if seconds <= 0:
        return None
    if scope is None:
        scope = Scope.PRIVATE if known else Scope.PUBLIC
    return Policy(min(seconds, longest), scope)


def _seconds(age: str) -> int:
    """How old an answer is when it comes; without bound if nobody can tell."""
    return int(age) if age.isascii() and age.isdigit() and len(age) < _DIGITS else _AGES if age else 0


_DIGITS: Final = 12
_AGES: Final = 10**_DIGITS
