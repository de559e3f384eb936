"""A registered tenant is made and opened, whatever happens on the way."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from shared.caller import TenantId, service_caller
from shared.database import Sessions, TenantSession
from shared.errors import TenantNotFound
from shared.idempotency import Attempt, IdempotencyKeyReused
from shared.ids import uuid7
from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.onboarding import Onboarding
from shared.tenancy.provision import Provisioner
from shared.tenancy.registry import Plan, Registry, SignUp, SlugTaken, TenantStatus, sign_ups, tenants
from tests.patience import PATIENCE_SECONDS
from tests.tenants import Control

ATTEMPT = Attempt("signUpTenant", None, {})


class Owners:
    """Opens owners' accounts, or fails to."""

    def __init__(self) -> None:
        self.installed: list[str] = []
        self.failing: set[str] = set()

    async def install(self, session: TenantSession, sign_up: SignUp) -> None:
        """Note the owner, in a session of the tenant that is being made."""
        assert session.caller.tenant_id == sign_up.tenant_id
        await session.execute(sa.select(sa.func.now()))
        if sign_up.slug in self.failing:
            raise ZeroDivisionError
        self.installed.append(sign_up.owner_email)


def sign_up(slug: str | None = None) -> SignUp:
    """Somebody's sign-up."""
    tenant_id = TenantId(uuid7())
    slug = slug or f"new-{tenant_id.hex[-12:]}"
    return SignUp(tenant_id, slug, "New", uuid7(), f"{slug}@example.org", "Ada", sealed_password_hash="sealed")


@pytest.fixture
async def registry(control: Control) -> AsyncGenerator[Registry]:
    """The registry as the auth subgraph has it."""
    opened = Registry.create(control.login_url("auth"))
    yield opened
    await opened.aclose()


@pytest.fixture
def owners() -> Owners:
    """Who was given an account."""
    return Owners()


@pytest.fixture
async def onboarding(control: Control, owners: Owners) -> AsyncGenerator[Onboarding]:
    """The worker's part."""
    auth = Sessions.create(control.login_url("auth"), subgraph="auth", pool_size=2)
    async with control.admin() as admin:
        yield Onboarding(Provisioner(admin, control.migrations), auth, owners.install)
    await auth.aclose()


class TestOnboarding:
    async def test_makes_and_opens_a_tenant(self, registry: Registry, onboarding: Onboarding, owners: Owners) -> None:
        new = sign_up()
        await registry.register(new, plan=Plan.FREE, attempt=ATTEMPT)
        registered = await registry.by_slug(new.slug)
        assert registered
        assert registered.status is TenantStatus.PROVISIONING
        await onboarding.sweep()
        made = await registry.by_id(new.tenant_id)
        assert made
        assert made.status is TenantStatus.ACTIVE
        assert new.owner_email in owners.installed

    async def test_forgets_the_sign_up(self, control: Control, registry: Registry, onboarding: Onboarding) -> None:
        new = sign_up()
        await registry.register(new, plan=Plan.FREE, attempt=ATTEMPT)
        await onboarding.sweep()
        async with control.admin() as admin, admin.engine(CONTROL_DATABASE).connect() as connection:
            left = sa.select(sa.func.count()).select_from(sign_ups).where(sign_ups.c.tenant_id == new.tenant_id)
            assert await connection.scalar(left) == 0

    async def test_wakes_when_somebody_signs_up(self, registry: Registry, onboarding: Onboarding) -> None:
        running = asyncio.create_task(onboarding.run())
        await asyncio.sleep(0.2)
        new = sign_up()
        await registry.register(new, plan=Plan.FREE, attempt=ATTEMPT)
        made = await registry.wait_until_active(new.slug, seconds=PATIENCE_SECONDS)
        assert made
        assert made.status is TenantStatus.ACTIVE
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    async def test_one_that_fails_does_not_hold_up_the_others(
        self, registry: Registry, onboarding: Onboarding, owners: Owners
    ) -> None:
        broken, sound = sign_up(), sign_up()
        owners.failing.add(broken.slug)
        for one in (broken, sound):
            await registry.register(one, plan=Plan.FREE, attempt=ATTEMPT)
        await onboarding.sweep()
        assert [one.status for one in [await registry.by_slug(x.slug) for x in (broken, sound)] if one] == [
            TenantStatus.PROVISIONING,
            TenantStatus.ACTIVE,
        ]
        owners.failing.clear()
        await onboarding.sweep()
        mended = await registry.by_slug(broken.slug)
        assert mended
        assert mended.status is TenantStatus.ACTIVE

    async def test_two_workers_make_a_tenant_once(
        self, registry: Registry, onboarding: Onboarding, owners: Owners
    ) -> None:
        new = [sign_up() for _ in range(3)]
        for one in new:
            await registry.register(one, plan=Plan.FREE, attempt=ATTEMPT)
        await asyncio.gather(onboarding.sweep(), onboarding.sweep())
        assert [owners.installed.count(one.owner_email) for one in new] == [1, 1, 1]

    async def test_a_killed_worker_leaves_work_the_next_one_finishes(
        self, registry: Registry, onboarding: Onboarding
    ) -> None:
        new = sign_up()
        await registry.register(new, plan=Plan.FREE, attempt=ATTEMPT)
        killed = asyncio.create_task(onboarding.sweep())
        await asyncio.sleep(0.05)
        killed.cancel()
        with pytest.raises(asyncio.CancelledError):
            await killed
        await onboarding.sweep()
        made = await registry.by_slug(new.slug)
        assert made
        assert made.status is TenantStatus.ACTIVE


class TestRegistry:
    async def test_a_slug_is_given_once(self, registry: Registry) -> None:
        first = sign_up()
        await registry.register(first, plan=Plan.FREE, attempt=ATTEMPT)
        with pytest.raises(SlugTaken):
            await registry.register(sign_up(first.slug), plan=Plan.FREE, attempt=ATTEMPT)

    async def test_knows_the_attempt_that_registered(self, registry: Registry) -> None:
        new, key = sign_up(), str(uuid7())
        attempt = Attempt("signUpTenant", key, {"slug": new.slug})
        await registry.register(new, plan=Plan.FREE, attempt=attempt)
        await registry.register(sign_up(new.slug), plan=Plan.FREE, attempt=attempt)
        registered = await registry.by_slug(new.slug)
        assert registered
        assert registered.id == new.tenant_id
        with pytest.raises(SlugTaken):
            await registry.register(
                sign_up(new.slug), plan=Plan.FREE, attempt=Attempt("signUpTenant", str(uuid7()), attempt.input)
            )

    @pytest.mark.parametrize("same_slug", [True, False])
    async def test_a_key_registers_one_tenant(self, registry: Registry, *, same_slug: bool) -> None:
        first, key = sign_up(), str(uuid7())
        other = sign_up(first.slug if same_slug else None)
        await registry.register(first, plan=Plan.FREE, attempt=Attempt("signUpTenant", key, {"name": "New"}))
        with pytest.raises(IdempotencyKeyReused):
            await registry.register(other, plan=Plan.FREE, attempt=Attempt("signUpTenant", key, {"name": "Other"}))

    @pytest.mark.parametrize("slug", ["", "a\0b", "a" * 300])
    async def test_nobody_has_a_slug_that_cannot_be_kept(self, registry: Registry, slug: str) -> None:
        assert await registry.by_slug(slug) is None

    async def test_waiting_ends_with_the_time(self, registry: Registry) -> None:
        new = sign_up()
        await registry.register(new, plan=Plan.FREE, attempt=ATTEMPT)
        waited = await registry.wait_until_active(new.slug, seconds=0.1)
        assert waited
        assert waited.status is TenantStatus.PROVISIONING

    async def test_a_registered_tenant_is_not_yet_there(self, control: Control, registry: Registry) -> None:
        new = sign_up()
        await registry.register(new, plan=Plan.FREE, attempt=ATTEMPT)
        auth = Sessions.create(control.login_url("auth"), subgraph="auth", pool_size=1)
        with pytest.raises(TenantNotFound):
            async with auth.read(service_caller(new.tenant_id, "test")) as session:
                await session.execute(sa.select(sa.func.now()))
        await auth.aclose()

    @pytest.mark.parametrize(
        "statement",
        [
            lambda: sa.select(sign_ups.c.sealed_password_hash),
            lambda: sa.select(tenants.c.name),
            lambda: sa.update(tenants).values(status="ACTIVE"),
            lambda: sa.delete(tenants),
        ],
        ids=["read a password", "read the table", "open a tenant", "delete a tenant"],
    )
    async def test_subgraphs_read_the_directory_alone(
        self, control: Control, statement: Callable[[], sa.Executable]
    ) -> None:
        for subgraph in ("auth", "users"):
            reader = Registry.create(control.login_url(subgraph))
            await reader.active()
            with pytest.raises(DBAPIError, match="permission denied"):
                async with reader._engine.connect() as connection:  # pyright: ignore[reportPrivateUsage] - past the port
                    await connection.execute(statement())
            await reader.aclose()
