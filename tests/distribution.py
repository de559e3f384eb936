"""How tests are given to the processes that run them (`pytest -n auto --dist loadgroup`)."""

from typing import Final

from xdist.scheduler import LoadGroupScheduling
from xdist.workermanage import WorkerController

LONG: Final = (
    "tests/studium/",
    "tests/shared/tenancy/",
    "tests/architecture/",
    "tests/conformance/",
    "tests/fuzz/",
    "tests/router/serve/streams/",
    "tests/shared/",
)
"""Where few tests take long, as they start servers or draw much: pytest-xdist begins with files that have most tests,
so that such a file would come last, and one process would wait for the other one."""


class FileScheduling(LoadGroupScheduling):
    """A process is given a whole group at a time, or a whole file of what has no group; what takes long begins.

    pytest-xdist would give away what has no group test by test: whatever the tests of a file share would be made in
    every process, and after each test all that was ever given away would be counted again.
    """

    def _split_scope(self, nodeid: str) -> str:
        scope = super()._split_scope(nodeid)
        return scope.partition("::")[0] if scope == nodeid else scope

    def _assign_work_unit(self, node: WorkerController) -> None:
        self.workqueue.move_to_end(min(self.workqueue, key=_rank), last=False)  # the first of equals
        super()._assign_work_unit(node)


def _rank(scope: str) -> int:
    if not scope.endswith(".py"):
        return -1
    return next((place for place, folder in enumerate(LONG) if scope.startswith(folder)), len(LONG))
