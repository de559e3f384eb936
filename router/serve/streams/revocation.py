"""Identities that count no more before their time: what runs on their behalf ends at once."""

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Final, TypeAlias

from router.serve.access.identity import Identity

Key: TypeAlias = tuple[str | None, str | None]
"""A tenant and a subject; no subject means all of the tenant's."""

Where: TypeAlias = Callable[[Identity], bool] | None
"""Which identities of a subject; None means all."""

MOST_REMEMBERED: Final = 4096
"""Revocations of which those learn who were authenticated before, and begin something only now."""


class Watch:
    """Somebody who wants to know when an identity is revoked."""

    __slots__ = ("_revocations", "end", "identity")

    def __init__(self, revocations: "Revocations", identity: Identity, end: Callable[[], None]) -> None:
        self._revocations = revocations
        self.identity = identity
        self.end = end

    def close(self) -> None:
        """No longer."""
        self._revocations.forget(self)


class Revocations:
    """Told by the router's owner, in every process of it, of identities that were revoked.

    Attributes:
        told: how often that has happened.
    """

    def __init__(self) -> None:
        self.told = 0
        self._recent: deque[tuple[Key, Where]] = deque(maxlen=MOST_REMEMBERED)
        self._watches: dict[Key, set[Watch]] = {}

    def watch(self, identity: Identity, end: Callable[[], None]) -> Watch:
        """Call `end` when the identity is revoked, unless the watch has been closed before."""
        watch = Watch(self, identity, end)
        self._watches.setdefault(_key(identity), set()).add(watch)
        return watch

    def has_revoked(self, identity: Identity, since: int) -> bool:
        """Whether an identity was revoked after it had been authenticated.

        Args:
            identity: whose.
            since: what `told` was when its authentication began. If more has happened since than is remembered, the
                answer is yes: the client may authenticate anew.
        """
        new = self.told - since
        if new > len(self._recent):
            return True
        keys = {_key(identity), (identity.tenant, None)}
        return any(
            each in keys and (where is None or where(identity)) for each, where in islice(reversed(self._recent), new)
        )

    def revoke(self, subject: str | None, tenant: str | None = None, *, where: Where = None) -> int:
        """End what runs on behalf of a subject; returns how much that was.

        What was authenticated before and has not begun yet will not begin.

        Args:
            subject: whose identities; None for those of all subjects of the tenant.
            tenant: the subject's.
            where: which of them, for instance those of one session by their claims; None means all. It is kept, and
                asked again.
        """
        self.told += 1
        self._recent.append(((tenant, subject), where))
        found = [each for each in self._of(tenant, subject) if where is None or where(each.identity)]
        for each in found:
            each.close()
            each.end()
        return len(found)

    def _of(self, tenant: str | None, subject: str | None) -> list[Watch]:
        if subject is not None:
            return list(self._watches.get((tenant, subject), ()))
        return [each for (whose, _), watches in self._watches.items() if whose == tenant for each in watches]

    def forget(self, watch: Watch) -> None:
        """Drop a watch that has ended."""
        key = _key(watch.identity)
        watches = self._watches.get(key)
        if watches is not None:
            watches.discard(watch)
            if not watches:
                del self._watches[key]


def _key(identity: Identity) -> Key:
    return identity.tenant, identity.subject
