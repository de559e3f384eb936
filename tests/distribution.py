"""How tests are given to the processes that run them (`pytest -n auto --dist loadgroup`)."""

from xdist.scheduler import LoadGroupScheduling
from xdist.workermanage import WorkerController


class FileScheduling(LoadGroupScheduling):
    """A process is given a whole group at a time, or a whole file of what has no group; groups begin first.

    pytest-xdist would give away what has no group test by test: whatever the tests of a file share would be made in
    every process, and after each test all that was ever given away would be counted again.
    """

    def _split_scope(self, nodeid: str) -> str:
        scope = super()._split_scope(nodeid)
        return scope.partition("::")[0] if scope == nodeid else scope

    def _assign_work_unit(self, node: WorkerController) -> None:
        group = next((scope for scope in self.workqueue if not scope.endswith(".py")), None)
        if group is not None:
            self.workqueue.move_to_end(group, last=False)
        super()._assign_work_unit(node)
