"""The laws of composition, on a few dozen graphs that are the same in each run."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.router.compose.properties import laws

SEEDS = st.integers(0, 1_000_000)
few = settings(max_examples=15, derandomize=True, deadline=None, database=None)


@few
@given(SEEDS)
def test_order_does_not_matter(seed: int) -> None:
    laws.order_does_not_matter(seed)


@few
@given(SEEDS)
def test_printing_and_reading_is_the_identity(seed: int) -> None:
    laws.printing_and_reading_is_the_identity(seed)


@few
@given(SEEDS)
def test_a_split_tree_composes(seed: int) -> None:
    laws.a_split_tree_composes(seed)


@few
@given(SEEDS)
def test_a_cut_tree_does_not_compose(seed: int) -> None:
    laws.a_cut_tree_does_not(seed)
