"""Pauses between attempts grow, are spread out, and are never shorter than the server wishes."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.execute.transport.traffic.latency import Latency
from router.execute.transport.traffic.pauses import Pauses, retry_after
from router.execute.transport.traffic.settings import Retries

SETTINGS = Retries(first_seconds=0.1, longest_seconds=1)


class TestPauses:
    @given(st.randoms(use_true_random=False), st.integers(2, 50))
    def test_they_are_bounded_by_a_bound_that_doubles(self, random: Random, attempt: int) -> None:
        pause = Pauses(SETTINGS, random).before(attempt, None)
        assert 0 <= pause <= min(0.1 * 2 ** (attempt - 2), 1)

    def test_they_are_spread_over_all_of_it(self) -> None:
        pauses = Pauses(SETTINGS, Random(1))
        seen = [pauses.before(2, None) for _ in range(200)]
        assert min(seen) < 0.01
        assert max(seen) > 0.09

    @given(st.floats(0, 100))
    def test_a_servers_wish_counts(self, wish: float) -> None:
        assert wish <= Pauses(SETTINGS).before(2, wish) <= wish + 0.1


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            (b"3", 3),
            (b"Sun, 06 Nov 1994 08:49:40 GMT", 3),
            (b"Sun, 06 Nov 1994 08:49:30 GMT", 0),
            (b"", None),
            (b"soon", None),
            (b"-1", None),
            ("٣".encode(), None),
            (b"Sun, 06 Nov 1994", None),
            (b"Sun, 06 Nov 99999999999999999999 08:49:40 GMT", None),
        ],
    )
    def test_it_is_read_as_seconds_or_as_a_date(self, value: bytes, seconds: float | None) -> None:
        assert retry_after(value, datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)) == seconds


class TestLatency:
    def test_nothing_is_said_of_a_few_answers(self) -> None:
        latency = Latency(0.95)
        for _ in range(19):
            latency.add(1)
        assert latency.value == float("inf")

    def test_it_is_a_quantile_of_the_last_answers(self) -> None:
        latency = Latency(0.95)
        for _ in range(10):
            for each in range(100):
                latency.add(each / 100)
        assert 0.85 <= latency.value <= 0.99
        for _ in range(200):
            latency.add(7)
        assert latency.value == 7
