"""The worker as a process: it makes tenants and moves events, and may be killed at any moment."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
import sqlalchemy as sa
from redis.asyncio import Redis

from shared.caller import TenantId
from shared.data_keys import DataKeys
from shared.database import Sessions, unit_of_work
from shared.events import record
from shared.idempotency import Attempt, idempotency_table
from shared.ids import uuid7
from shared.roles import Role
from shared.tenancy.names import CONTROL_DATABASE, PLACEHOLDER_SCHEMA
from shared.tenancy.registry import Plan, Registry, SignUp, TenantStatus, tenants
from shared.tokens import generate_signing_key
from studium.master_key import MasterKeySettings, create_master_key
from studium.probing import answers
from studium.settings import StudiumSettings
from subgraphs.analytics.models import Statement
from subgraphs.courses.events import Enrolled
from subgraphs.notifications.models import Notification
from subgraphs.users.models import ImportJob, User, UserStatus
from subgraphs.users.service.rosters import ROWS_A_STEP, RosterOptions, submit
from subgraphs.users.store.people import UserStore
from tests.patience import PATIENCE_SECONDS
from tests.tenants import Control, Tenant

pytestmark = pytest.mark.xdist_group("worker")  # they take long, and groups begin before single tests


@dataclass
class WorkerProcess:
    """A worker on the test servers."""

    control: Control
    port: int
    data: Path
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    async def start(self) -> None:
        servers = self.control.servers
        environment = {
            **os.environ,
            "STUDIUM_DATABASE_URL": servers.database,
            "STUDIUM_REDIS_URL": servers.redis,
            "STUDIUM_MONGO_URL": servers.mongo,
            "STUDIUM_SECRET": self.control.secret.get_secret_value(),
            "STUDIUM_SIGNING_KEY": generate_signing_key().get_secret_value(),
            "STUDIUM_DATA": str(self.data),
            "STUDIUM_WORKER_PORT": str(self.port),
        }
        self._process = await asyncio.create_subprocess_exec(sys.executable, "-m", "studium", "worker", env=environment)

    async def ready(self) -> None:
        await eventually(self._is_ready)

    async def _is_ready(self) -> bool:
        with suppress(OSError):
            await answers(self.port, "/health")()
            return True
        return False

    async def end(self, number: signal.Signals) -> int:
        """Signal the process, if it was started; returns its status."""
        if self._process is None:
            return 0
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
        return await asyncio.wait_for(self._process.wait(), PATIENCE_SECONDS)


async def eventually(condition: Callable[[], Awaitable[bool]], *, within: float = PATIENCE_SECONDS) -> None:
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.05)


@pytest.fixture
async def idle(control: Control, tenant: Tenant, tmp_path: Path, unused_tcp_port: int) -> AsyncGenerator[WorkerProcess]:
    """A worker that is yet to be started.

    It is gone before the tenant is emptied, and finds Redis empty: what is under way for a tenant must not arrive in it
    when it is another test's.
    """
    assert tenant
    process = WorkerProcess(control, unused_tcp_port, tmp_path)
    redis: Any = cast("Any", Redis).from_url(control.servers.redis)
    await redis.flushall()
    await redis.aclose()
    yield process
    await process.end(signal.SIGKILL)


@pytest.fixture
async def worker(idle: WorkerProcess) -> WorkerProcess:
    """A worker that answers."""
    await idle.start()
    await idle.ready()
    return idle


@asynccontextmanager
async def sessions_of(control: Control, subgraph: str) -> AsyncGenerator[Sessions]:
    sessions = Sessions.create(control.login_url(subgraph), subgraph=subgraph, pool_size=2)
    yield sessions
    await sessions.aclose()


@dataclass
class Courses:
    """Enrols people, as the courses subgraph does."""

    sessions: Sessions
    tenant: Tenant
    learner: UUID = field(default_factory=uuid7)

    async def enroll(self, count: int) -> None:
        for _ in range(count):
            async with unit_of_work(self.sessions, self.tenant.caller()) as session:
                enrolled = Enrolled(
                    tenant_id=self.tenant.id,
                    enrollment_id=uuid7(),
                    course_id=uuid7(),
                    course_title="Algebra",
                    user_id=self.learner,
                )
                record(session, enrolled)


@dataclass
class Effects:
    """What the enrolments have led to."""

    control: Control
    tenant: Tenant

    async def settle(self, expected: int) -> None:
        """Wait until each enrolment has had its effects, and assert that none had them twice."""
        async with sessions_of(self.control, "notifications") as told, sessions_of(self.control, "analytics") as stated:

            async def arrived() -> bool:
                found = (
                    await self._count(told, Notification.event_id),
                    await self._count(stated, Statement.enrollment_id),
                )
                assert max(map(max, found)) <= expected
                return found == ((expected, expected), (expected, expected))

            await eventually(arrived)

    async def _count(self, sessions: Sessions, counted: Any) -> tuple[int, int]:
        """How many there are, and how many different ones."""
        async with sessions.read(self.tenant.caller()) as session:
            found = await session.execute(sa.select(sa.func.count(), sa.func.count(sa.distinct(counted))))
        total, different = found.one()
        return total, different


@dataclass
class Roster:
    """One that is imported in three steps; of its people one is here."""

    control: Control
    sessions: Sessions
    tenant: Tenant

    @asynccontextmanager
    async def held_up(self) -> AsyncGenerator[None]:
        """It is imported, but for the length of the block no further than into the third step."""
        here = {"display_name": "Ada", "role": Role.LEARNER, "status": UserStatus.ACTIVE}
        async with unit_of_work(self.sessions, self.tenant.caller()) as session:
            ada = await UserStore(session).add(email="p210@example.org", **here)
            assert ada
        async with unit_of_work(self.sessions, self.tenant.caller()) as session:
            assert await UserStore(session).locked(ada.id)
            await self._submit()
            yield

    async def _submit(self) -> None:
        settings = StudiumSettings.model_validate({"secret": self.control.secret})
        keys = DataKeys(create_master_key(settings, MasterKeySettings()), subgraph="users")
        text = "external_id,email\n" + "".join(f"{row},p{row}@example.org\n" for row in range(220))
        options = RosterOptions("sis", Role.LEARNER, dry_run=False, invite=False)
        async with unit_of_work(self.sessions, self.tenant.caller("users:manage", "users:invite")) as session:
            await submit(session, Attempt("importRoster", key=None, input={}), keys, text, options)

    async def is_in_the_middle(self) -> bool:
        return (await self._job()).done == 2 * ROWS_A_STEP

    async def is_done(self) -> bool:
        return (await self._job()).state == "DONE"

    async def imported(self) -> tuple[int, int, int]:
        """How many people there are, how many rows have added somebody, and how many have changed somebody."""
        job = await self._job()
        async with self.sessions.read(self.tenant.caller()) as session:
            people = await session.scalar(sa.select(sa.func.count()).select_from(User)) or 0
        return people, job.created, job.updated

    async def _job(self) -> ImportJob:
        async with self.sessions.read(self.tenant.caller()) as session:
            return (await session.scalars(sa.select(ImportJob))).one()


@pytest.fixture
async def courses(control: Control, tenant: Tenant) -> AsyncGenerator[Courses]:
    async with sessions_of(control, "courses") as sessions:
        yield Courses(sessions, tenant)


@pytest.fixture
def effects(control: Control, tenant: Tenant) -> Effects:
    return Effects(control, tenant)


@pytest.fixture
async def registry(control: Control) -> AsyncGenerator[Registry]:
    registry = Registry.create(control.login_url("auth"))
    yield registry
    await registry.aclose()


class TestWorker:
    """Each start of a worker takes seconds: what it does beside other things is looked at together with them."""

    async def test_makes_the_tenant_that_has_signed_up_and_forgets_old_idempotency_keys_whichever_tenant_fails(
        self, idle: WorkerProcess, control: Control, registry: Registry, courses: Courses, tenant: Tenant
    ) -> None:
        keys = idempotency_table(sa.MetaData(schema=PLACEHOLDER_SCHEMA))
        now = datetime.now(UTC)
        async with unit_of_work(courses.sessions, tenant.caller()) as session:
            for key, days in (("old", 8), ("new", 6)):
                row = {"user_id": uuid7(), "operation": "enroll", "key": key, "fingerprint": b""}
                await session.execute(sa.insert(keys).values(**row, created_at=now - timedelta(days=days)))

        async def forgotten() -> bool:
            async with courses.sessions.read(tenant.caller()) as session:
                return list(await session.scalars(sa.select(keys.c.key))) == ["new"]

        async with without_schema(control):
            await idle.start()
            await idle.ready()
            new, owner_id = await signed_up(registry)

            async def owner_is_there() -> bool:
                async with people.read(new.caller()) as session:
                    return await session.get(User, owner_id) is not None

            async with sessions_of(control, "users") as people:
                await eventually(owner_is_there)
            await eventually(forgotten)
            await idle.end(signal.SIGKILL)

    async def test_killed_in_the_middle_it_loses_nothing_and_does_nothing_twice(
        self, worker: WorkerProcess, courses: Courses, effects: Effects, control: Control, tenant: Tenant
    ) -> None:
        async with sessions_of(control, "users") as people:
            roster = Roster(control, people, tenant)
            enrolling = asyncio.create_task(courses.enroll(80))
            async with roster.held_up():
                await eventually(roster.is_in_the_middle)
                await worker.end(signal.SIGKILL)
            assert await roster.is_in_the_middle()
            await worker.start()
            await enrolling
            await effects.settle(80)
            await eventually(roster.is_done)
            assert await roster.imported() == (220, 219, 1)

    async def test_goes_on_after_its_connections_are_cut_and_what_redis_held_is_gone_and_ends_when_asked_to(
        self, worker: WorkerProcess, control: Control, courses: Courses, effects: Effects
    ) -> None:
        await courses.enroll(10)
        await cut_connections(control)
        await courses.sessions.aclose()
        await courses.enroll(10)
        await effects.settle(20)
        await worker.ready()
        assert await worker.end(signal.SIGTERM) == 0


async def signed_up(registry: Registry) -> tuple[Tenant, UUID]:
    """A new tenant as soon as it is active, and the id of its owner."""
    tenant_id, owner_id = TenantId(uuid7()), uuid7()
    sign_up = SignUp(
        tenant_id,
        f"new-{tenant_id.hex[-8:]}",
        "New",
        owner_id=owner_id,
        owner_email="ada@example.org",
        owner_name="Ada",
        sealed_password_hash="sealed",
    )
    await registry.register(sign_up, plan=Plan.FREE, attempt=Attempt("signUpTenant", key=None, input={}))
    found = await registry.wait_until_active(sign_up.slug, seconds=PATIENCE_SECONDS)
    assert found is not None
    assert found.status is TenantStatus.ACTIVE
    return Tenant(tenant_id, sign_up.slug), owner_id


@asynccontextmanager
async def without_schema(control: Control) -> AsyncGenerator[None]:
    """The oldest tenant that is served has no tables anywhere."""
    broken = {"id": UUID(int=1), "slug": "broken", "name": "Broken", "plan": "free", "status": TenantStatus.ACTIVE}
    async with control.admin() as admin:
        engine = admin.engine(CONTROL_DATABASE)
        async with engine.begin() as connection:
            await connection.execute(sa.insert(tenants).values(broken))
        try:
            yield
        finally:
            async with engine.begin() as connection:
                await connection.execute(sa.delete(tenants).where(tenants.c.id == UUID(int=1)))


async def cut_connections(control: Control) -> None:
    """Close what the worker holds, and lose everything in Redis."""
    redis: Any = cast("Any", Redis).from_url(control.servers.redis)
    await redis.flushall()
    await redis.client_kill_filter(_type="normal", skipme=True)
    await redis.aclose()
    async with control.admin() as admin, admin.server.connect() as connection:
        await connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'studium_%'")
        )
