"""Which replica gets a request: the one that has the fewest."""

from collections.abc import Sequence

from router.execute.transport.base import SubgraphUnavailable
from router.execute.transport.traffic.replica import Call, Replica


class Replicas:
    """All places where one subgraph can be reached."""

    def __init__(self, all_: Sequence[Replica]) -> None:
        self.all = tuple(all_)
        self._only = all_[0] if len(all_) == 1 else None
        self._turn = 0

    def choose(self, call: Call) -> Replica:
        """The replica with the fewest requests of those that may get one, each in its turn among equals.

        One that got the same request before is left alone, if there is another.

        Raises:
            SubgraphUnavailable: none may.
        """
        if self._only is not None and self._only.admits():
            return self._only
        best = self._fewest(call.replica)
        if best is None:
            raise SubgraphUnavailable(f"Subgraph {call.request.subgraph} is not available at the moment.")
        return best

    def _fewest(self, other_than: Replica | None) -> Replica | None:
        if other_than is None:  # a second attempt is nobody's turn
            self._turn = (self._turn + 1) % len(self.all)
        turn = self._turn
        best: Replica | None = None
        least = 0
        for each in self.all[turn:] + self.all[:turn]:
            load = each.outstanding + each.streams
            if (best is None or load < least) and each is not other_than and each.admits():
                best, least = each, load
        if best is None and other_than is not None and other_than.admits():
            return other_than
        return best
