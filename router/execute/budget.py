"""A bound on the work of one execution.

Parts of the merged data are shared between objects, so that following paths through it can lead to far more objects
than the subgraphs ever sent.
"""

from dataclasses import dataclass, field
from typing import ClassVar

MAX_OBJECTS = 500_000
"""Most objects of one execution by default."""


class TooManyObjects(Exception):
    """An execution leads to more objects than allowed. The message is safe to show to clients."""

    code: ClassVar[str] = "OPERATION_TOO_COMPLEX"


@dataclass(slots=True)
class Budget:
    """What is left of the objects that one execution may describe to subgraphs or put into its answer.

    Items of a list of scalars count like objects.
    """

    limit: int = MAX_OBJECTS
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.limit

    def spend(self, count: int) -> None:
        """Take `count` away.

        Raises:
            TooManyObjects: there are not as many left.
        """
        self.left -= count
        self.require(0)

    def require(self, count: int) -> None:
        """Take nothing away yet.

        Raises:
            TooManyObjects: there are not as many left.
        """
        if self.left < count:
            raise TooManyObjects(f"The operation leads to more than {self.limit} objects: ask for fewer.")
