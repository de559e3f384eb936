"""What caches did for one operation, and what its client is told of that."""

from collections.abc import Iterable
from math import inf
from typing import Final

from router.serve.caching.config import Scope
from router.serve.caching.policy import Policy
from router.serve.caching.store import Entry

NAME: Final = "router"
"""Of this cache, in `Cache-Status`."""


class Account:
    """Of one operation: its answer may be kept as long as each of its parts, for whom all of them are.

    Attributes:
        taken: parts that were there.
        asked: parts that subgraphs gave.
        keepable: nothing forbids to keep the answer.
        remaining: seconds until the first part ends.
        age: of the oldest part, in seconds.
        scope: of all parts.
        moment: of the store's clock before the first part was asked for; infinite without parts.
        tags: of all parts.
    """

    __slots__ = ("age", "asked", "keepable", "moment", "remaining", "scope", "tags", "taken")

    def __init__(self) -> None:
        self.taken = 0
        self.asked = 0
        self.keepable = True
        self.remaining = inf
        self.age = 0.0
        self.scope = Scope.PUBLIC
        self.moment = inf
        self.tags: set[str] = set()

    def take(self, entry: Entry, scope: Scope, now: float) -> None:
        """Note a part that was there; `now` in seconds since the epoch."""
        self.taken += 1
        self.age = max(self.age, now - entry.stored)
        self._note(entry.stored + entry.seconds - now, scope)
        self._depend(entry.moment, entry.tags)

    def ask(self, policy: Policy | None, moment: int, tags: Iterable[str] | None) -> None:
        """Note a part that a subgraph gave; without a policy, or tags that could be made, it may not be kept."""
        self.asked += 1
        if policy is None or tags is None:
            self.keepable = False
        else:
            self._note(policy.seconds, policy.scope)
            self._depend(moment, tags)

    def refuse(self) -> None:
        """Note a part that has nothing to do with caches."""
        self.asked += 1
        self.keepable = False

    def policy(self) -> Policy | None:
        """How long the answer may be kept from now; None if not at all, or if it has no parts."""
        if not self.keepable or not 0 < self.remaining < inf:
            return None
        return Policy(self.remaining, self.scope)

    def status(self, *, read: bool) -> str:
        """What `Cache-Status` says; `read` unless the client wants an answer made anew.

        Source: https://www.rfc-editor.org/rfc/rfc9211
        """
        if self.taken and not self.asked:
            return f"{NAME}; hit; ttl={int(self.remaining)}"
        if not read:
            return f"{NAME}; fwd=request"
        if self.taken:
            return f"{NAME}; fwd=partial"
        return f"{NAME}; fwd=miss" if self.keepable and self.asked else f"{NAME}; fwd=bypass"

    def _note(self, remaining: float, scope: Scope) -> None:
        self.remaining = min(self.remaining, remaining)
        if scope is Scope.PRIVATE:
            self.scope = scope

    def _depend(self, moment: int, tags: Iterable[str]) -> None:
        self.moment = min(self.moment, moment)
        self.tags.update(tags)
