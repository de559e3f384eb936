"""Identifiers that sort by the time they were made."""

import time

from shared.ids import uuid7


class TestUuid7:
    def test_is_of_version_7(self) -> None:
        made = uuid7()
        assert made.version == 7
        assert made.variant == "specified in RFC 4122"

    def test_says_when_it_was_made(self) -> None:
        before = time.time_ns() // 1_000_000
        made = uuid7().int >> 80
        assert before <= made <= time.time_ns() // 1_000_000 + 1

    def test_each_is_greater_than_the_one_before(self) -> None:
        made = [uuid7() for _ in range(10_000)]
        assert made == sorted(made)
        assert len(set(made)) == len(made)
