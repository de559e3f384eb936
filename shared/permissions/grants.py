"""What somebody holds at a place because of a role."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.permissions.places import Place


@dataclass(frozen=True, slots=True)
class Grant:
    """One assignment of a role, as far as decisions need it.

    Attributes:
        place: where it counts, and in every place below.
        permissions: what it gives.
        forbids: what it takes away, whatever other grants give.
        valid_to: from then on it counts no more; None counts for good.
    """

    place: Place
    permissions: frozenset[str]
    forbids: frozenset[str] = frozenset()
    valid_to: datetime | None = None

    def counts(self, now: datetime) -> bool:
        """Whether it has not ended."""
        return self.valid_to is None or self.valid_to > now


def counting(grants: Iterable[Grant], now: datetime) -> tuple[Grant, ...]:
    """Those that have not ended."""
    return tuple(grant for grant in grants if grant.counts(now))
