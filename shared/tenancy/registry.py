"""The tenant registry: which tenants there are, in the control database.

Subgraphs read the directory view as their login role; the auth subgraph also registers sign-ups; the administrator
(provisioning, `studium tenant`) does the rest.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import checks
from shared.caller import Caller, TenantId
from shared.engines import connect, read_url, unavailable_if_lost
from shared.errors import Refusal
from shared.idempotency import Attempt, IdempotencyKeyReused
from shared.tenancy.flags import Flags
from shared.tenancy.names import CONTROL_DATABASE, CONTROL_SCHEMA, MAIN
from shared.tenancy.policies import Policies
from shared.tenancy.profile import PLAN_QUOTAS, Branding, Plan, Quotas

PENDING_CHANNEL: Final = "tenant_pending"
ENTER: Final = sa.text("SELECT set_config('studium.tenant', :tenant, true)")
"""What the policies of row security in the control database look at; it ends with the transaction."""
_FIRST_LOOK_SECONDS: Final = 0.02
_LONGEST_PAUSE_SECONDS: Final = 0.25


class SlugTaken(Refusal):
    code = "SLUG_TAKEN"
    default_message = "Another tenant has this slug"


class TenantStatus(StrEnum):
    PROVISIONING = "PROVISIONING"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


@dataclass(frozen=True, slots=True)
class TenantRecord:
    """A row of the registry."""

    id: TenantId
    slug: str
    name: str
    plan: Plan
    status: TenantStatus
    created_at: datetime
    features: tuple[str, ...] = ()
    """What is switched on for it, beside what its plan has."""
    region: str | None = None
    """Where its requests are to be answered; None for wherever."""
    version: int = 1
    """Counts what its own people have changed."""
    branding: Branding = field(default_factory=Branding)
    flags: Flags = field(default_factory=Flags)
    own_quotas: Quotas = field(default_factory=Quotas)
    """As its own people have settled them; `quotas` is what counts."""
    ceilings: Quotas = field(default_factory=Quotas)
    """What the platform's operator has said instead of the plan."""
    delete_after: datetime | None = None
    """When everything of it is to be deleted; it is suspended until then."""
    server: str | None = None
    """That its schemas are on; None for the main one."""
    policies: Policies = field(default_factory=Policies)
    """What it asks of how its people sign in."""

    @property
    def ceiling(self) -> Quotas:
        """Over which its own people cannot set a quota."""
        return self.ceilings.over(PLAN_QUOTAS[self.plan])

    @property
    def quotas(self) -> Quotas:
        """What it may use at most."""
        return self.own_quotas.under(self.ceiling)


@dataclass(frozen=True, slots=True)
class SignUp:
    """What provisioning needs to make the first account of a tenant; forgotten once it has."""

    tenant_id: TenantId
    slug: str
    name: str
    owner_id: UUID
    owner_email: str
    owner_name: str
    sealed_password_hash: str = field(repr=False)
    server: str | None = None
    """That the tenant is placed on; None for the main one."""


_metadata = sa.MetaData(schema=CONTROL_SCHEMA)
tenants: Final = sa.Table(
    "tenant",
    _metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("slug", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("attempt_key", sa.Text),
    sa.Column("attempt_fingerprint", sa.LargeBinary),
    sa.Column("features", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("region", sa.Text),
    sa.Column("untold", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    sa.Column("branding", JSONB, nullable=False, server_default="{}"),
    sa.Column("flags", JSONB, nullable=False, server_default="{}"),
    sa.Column("quotas", JSONB, nullable=False, server_default="{}"),
    sa.Column("ceilings", JSONB, nullable=False, server_default="{}"),
    sa.Column("server", sa.Text),
    sa.Column("delete_after", sa.DateTime(timezone=True)),
    sa.Column("moving_to", sa.Text),
    sa.Column("moved_from", sa.Text),
    sa.Column("policies", JSONB, nullable=False, server_default="{}"),
)
sign_ups: Final = sa.Table(
    "sign_up",
    _metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey(tenants.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("owner_id", sa.Uuid, nullable=False),
    sa.Column("owner_email", sa.Text, nullable=False),
    sa.Column("owner_name", sa.Text, nullable=False),
    sa.Column("sealed_password_hash", sa.Text, nullable=False),
)
directory: Final = sa.Table(
    "tenant_directory",
    _metadata,
    *(
        sa.Column(name, tenants.c[name].type)
        for name in ("id", "slug", "name", "plan", "status", "created_at", "features", "region")
    ),
    *(
        sa.Column(name, tenants.c[name].type)
        for name in ("version", "branding", "flags", "quotas", "ceilings", "server", "delete_after", "policies")
    ),
)


def record_of(row: sa.Row[Any]) -> TenantRecord:
    """What a row of the table, or of the directory, says."""
    return TenantRecord(
        TenantId(row.id),
        row.slug,
        row.name,
        Plan(row.plan),
        TenantStatus(row.status),
        row.created_at,
        tuple(row.features),
        row.region,
        version=row.version,
        branding=msgspec.convert(row.branding, Branding),
        flags=msgspec.convert(row.flags, Flags),
        own_quotas=msgspec.convert(row.quotas, Quotas),
        ceilings=msgspec.convert(row.ceilings, Quotas),
        delete_after=row.delete_after,
        server=row.server,
        policies=msgspec.convert(row.policies, Policies),
    )


class Registry:
    """Reads the directory; registers sign-ups and waits for them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")
        """For single statements: a transaction around one that reads would only be two more messages."""

    @classmethod
    def create(cls, url: SecretStr | str, *, pool_size: int = 2) -> "Registry":
        """Over the control database of the server `url` names, whatever database it names."""
        return cls(connect(read_url(url, database=CONTROL_DATABASE), pool_size=pool_size))

    async def by_id(self, tenant_id: TenantId) -> TenantRecord | None:
        return await self._one(directory.c.id == tenant_id)

    async def by_slug(self, slug: str) -> TenantRecord | None:
        known = checks.lookup(slug)
        return await self._one(directory.c.slug == known) if known else None

    async def active(self) -> list[TenantRecord]:
        """Every tenant that can be served, oldest first."""
        return await self._all(directory.c.status == TenantStatus.ACTIVE)

    async def open(self) -> list[TenantRecord]:
        """The same, and those that are suspended."""
        return await self._all(directory.c.status != TenantStatus.PROVISIONING)

    async def _all(self, condition: sa.ColumnElement[bool]) -> list[TenantRecord]:
        chosen = sa.select(directory).where(condition).order_by(directory.c.id)
        async with self._read() as connection:
            return [record_of(row) for row in await connection.execute(chosen)]

    async def _one(self, condition: sa.ColumnElement[bool]) -> TenantRecord | None:
        async with self._read() as connection:
            row = (await connection.execute(sa.select(directory).where(condition))).one_or_none()
        return record_of(row) if row else None

    async def register(self, sign_up: SignUp, *, plan: Plan, attempt: Attempt) -> None:
        """Put a tenant down for provisioning, and wake the worker that does it; a repeated attempt did so before.

        Raises:
            SlugTaken: another tenant has the slug.
            IdempotencyKeyReused: the attempt's key registered a tenant with another input.
        """
        row = {"id": sign_up.tenant_id, "slug": sign_up.slug, "name": sign_up.name, "plan": plan}
        kept = {"attempt_key": attempt.key, "attempt_fingerprint": attempt.fingerprint()}
        try:
            async with self._connect() as connection, connection.begin():
                await connection.execute(sa.insert(tenants).values(**row, **kept, status=TenantStatus.PROVISIONING))
                await connection.execute(sa.insert(sign_ups).values(_owner_of(sign_up)))
                await connection.execute(sa.select(sa.func.pg_notify(PENDING_CHANNEL, str(sign_up.tenant_id))))
        except IntegrityError as error:
            if not any(constraint in str(error.orig) for constraint in ("uq_tenant_slug", "uq_tenant_attempt_key")):
                raise
            if not await self._registered_by(attempt):
                raise SlugTaken(path=("input", "slug")) from error

    async def _registered_by(self, attempt: Attempt) -> bool:
        """Whether a tenant was registered by an earlier sending of `attempt`.

        Raises:
            IdempotencyKeyReused: its key was used, but for another input.
        """
        if attempt.key is None:
            return False
        kept = sa.select(tenants.c.attempt_fingerprint).where(tenants.c.attempt_key == attempt.key)
        async with self._read() as connection:
            fingerprint = await connection.scalar(kept)
        if fingerprint is not None and fingerprint != attempt.fingerprint():
            raise IdempotencyKeyReused
        return fingerprint is not None

    async def wait_until_active(self, slug: str, *, seconds: float) -> TenantRecord | None:
        """The tenant once it is provisioned, or as it is when the time is up.

        It looks again and again rather than listening: the wait is short and rare, and a listener would need a
        connection of its own for each, and a server that is not behind a transaction pooler.
        """
        pause, deadline = _FIRST_LOOK_SECONDS, asyncio.get_running_loop().time() + seconds
        while (found := await self.by_slug(slug)) and found.status is TenantStatus.PROVISIONING:
            if asyncio.get_running_loop().time() + pause > deadline:
                break
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
        return found

    async def aclose(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def acting_for(self, caller: Caller) -> AsyncGenerator[AsyncConnection]:
        """A transaction that sees and changes what is the caller's tenant's own: row security hides the others'."""
        async with self._connect() as connection, connection.begin():
            await connection.execute(ENTER, {"tenant": str(caller.tenant_id)})
            yield connection

    @asynccontextmanager
    async def _read(self) -> AsyncGenerator[AsyncConnection]:
        with unavailable_if_lost():
            async with self._reading.connect() as connection:
                yield connection

    @asynccontextmanager
    async def _connect(self) -> AsyncGenerator[AsyncConnection]:
        with unavailable_if_lost():
            async with self._engine.connect() as connection:
                yield connection


def _owner_of(sign_up: SignUp) -> dict[str, Any]:
    return {
        "tenant_id": sign_up.tenant_id,
        "owner_id": sign_up.owner_id,
        "owner_email": sign_up.owner_email,
        "owner_name": sign_up.owner_name,
        "sealed_password_hash": sign_up.sealed_password_hash,
    }


async def place_pending(connection: AsyncConnection, servers: Sequence[str]) -> None:
    """Place the tenants that are to be provisioned and have no server yet: each on the one with the fewest.

    A placement is committed before anything of the tenant is made, so that whoever goes on with it finds it there.
    """
    on = sa.func.coalesce(tenants.c.server, MAIN)
    new = sa.select(tenants.c.id).where(tenants.c.status == TenantStatus.PROVISIONING, tenants.c.server.is_(None))
    chosen = (await connection.execute(new.order_by(tenants.c.id).with_for_update(skip_locked=True))).scalars().all()
    if not chosen:
        return
    placed = sa.select(on, sa.func.count()).where(tenants.c.id.not_in(chosen)).group_by(on)
    there = dict.fromkeys(servers, 0)
    for server, count in await connection.execute(placed):
        if server in there:
            there[server] = count
    for tenant_id in chosen:
        emptiest = min(servers, key=lambda server: there[server])
        there[emptiest] += 1
        await connection.execute(sa.update(tenants).where(tenants.c.id == tenant_id).values(server=emptiest))


async def pending(
    connection: AsyncConnection, *, besides: Collection[TenantId] = (), placed: bool = False
) -> SignUp | None:
    """The oldest tenant nobody is provisioning, locked until the transaction ends; if asked for, of those placed."""
    chosen = (
        sa.select(
            tenants.c.id,
            tenants.c.slug,
            tenants.c.name,
            sign_ups.c.owner_id,
            sign_ups.c.owner_email,
            sign_ups.c.owner_name,
            sign_ups.c.sealed_password_hash,
            tenants.c.server,
        )
        .join(sign_ups)
        .where(tenants.c.status == TenantStatus.PROVISIONING, tenants.c.id.not_in(besides))
        .order_by(tenants.c.id)
        .limit(1)
        .with_for_update(of=tenants, skip_locked=True)
    )
    if placed:
        chosen = chosen.where(tenants.c.server.is_not(None))
    row = (await connection.execute(chosen)).one_or_none()
    return SignUp(*row) if row else None


async def activate(connection: AsyncConnection, tenant_id: TenantId) -> None:
    """Open a provisioned tenant to callers, and forget its sign-up."""
    await connection.execute(sa.update(tenants).where(tenants.c.id == tenant_id).values(status=TenantStatus.ACTIVE))
    await connection.execute(sa.delete(sign_ups).where(sign_ups.c.tenant_id == tenant_id))
