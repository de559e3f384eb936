"""Which replica gets a request: the one that has the fewest."""

from collections.abc import Sequence

from router.execute.transport.base import SubgraphUnavailable
from router.execute.transport.traffic.replica import Replica


class Replicas:
    """All places where one subgraph can be reached."""

    def __init__(self, all_: Sequence[Replica]) -> None:
        self.all = tuple(all_)
        self._turn = 0

    def choose(self, subgraph: str, other_than: Replica | None = None) -> Replica:
        """The replica with the fewest requests of those that may get one, each in its turn among equals.

        Args:
            subgraph: its name, for the error.
            other_than: has been tried and is better left alone, if there is another.

        Raises:
            SubgraphUnavailable: none may.
        """
        only = self.all[0]
        if len(self.all) == 1 and only.admits():
            return only
        best = self._fewest(other_than)
        if best is None:
            raise SubgraphUnavailable(f"Subgraph {subgraph} is not available at the moment.")
        return best

    def _fewest(self, other_than: Replica | None) -> Replica | None:
        if other_than is None:  # a second attempt is nobody's turn
            self._turn = (self._turn + 1) % len(self.all)
        turn = self._turn
        best: Replica | None = None
        for each in self.all[turn:] + self.all[:turn]:
            if each is not other_than and each.admits() and (best is None or _load(each) < _load(best)):
                best = each
        if best is None and other_than is not None and other_than.admits():
            return other_than
        return best


def _load(replica: Replica) -> int:
    return replica.outstanding + replica.streams
