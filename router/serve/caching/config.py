"""What is kept of the subgraphs' answers, for how long and where: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

SHORTEST_SECRET: Final = 16
"""Characters of what lets somebody invalidate."""


class Scope(Enum):
    """Who may be given what was kept for somebody else."""

    PUBLIC = "public"
    """Everybody of the same tenant, with the same scopes, claims and headers."""
    PRIVATE = "private"
    """Nobody but the same subject; nothing is kept for callers who are not known."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long values of a type or a field may be kept, in place of its `@cacheControl`.

    Attributes:
        seconds: 0 for values that are not kept.
        scope: who may have them.
    """

    seconds: float
    scope: Scope = Scope.PRIVATE


@dataclass(frozen=True, slots=True)
class SubgraphCaching:
    """What is kept of a subgraph's answers.

    Attributes:
        enabled: whether anything is.
        default_seconds: lifetime of root fields and objects of which neither the answer's `Cache-Control` nor a
            `@cacheControl` says anything; None keeps nothing with them.
        default_scope: who may have what is kept for `default_seconds`.
        max_seconds: longest lifetime, whatever the subgraph says; None for that of all subgraphs.
        lifetimes: by `Type` or `Type.field`, in place of their `@cacheControl`.
        tags: by `Type`, for an entity, or `Query.field`: formats of tags, beside those of their `@cacheTag`.
    """

    enabled: bool = True
    default_seconds: float | None = None
    default_scope: Scope = Scope.PRIVATE
    max_seconds: float | None = None
    lifetimes: Mapping[str, Lifetime] = field(default_factory=dict[str, Lifetime])
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass(frozen=True, slots=True)
class Caching:
    """Caches of one router.

    Attributes:
        all: what holds for every subgraph that `subgraphs` does not name.
        subgraphs: by name, instead of `all`.
        answers: whether answers to clients are kept as a whole, too, where all their parts may be.
        max_seconds: longest lifetime of anything.
        max_entry_bytes: largest answer, or entity, that is kept.
        memory_bytes: of this process, for all that is kept; what was used last stays. Not used with Redis.
        claims: claims of access tokens that answers depend on, beside tenant and scopes: callers who differ share
            nothing.
        identifying_headers: headers that say who asks. Of a verified caller, tenant, scopes, claims and subject stand
            for them.
        ignored_headers: headers that subgraphs get and no answer depends on; callers who differ in any other share
            nothing.
        vary: further headers of clients that answers depend on, for caches between clients and the router (`Vary`).
        bypass: whether clients may have their answers made anew, with `Cache-Control: no-cache` or `no-store`.
        invalidation_secret: what `POST /cache/invalidate` wants as bearer token, at least 16 characters; None for no
            such endpoint.
        redis_url: where several routers keep answers together; None keeps them in this process.
        redis_prefix: of the keys there.
        redis_seconds: that Redis may take. After that, or when it fails, requests go on without what is kept.
        redis_retry_seconds: after which Redis is tried again then.
    """

    all: SubgraphCaching = field(default_factory=SubgraphCaching)
    subgraphs: Mapping[str, SubgraphCaching] = field(default_factory=dict[str, SubgraphCaching])
    answers: bool = False
    max_seconds: float = 86_400.0
    max_entry_bytes: int = 1_000_000
    memory_bytes: int = 64_000_000
    claims: tuple[str, ...] = ()
    identifying_headers: tuple[str, ...] = ("authorization", "cookie")
    ignored_headers: tuple[str, ...] = ("traceparent", "tracestate", "baggage")
    vary: tuple[str, ...] = ()
    bypass: bool = True
    invalidation_secret: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    redis_prefix: str = "router:cache"
    redis_seconds: float = 0.1
    redis_retry_seconds: float = 5.0

    def __post_init__(self) -> None:
        """Raises: ValueError: a bound lets nothing through, the secret is too short, or there is no such Redis."""
        if min(self.max_seconds, self.max_entry_bytes, self.memory_bytes, self.redis_seconds) <= 0:
            raise ValueError("The bounds of caches have to be greater than 0.")
        if self.invalidation_secret is not None and len(self.invalidation_secret) < SHORTEST_SECRET:
            raise ValueError(f"The secret for invalidation needs at least {SHORTEST_SECRET} characters.")
        if self.redis_url is not None and self.redis_url.partition(":")[0] not in {"redis", "rediss", "unix"}:
            raise ValueError("The URL of Redis has to begin with redis:, rediss: or unix:.")

    def of(self, subgraph: str) -> SubgraphCaching:
        """What holds for a subgraph."""
        return self.subgraphs.get(subgraph, self.all)
