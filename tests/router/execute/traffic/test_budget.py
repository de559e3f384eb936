"""Extra requests stay within their share of the requests asked for, whenever they come."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from router.execute.transport.traffic.budget import Budget
from router.execute.transport.traffic.settings import ExtraLoad
from router.execute.transport.traffic.window import Window

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0, 5, allow_nan=False)),
        st.tuples(st.just("request"), st.integers(1, 60)),
        st.tuples(st.just("spend"), st.integers(1, 20)),
    ),
    max_size=60,
)


def drive(budget: Budget, steps: Sequence[tuple[str, float]]) -> tuple[list[float], list[float]]:
    """When requests were asked for, and when extra ones were granted."""
    now = 0.0
    requests: list[float] = []
    extra: list[float] = []
    for what, amount in steps:
        if what == "wait":
            now += amount
            continue
        for _ in range(int(amount)):
            if what == "request":
                budget.request(now)
                requests.append(now)
            elif budget.spend(now):
                extra.append(now)
    return requests, extra


class TestBudget:
    @given(STEPS)
    def test_in_all_no_more_than_their_share_is_added(self, steps: Sequence[tuple[str, float]]) -> None:
        requests, extra = drive(Budget(ExtraLoad(share=0.1, floor=0, window_seconds=10)), steps)
        assert len(extra) <= 0.1 * len(requests)

    @given(STEPS)
    def test_none_is_due_to_requests_that_are_long_gone(self, steps: Sequence[tuple[str, float]]) -> None:
        requests, extra = drive(Budget(ExtraLoad(share=0.1, floor=0, window_seconds=10)), steps)
        for moment in extra:
            recent = sum(moment - 10 <= each <= moment for each in requests)
            granted = sum(moment - 9 < each <= moment for each in extra)
            assert granted <= 0.1 * recent

    @given(STEPS)
    def test_the_floor_holds_in_every_window_where_next_to_nothing_is_asked_for(
        self, steps: Sequence[tuple[str, float]]
    ) -> None:
        _, extra = drive(Budget(ExtraLoad(share=0, floor=2, window_seconds=10)), steps)
        for moment in extra:
            assert sum(moment - 9 < each <= moment for each in extra) <= 2

    def test_a_rare_request_may_be_sent_again(self) -> None:
        budget = Budget(ExtraLoad())
        budget.request(0)
        assert budget.spend(0)
        assert not budget.spend(1)
        assert budget.spend(20)


class TestWindow:
    def test_what_happened_long_ago_is_forgotten_bit_by_bit(self) -> None:
        window = Window(10)
        for second in range(5):
            window.add_first(second)
            window.add_second(second)
            window.add_second(second)
        assert window.totals(9) == (5, 10)
        assert window.totals(11) == (3, 6)
        assert window.totals(100) == (0, 0)
        window.add_first(101)
        assert window.totals(101) == (1, 0)
