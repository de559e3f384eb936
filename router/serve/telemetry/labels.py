"""Labels of metrics for values that clients or others make up: never more of them than a bound, whatever comes."""

from collections.abc import Callable
from typing import Final

OTHER: Final = "other"
"""The label of all values that have none of their own."""

NONE: Final = ""
"""The label where there is no value, which is no value of anybody's."""

LONGEST: Final = 100
"""Characters of a label; longer values have none of their own."""

_CANDIDATES: Final = 4
"""Values without a label that are counted, for each label there may be."""

_ROUND: Final = 10_000
"""Values after which it is looked whether others deserve the labels by now."""


class BoundedLabels:
    """Gives labels of their own to the values that come most often, and one label to all others.

    The first values get labels at once. Later on a value takes over the label of another only when it has come more
    than twice as often of late. What was counted under a label stays as it was: no count ever moves to another label,
    so that each only grows.
    """

    def __init__(self, most: int, gone: Callable[[str], object] | None = None) -> None:
        """Args: `gone` is called for a value that has a label no more, and whose counts may be dropped."""
        self._most = most
        self._gone = gone
        self._named: dict[str, int] = {}
        self._candidates: dict[str, int] = {}
        self._left = _ROUND

    @property
    def known(self) -> int:
        """Values that are counted, with a label and without."""
        return len(self._named) + len(self._candidates)

    def of(self, value: str | None) -> str:
        """The label that a value has now."""
        if value is None:
            return NONE
        named = self._named
        self._left -= 1
        if not self._left:
            self._elect()
        if value in named:
            named[value] += 1
            return value
        if len(named) < self._most and 0 < len(value) <= LONGEST and value != OTHER:
            named[value] = 1
            return value
        self._consider(value)
        return OTHER

    def _consider(self, value: str) -> None:
        """Count a value without a label; with many of them, those alone that make up a good part (Misra and Gries)."""
        candidates = self._candidates
        if value in candidates:
            candidates[value] += 1
        elif len(candidates) < self._most * _CANDIDATES:
            if 0 < len(value) <= LONGEST and value != OTHER:
                candidates[value] = 1
        else:
            self._candidates = {each: count - 1 for each, count in candidates.items() if count > 1}

    def _elect(self) -> None:
        self._left = _ROUND
        for candidate, count in sorted(self._candidates.items(), key=lambda each: -each[1])[: self._most]:
            least = min(self._named, key=lambda each: self._named[each])
            if count <= 2 * self._named[least]:
                break
            del self._named[least], self._candidates[candidate]
            self._named[candidate] = count
            if self._gone is not None:
                self._gone(least)
        self._named = {each: count // 2 for each, count in self._named.items()}
        self._candidates = {each: count // 2 for each, count in self._candidates.items() if count > 1}
