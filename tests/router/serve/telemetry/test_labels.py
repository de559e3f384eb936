"""However many tenants, clients or codes there are, metrics have a bounded number of labels."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from router.serve.telemetry.labels import NONE, OTHER, BoundedLabels


class TestBoundedLabels:
    def test_the_first_values_have_labels_of_their_own(self) -> None:
        labels = BoundedLabels(2)
        assert [labels.of(each) for each in ("a", "b", "a", "c", None)] == ["a", "b", "a", OTHER, NONE]

    @given(st.lists(st.text(max_size=3), max_size=200), st.integers(1, 5))
    @settings(deadline=None)
    def test_there_are_never_more_than_so_many_whatever_comes(self, values: list[str], most: int) -> None:
        labels = BoundedLabels(most)
        seen = {labels.of(each) for each in values}
        assert len(seen - {OTHER}) <= most
        assert labels.known <= 5 * most

    def test_a_value_that_comes_most_often_takes_over_a_label(self) -> None:
        gone: list[str] = []
        labels = BoundedLabels(2, gone.append)
        for value in ("early", "steady"):
            labels.of(value)
        for number in range(30_000):
            labels.of(("steady", "late", f"once {number}")[number % 3])
        assert labels.of("late") == "late"
        assert labels.of("steady") == "steady"
        assert labels.of("early") == OTHER
        assert gone == ["early"]

    def test_nothing_that_was_counted_moves_to_another_label(self) -> None:
        counts: Counter[str] = Counter()
        labels = BoundedLabels(3, lambda label: counts.pop(label, None))
        before: Counter[str] = Counter()
        for number in range(60_000):
            counts[labels.of(f"tenant {(number // 20_000) * 2 + number % 2}")] += 1
            if number % 1_000 == 0:
                assert all(counts[label] >= count for label, count in before.items() if label in counts)
                before = counts.copy()
        assert len(counts) <= 4

    def test_a_value_that_is_too_long_has_none_of_its_own(self) -> None:
        assert BoundedLabels(5).of("x" * 1_000) == OTHER

    def test_nobody_can_pass_for_all_others(self) -> None:
        labels = BoundedLabels(1)
        assert labels.of(OTHER) == OTHER
        assert labels.of("a") == "a"
