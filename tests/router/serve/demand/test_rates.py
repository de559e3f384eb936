"""Rates are taken from before work and settled afterwards, by whoever is known to ask."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from router.serve import Refused, RequestContext
from router.serve.access.identity import Identity
from router.serve.demand.config import Per, Rate, Unit
from router.serve.demand.counters import LocalCounters
from router.serve.demand.rates import Rates, Share, key_of, network_of, rate_headers

ADA = RequestContext(identity=Identity("ada", "acme", "web"), address="192.0.2.1")
BOB = RequestContext(identity=Identity("bob", "acme", "mobile"), address="192.0.2.2")
EVE = RequestContext(identity=Identity("ada", "evil", "web"), address="192.0.2.3")
ANYBODY = RequestContext()

REQUESTS = Rate("requests", 3, 60)
COST = Rate("cost", 100, 60, Unit.COST)


@dataclass
class Shop:
    """Rates with a clock of their own."""

    rates: Sequence[Rate]
    now: float = 1_000_000.0
    taking: Rates = field(init=False)

    def __post_init__(self) -> None:
        self.taking = Rates(LocalCounters(), lambda _: self.rates, lambda: self.now)

    async def take(self, context: RequestContext, cost: float | None = 1) -> list[Share]:
        return await self.taking.take(context, cost)

    async def left(self, context: RequestContext, cost: float = 0) -> list[int]:
        return [share.remaining for share in await self.take(context, cost)]


class Far(LocalCounters):
    """Counters that are somewhere else, and do not answer while they are gone."""

    is_gone = False

    async def add(self, rate: Rate, window: int, key: str, amount: int) -> int:
        if self.is_gone and amount > 0:
            await asyncio.Event().wait()
        return await super().add(rate, window, key, amount)


class TestTaking:
    async def test_as_many_requests_as_the_quota_pass(self) -> None:
        shop = Shop([REQUESTS])
        assert [await shop.left(ADA) for _ in range(3)] == [[2], [1], [0]]
        with pytest.raises(Refused) as refused:
            await shop.take(ADA)
        assert refused.value.status == 429

    async def test_a_refusal_says_when_the_next_window_begins(self) -> None:
        shop = Shop([REQUESTS], now=1_000_000.5)
        for _ in range(3):
            await shop.take(ADA)
        with pytest.raises(Refused) as refused:
            await shop.take(ADA)
        assert refused.value.headers == {
            "retry-after": "20",
            "ratelimit-policy": '"requests";q=3;w=60;qu="requests"',
            "ratelimit": '"requests";r=0;t=20',
        }
        assert refused.value.errors[0]["extensions"] == {
            "code": "RATE_LIMITED",
            "rate": "requests",
            "resetAt": "1970-01-12T13:47:00Z",
        }
        shop.now += 19.4
        with pytest.raises(Refused, match="No request is left of 3 in 60 seconds"):
            await shop.take(ADA)
        shop.now += 0.1
        assert await shop.left(ADA) == [2]

    async def test_cost_is_taken_in_whole_units(self) -> None:
        shop = Shop([COST])
        assert await shop.left(ADA, 10.2) == [89]

    async def test_what_is_refused_takes_nothing(self) -> None:
        shop = Shop([REQUESTS, COST])
        await shop.take(ADA, 60)
        with pytest.raises(Refused, match="Not enough is left of 100"):
            await shop.take(ADA, 41)
        assert await shop.left(ADA, 40) == [1, 0]

    async def test_what_never_fits_is_refused_without_a_time_to_try_again(self) -> None:
        shop = Shop([COST])
        with pytest.raises(Refused, match="never allows more than 100") as refused:
            await shop.take(ADA, 101)
        assert refused.value.errors[0]["extensions"] == {"code": "COST_ESTIMATED_TOO_EXPENSIVE"}
        assert (refused.value.status, refused.value.headers) == (None, {})

    async def test_a_request_without_a_cost_takes_from_no_rate_by_cost(self) -> None:
        shop = Shop([REQUESTS, COST])
        await shop.take(ADA, None)
        assert await shop.left(ADA) == [1, 100]

    async def test_requests_at_the_same_time_take_no_more_than_there_is(self) -> None:
        shop = Shop([Rate("requests", 10, 60)])
        outcomes = await asyncio.gather(*(shop.take(ADA) for _ in range(50)), return_exceptions=True)
        assert sum(isinstance(each, list) for each in outcomes) == 10


class TestGivingBack:
    async def test_what_was_too_much_is_given_back(self) -> None:
        shop = Shop([REQUESTS, COST])
        shares = await shop.take(ADA, 90)
        shop.taking.give_back(shares, 4.5)
        assert [share.remaining for share in shares] == [2, 95]
        assert await shop.left(ADA, 50) == [1, 45]

    async def test_what_was_too_little_is_taken(self) -> None:
        shop = Shop([COST])
        shop.taking.give_back(await shop.take(ADA, 10), 110)
        with pytest.raises(Refused):
            await shop.take(ADA, 1)

    async def test_what_was_given_back_is_not_lost_with_a_request_that_is_cancelled(self) -> None:
        """It may be others', of the same tenant."""
        counters = Far()
        taking = Rates(counters, lambda _: [COST])
        taking.give_back(await taking.take(ADA, 90), 0)
        counters.is_gone = True
        cancelled = asyncio.create_task(taking.take(ADA, 1))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        counters.is_gone = False
        (share,) = await taking.take(ADA, 1)
        assert share.remaining == COST.quota - 1

    async def test_nothing_is_given_to_the_next_window(self) -> None:
        shop = Shop([COST])
        shares = await shop.take(ADA, 100)
        shop.now += 60
        shop.taking.give_back(shares, 0)
        assert await shop.left(ADA, 1) == [99]


class TestKeys:
    @pytest.mark.parametrize(
        ("per", "keys"),
        [
            (Per.TENANT, ["acme", "acme", "evil", None]),
            (Per.CLIENT, ["acme/web", "acme/mobile", "evil/web", None]),
            (Per.SUBJECT, ["acme/ada", "acme/bob", "evil/ada", None]),
            (Per.ADDRESS, ["192.0.2.1", "192.0.2.2", "192.0.2.3", None]),
            (Per.EVERYBODY, ["everybody"] * 4),
        ],
    )
    def test_who_shares_a_rate(self, per: Per, keys: list[str | None]) -> None:
        assert [key_of(per, each) for each in (ADA, BOB, EVE, ANYBODY)] == keys

    async def test_who_is_not_known_is_not_counted(self) -> None:
        shop = Shop([Rate("tenants", 1, 60)])
        assert [await shop.left(ANYBODY) for _ in range(3)] == [[], [], []]

    @pytest.mark.parametrize(
        ("address", "key"),
        [
            ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
            ("2001:db8:0:1:ffff::2", "2001:db8:0:1::/64"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("a socket", "a socket"),
        ],
    )
    def test_an_address_counts_as_what_one_client_has(self, address: str, key: str) -> None:
        assert network_of(address) == key


class TestExhausted:
    async def test_who_has_no_request_left_is_refused_before_any_work(self) -> None:
        shop = Shop([REQUESTS])
        shop.taking.check(ADA)
        for _ in range(3):
            await shop.take(ADA)
        shop.taking.check(ADA)
        with pytest.raises(Refused):
            await shop.take(ADA)
        with pytest.raises(Refused) as refused:
            shop.taking.check(ADA)
        assert refused.value.headers["retry-after"] == "20"
        shop.taking.check(EVE)
        shop.now += 20
        shop.taking.check(ADA)
        assert await shop.left(ADA) == [2]

    async def test_nobody_is_refused_for_what_was_given_back(self) -> None:
        shop = Shop([Rate("one", 1, 60)])
        shares = await shop.take(ADA)
        with pytest.raises(Refused):
            await shop.take(ADA)
        shop.taking.cancel(shares)
        shop.taking.check(ADA)
        assert await shop.left(ADA) == [0]


def test_headers_tell_every_rate() -> None:
    shares = [Share(REQUESTS, "acme", 10, 1, 2), Share(COST, "acme", 10, 5, 300)]
    assert rate_headers(shares, 659.0) == {
        "ratelimit-policy": '"requests";q=3;w=60;qu="requests", "cost";q=100;w=60;qu="cost"',
        "ratelimit": '"requests";r=1;t=1, "cost";r=0;t=1',
    }
    assert rate_headers([], 0) == {}


@pytest.mark.parametrize(
    ("name", "quota", "seconds"), [('"', 1, 1), ("a\n", 1, 1), ("ä", 1, 1), ("a", 0, 1), ("a", 1, 0)]
)
def test_a_rate_that_makes_no_sense_is_refused(name: str, quota: int, seconds: int) -> None:
    with pytest.raises(ValueError, match="rate"):
        Rate(name, quota, seconds)
