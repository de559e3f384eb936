"""What is remembered of tenants is renewed before anybody has to wait for it, and forgotten for good."""

import asyncio
from collections.abc import Callable

import pytest

from router.serve.errors import Refused
from router.serve.request import ANYBODY, RequestContext
from router.serve.variants import lookup
from router.serve.variants.lookup import UNAVAILABLE, PolicyLookup
from router.serve.variants.policy import TenantPolicy

OLD, NEW = TenantPolicy(names=("old",)), TenantPolicy(names=("new",))


class Registry:
    """Answers when it is let, with what was so when it was asked."""

    def __init__(self) -> None:
        self.policy: TenantPolicy | None = OLD
        self.asked = 0
        self.away = False
        self.open = asyncio.Event()
        self.open.set()

    async def policy_of(self, tenant: str | None, context: RequestContext) -> TenantPolicy | None:
        self.asked += 1
        told = self.policy
        await self.open.wait()
        if self.away:
            raise OSError("The registry is away.")
        return told


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def known(registry: Registry) -> PolicyLookup:
    """Remembers for ten seconds."""
    return PolicyLookup(registry.policy_of, keep_seconds=10, stale_seconds=0, entries=10)


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets seconds pass."""
    now = [0.0]
    monkeypatch.setattr(lookup, "monotonic", lambda: now[0])

    def passed(seconds: float) -> None:
        now[0] += seconds

    return passed


async def others_had_their_turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class TestRenewing:
    async def test_a_busy_tenant_never_waits(
        self, registry: Registry, known: PolicyLookup, pass_time: Callable[[float], None]
    ) -> None:
        assert await known.policy("a", ANYBODY) == OLD
        registry.policy = NEW
        registry.open.clear()
        pass_time(6)
        for _ in range(3):
            assert await known.policy("a", ANYBODY) == OLD
            await others_had_their_turn()
        assert registry.asked == 2
        registry.open.set()
        await others_had_their_turn()
        assert await known.policy("a", ANYBODY) == NEW
        assert registry.asked == 2

    async def test_what_cannot_be_renewed_serves_to_its_end(
        self, registry: Registry, known: PolicyLookup, pass_time: Callable[[float], None]
    ) -> None:
        await known.policy("a", ANYBODY)
        registry.away = True
        for _ in range(4):
            pass_time(2)
            assert await known.policy("a", ANYBODY) == OLD
            await others_had_their_turn()
        pass_time(10)
        with pytest.raises(Refused) as refused:
            await known.policy("a", ANYBODY)
        assert refused.value.errors[0]["extensions"]["code"] == UNAVAILABLE


class TestForgetting:
    async def test_what_was_asked_for_before_is_not_kept(self, registry: Registry, known: PolicyLookup) -> None:
        registry.open.clear()
        before = asyncio.create_task(known.policy("a", ANYBODY))
        await others_had_their_turn()
        registry.policy = NEW
        known.forget("a")
        after = asyncio.create_task(known.policy("a", ANYBODY))
        await others_had_their_turn()
        registry.open.set()
        assert (await before, await after) == (OLD, NEW)
        assert await known.policy("a", ANYBODY) == NEW
