"""Prove that every query against a supergraph can be answered by its subgraphs.

Each of them may resolve a part of a type only, and reaching another takes a key that it knows. The walk follows every
path a client can query and keeps, for each, all the places where a subgraph could have the value; a field that can be
had from none of them cannot be planned, whatever the planner.
"""

from router.compose.limits import DEFAULT, Limits
from router.compose.merge.context import Merge
from router.compose.rules.inaccessible import Visible
from router.compose.satisfiability.budget import Budget, BudgetExceeded
from router.compose.satisfiability.walk import Walk
from router.federation.errors import CompositionError, ErrorCode


def check(merge: Merge, limits: Limits = DEFAULT) -> int:
    """Add to a merge's errors the queries that cannot be answered, and give how many more there are.

    Args:
        merge: a merge without errors.
        limits: say how much work it may cost (when that is spent, the error says so), and how many errors are told.

    """
    walk = Walk(merge, Visible(merge.supergraph, lambda _: ()), Budget(limits.steps), limits.errors)
    try:
        walk.run()
    except BudgetExceeded:
        message = f"The queries are too many to be proven answerable: gave up after {limits.steps:,} steps."
        merge.errors.append(CompositionError(ErrorCode.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED, message))
        return 0
    merge.errors.extend(dict.fromkeys(walk.errors))
    merge.hints.extend(dict.fromkeys(walk.hints))
    return walk.untold
