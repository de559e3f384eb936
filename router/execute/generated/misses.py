"""Fast ways that are left alone for a while where they lead nowhere."""

from dataclasses import dataclass

MAX_MISSES = 20
"""Executions in a row for which it was no way, after which most do not try it: the subgraphs have their own ways."""

RETRIED = 25
"""Of so many executions that would not try it one does, and if all is well then, so do all others again."""


@dataclass(slots=True)
class Misses:
    """How a fast way has done of late."""

    in_a_row: int = 0
    _passed: int = 0

    def is_worth_a_try(self) -> bool:
        """Whether the next execution is to take it."""
        if self.in_a_row < MAX_MISSES:
            return True
        self._passed += 1
        return self._passed % RETRIED == 0

    def missed(self) -> None:
        """Take note that it was no way."""
        self.in_a_row += 1

    def hit(self) -> None:
        """Take note that it was one."""
        self.in_a_row = 0
