"""Identities that count no more before their time: what runs on their behalf ends at once."""

from collections.abc import Callable
from typing import TypeAlias

from router.serve.access.identity import Identity

Key: TypeAlias = tuple[str | None, str]
"""A tenant and a subject."""


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
    """Told by the router's owner, in every process of it, of identities that were revoked."""

    def __init__(self) -> None:
        self._watches: dict[Key, set[Watch]] = {}

    def watch(self, identity: Identity, end: Callable[[], None]) -> Watch:
        """Call `end` when the identity is revoked, unless the watch has been closed before."""
        watch = Watch(self, identity, end)
        self._watches.setdefault(_key(identity), set()).add(watch)
        return watch

    def revoke(
        self, subject: str, tenant: str | None = None, *, where: Callable[[Identity], bool] | None = None
    ) -> int:
        """End what runs on behalf of a subject; returns how much that was.

        Args:
            subject: whose identities.
            tenant: the subject's.
            where: which of them, for instance those of one session by their claims; None means all.
        """
        watches = self._watches.get((tenant, subject), ())
        found = [each for each in watches if where is None or where(each.identity)]
        for each in found:
            each.close()
            each.end()
        return len(found)

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
