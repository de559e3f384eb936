"""Planning: which requests to which subgraphs answer an operation."""

from router.plan.errors import PlanningError
from router.plan.nodes import QueryPlan
from router.plan.planner import Planner

__all__ = ["Planner", "PlanningError", "QueryPlan"]
