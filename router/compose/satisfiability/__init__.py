"""Prove that every query against a supergraph can be answered by its subgraphs.

Each of them may resolve a part of a type only, and reaching another takes a key that it knows. The walk follows every
path a client can query and keeps, for each, all the places where a subgraph could have the value; a field that can be
had from none of them cannot be planned, whatever the planner.
"""

from router.compose.merge.context import Merge
from router.compose.rules.inaccessible import Visible
from router.compose.satisfiability.budget import Budget, BudgetExceeded
from router.compose.satisfiability.walk import Walk
from router.federation.errors import CompositionError, ErrorCode

STEPS = 1_000_000


def check(merge: Merge, *, steps: int = STEPS) -> None:
    """Add to a merge's errors the queries that cannot be answered.

    Args:
        merge: a merge without errors.
        steps: the work it may cost; when that is spent, the error says so.

    """
    walk = Walk(merge, Visible(merge.supergraph, lambda _: ()), Budget(steps))
    try:
        walk.run()
    except (BudgetExceeded, RecursionError):
        message = f"The queries are too many to be proven answerable: gave up after {steps} steps."
        merge.errors.append(CompositionError(ErrorCode.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED, message))
        return
    merge.errors.extend(dict.fromkeys(walk.errors))
    merge.hints.extend(dict.fromkeys(walk.hints))
