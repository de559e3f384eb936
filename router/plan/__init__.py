"""Planning: which requests to which subgraphs answer an operation."""

from router.plan.errors import PlanningError
from router.plan.nodes import QueryPlan
from router.plan.normalize.defer import defer_variables
from router.plan.planner import Planner
from router.plan.rollout import NO_ROLLOUT, Labels, Rollout

__all__ = ["NO_ROLLOUT", "Labels", "Planner", "PlanningError", "QueryPlan", "Rollout", "defer_variables"]
