"""How much work satisfiability may cost."""


class BudgetExceeded(Exception):
    """The proof took more steps than it may."""


class Budget:
    """A number of steps, to be spent one by one."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def spend(self, steps: int = 1) -> None:
        """Take so many steps.

        Raises:
            BudgetExceeded: there is none left.

        """
        self._left -= steps
        if self._left < 0:
            raise BudgetExceeded
