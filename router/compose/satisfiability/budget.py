"""How much work satisfiability may cost."""


class BudgetExceeded(Exception):
    """The proof took more steps than it may."""


class Budget:
    """A number of steps, to be spent one by one."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def spend(self) -> None:
        """Take a step.

        Raises:
            BudgetExceeded: there is none left.

        """
        self._left -= 1
        if self._left < 0:
            raise BudgetExceeded
