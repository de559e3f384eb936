"""What a contract asks for."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contract:
    """Which tags a variant shows and which it hides.

    Attributes:
        include: fields and unions without one of these are hidden; nothing is for want of a tag, if there are none.
        exclude: whatever has one of these is hidden, whatever else it has.
        hide_unreachable: hide types, too, that no visible field leads to.
    """

    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    hide_unreachable: bool = False

    def excluded_by(self, tags: Collection[str]) -> str | None:
        """The tag for which something that has `tags` is hidden."""
        return min(self.exclude.intersection(tags), default=None)

    def includes(self, tags: Collection[str]) -> bool:
        """Whether a field or union that has `tags` is asked for."""
        return not self.include or not self.include.isdisjoint(tags)
