"""What is done to a fetch graph once it is built, a pass a file."""

from collections.abc import Callable
from typing import TypeAlias

from router.plan.fetch_graph import FetchGraph
from router.plan.passes.await_contexts import await_contexts
from router.plan.passes.await_types import await_types
from router.plan.passes.drop_implied_waits import drop_implied_waits
from router.plan.passes.fold_types import fold_types
from router.plan.passes.merge_alike import merge_alike
from router.plan.passes.select_once import select_once
from router.plan.passes.separate_conflicts import separate_conflicts
from router.plan.passes.separate_types import separate_types
from router.plan.passes.travel_together import travel_together
from router.plan.positions import Positions

Pass: TypeAlias = Callable[[FetchGraph, Positions], None]

PASSES: tuple[Pass, ...] = (
    separate_types,
    fold_types,
    select_once,
    separate_conflicts,
    await_contexts,
    await_types,
    travel_together,
    merge_alike,
    drop_implied_waits,
)
"""In this order: what looks alike is known once keys are settled, and what is implied once steps are merged.
Which requests come together depends on what they wait for, contexts among it."""
