"""The laws of composition, on thousands of graphs, others in each run: `make fuzz`."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.router.compose.properties import laws

LAWS = (
    laws.order_does_not_matter,
    laws.printing_and_reading_is_the_identity,
    laws.a_split_tree_composes,
    laws.a_cut_tree_does_not,
)


@pytest.mark.parametrize("law", LAWS)
@settings(max_examples=1_500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**9))
def test_the_law_holds(law: Callable[[int], None], seed: int) -> None:
    law(seed)
