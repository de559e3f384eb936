"""Who may share what is kept: whatever tells callers apart is part of every key.

Source of the class of mistakes: CVE-2024-32971, one request's answer given to another.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final

import orjson

from router.execute.transport.base import SubgraphRequest
from router.serve.caching.account import Account
from router.serve.caching.config import Caching, Scope
from router.serve.request import RequestContext

Partition = Callable[[RequestContext], str | None]
"""A further part of keys, for answers that depend on something else of their callers; None to keep nothing of theirs.
"""

KEY_BYTES: Final = 20

NOBODY: Final = "-"
"""The tenant of who has none."""


class Use:
    """What one operation may take from caches and bring into them.

    Attributes:
        tenant: as stores call it.
        known: the request says who asks.
        reads: what is kept may be taken.
    """

    __slots__ = ("_public", "account", "known", "private", "reads", "tenant")

    def __init__(self, tenant: str, public: bytes, private: bytes | None, *, known: bool, reads: bool) -> None:
        """Args: `public` and `private` are what keys have of the caller; without the latter nobody knows who asks."""
        self.tenant = tenant
        self.known = known
        self.reads = reads
        self.private = private
        self.account = Account()
        self._public = public

    def partition(self, scope: Scope) -> bytes:
        """What keys have of the caller, of `KEY_BYTES`; a private one is only there for who is known."""
        return self._public if scope is Scope.PUBLIC or self.private is None else self.private

    def may_bring(self, scope: Scope) -> bool:
        """Whether something of this scope may be kept: what is private, for those alone who are known."""
        return scope is Scope.PUBLIC or self.private is not None

    def is_own(self, scope: Scope) -> bool:
        """Whether keys of this scope are of this caller alone."""
        return scope is Scope.PRIVATE and self.private is not None

    def scopes(self, seen: Iterable[Scope]) -> tuple[Scope, ...]:
        """Under which scopes something may be, of which those were seen so far; the likeliest first."""
        if self.private is None:
            return (Scope.PUBLIC,)
        return tuple(each for each in (Scope.PRIVATE, Scope.PUBLIC) if each in seen) or (Scope.PRIVATE, Scope.PUBLIC)


class Identifying:
    """Finds out whose an operation is."""

    def __init__(self, config: Caching, partition: Partition | None) -> None:
        self.headers = frozenset(each.lower() for each in config.identifying_headers)
        self._ignored = frozenset(each.lower() for each in config.ignored_headers)
        self._claims = config.claims
        self._partition = partition

    def use(self, context: RequestContext, *, reads: bool) -> Use | None:
        """Of an operation of this client; None if nothing may be kept for them."""
        identity = context.identity
        if identity is not None and identity.expires is not None and identity.expires <= time.time():
            return None
        own = None if self._partition is None else self._partition(context)
        if own is None and self._partition is not None:
            return None
        plain, telling = self._headers(context.headers)
        if identity is None:
            return Use(NOBODY, digest([None, own, plain, telling]), None, known=bool(telling), reads=reads)
        claims = [identity.claims.get(name) for name in self._claims]
        shared = [identity.tenant, sorted(identity.scopes), claims, own, plain]
        issuer = identity.claims.get("iss")
        private = digest([*shared, identity.subject, identity.client, issuer])
        tenant = NOBODY if identity.tenant is None else f"={identity.tenant}"
        return Use(tenant, digest([*shared, True]), private, known=True, reads=reads)

    def _headers(self, headers: Mapping[str, str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Those that answers may depend on, and those that say who asks."""
        plain: list[tuple[str, str]] = []
        telling: list[tuple[str, str]] = []
        for name, value in headers.items():
            lower = name.lower()
            if lower in self.headers:
                telling.append((lower, value))
            elif lower not in self._ignored:
                plain.append((lower, value))
        return sorted(plain), sorted(telling)


def use_of(request: SubgraphRequest) -> Use | None:
    """Of the operation that a request is part of."""
    origin = request.terms.origin
    return origin.cache_use if isinstance(origin, RequestContext) else None


def sorted_json(value: Any) -> bytes | None:
    """The same text for the same value; None for what has none, as a file."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return None


def digest(value: Any) -> bytes:
    """Of `KEY_BYTES`, and the same for the same value."""
    return key_of(orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str))


def key_of(*parts: bytes) -> bytes:
    """A key; all parts but the last one have `KEY_BYTES`."""
    return blake2b(b"".join(parts), digest_size=KEY_BYTES).digest()
