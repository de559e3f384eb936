"""A breaker opens when failures say so, lets a few requests on trial, and closes when these are answered."""

import pytest

from router.execute.transport.traffic.breaker import Breaker, State
from router.execute.transport.traffic.settings import Breaking

SETTINGS = Breaking(failures=5, share=0.5, least_requests=20, window_seconds=5, open_seconds=1, trials=2)


@pytest.fixture
def breaker() -> Breaker:
    return Breaker(SETTINGS)


def opened(breaker: Breaker) -> Breaker:
    for _ in range(SETTINGS.failures):
        breaker.fail(0, 0)
    assert breaker.state is State.OPEN
    return breaker


class TestOpening:
    def test_failures_in_a_row_open_it(self, breaker: Breaker) -> None:
        for _ in range(SETTINGS.failures - 1):
            breaker.fail(0, 0)
        assert breaker.admits(1_000)
        breaker.fail(0, 0)
        assert breaker.state is State.OPEN
        assert not breaker.admits(0)

    def test_an_answer_between_begins_a_new_row(self, breaker: Breaker) -> None:
        for _ in range(3):
            for _ in range(SETTINGS.failures - 1):
                breaker.fail(0, 0)
            breaker.succeed(0, 0)
        assert breaker.state is State.CLOSED

    def test_a_share_of_many_requests_opens_it(self, breaker: Breaker) -> None:
        for _ in range(SETTINGS.least_requests // 2):
            assert breaker.state is State.CLOSED
            breaker.succeed(0, 0)
            breaker.fail(0, 0)
        assert breaker.state is State.OPEN

    def test_failures_of_long_ago_do_not_count(self, breaker: Breaker) -> None:
        for second in range(100):
            breaker.succeed(second, second)
            breaker.fail(second, second)
        assert breaker.state is State.CLOSED

    def test_it_says_that_it_opens(self, breaker: Breaker) -> None:
        seen: list[State] = []
        breaker.on_open = lambda: seen.append(breaker.state)
        opened(breaker)
        breaker.fail(0, 0)
        assert seen == [State.OPEN]
        assert breaker.opened == 1


class TestTrial:
    def test_a_few_requests_pass_at_a_time(self, breaker: Breaker) -> None:
        opened(breaker).try_again(0)
        assert breaker.state is State.HALF_OPEN
        assert breaker.admits(SETTINGS.trials - 1)
        assert not breaker.admits(SETTINGS.trials)

    def test_answers_close_it(self, breaker: Breaker) -> None:
        opened(breaker).try_again(0)
        breaker.succeed(1, 1)
        assert breaker.state is State.HALF_OPEN
        breaker.succeed(1, 1)
        assert breaker.state is State.CLOSED
        breaker.fail(1, 1)
        assert breaker.state is State.CLOSED

    def test_one_failure_opens_it_for_longer(self, breaker: Breaker) -> None:
        assert opened(breaker).pause == 1
        breaker.try_again(0)
        breaker.fail(1, 1)
        assert breaker.state is State.OPEN
        assert breaker.pause == 2
        assert breaker.opened == 2

    def test_pauses_do_not_grow_for_ever(self, breaker: Breaker) -> None:
        opened(breaker)
        for _ in range(100):
            breaker.wait_longer()
        assert breaker.pause == SETTINGS.longest_open_seconds

    def test_answers_to_what_was_sent_before_it_opened_do_not_close_it(self, breaker: Breaker) -> None:
        opened(breaker)
        for _ in range(100):
            breaker.succeed(1, 1)
        assert breaker.state is State.OPEN

    def test_what_was_sent_before_it_was_tried_again_says_nothing(self, breaker: Breaker) -> None:
        opened(breaker).try_again(10)
        breaker.fail(9, 11)
        for _ in range(SETTINGS.trials):
            breaker.succeed(9, 11)
        assert breaker.state is State.HALF_OPEN
        for _ in range(SETTINGS.trials):
            breaker.succeed(10, 11)
        assert breaker.state is State.CLOSED
        for _ in range(100):
            breaker.fail(10, 12)
        assert breaker.state is State.CLOSED

    def test_nothing_is_on_trial_that_is_well(self, breaker: Breaker) -> None:
        breaker.try_again(0)
        assert breaker.state is State.CLOSED
