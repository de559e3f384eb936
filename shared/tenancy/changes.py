"""Changes of tenants that are open already, and telling others of them.

A change and the mark that nobody has been told of it are one statement; the worker publishes what is marked on the
stream of the auth subgraph, which owns tenants in the graph, and takes the mark away after. So an event may come twice
and none is lost with a process; who keeps something of a tenant has it anew when one comes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import msgspec
import sqlalchemy as sa
import structlog
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.caller import TenantId
from shared.errors import Refusal, TenantNotFound
from shared.events import Event, streams
from shared.events.event import Recorded
from shared.tenancy.jobs import JobKind, put_down
from shared.tenancy.notices import CHANGED_CHANNEL, sweep_on_notices
from shared.tenancy.policies import SignInPolicy
from shared.tenancy.profile import Quotas
from shared.tenancy.registry import TenantRecord, TenantStatus, record_of, tenants

_STREAM: Final = streams.stream_of("auth")
_AT_ONCE: Final = 200
_log = structlog.get_logger(__name__)


class TenantNotOpen(Refusal):
    code = "TENANT_NOT_OPEN"
    default_message = "The tenant is still being provisioned"


class DeletionDue(Refusal):
    code = "DELETION_DUE"
    default_message = "It is too late: the tenant's deletion is due, and may have begun"


class TenantChanged(Event, frozen=True, kw_only=True):
    """Told after a tenant's record was changed; whoever acts on it looks at the record."""

    topic: ClassVar[str] = "auth.tenant-changed.v1"

    status: str
    """As it was when this was told."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different; None leaves it as it is."""

    status: TenantStatus | None = None
    features_on: tuple[str, ...] = ()
    features_off: tuple[str, ...] = ()
    region: str | None = None
    """Empty for none."""
    ceilings: Quotas | None = None
    """In place of those there are: what the tenant may use at most, instead of what its plan says."""
    delete_after: datetime | None = None
    """When everything of it is to be deleted; a tenant that is made active is not deleted any more."""
    opens_sign_in: bool = False
    """Every way in is open again: nobody of the tenant may be able to sign in and settle that. All else stays."""


async def change_tenant(connection: AsyncConnection, slug: str, change: Change) -> TenantRecord:
    """Change a tenant's record as the platform's operator, within the connection's transaction.

    What it says of whether the tenant is open counts for more than what its people have ordered before.

    Raises:
        TenantNotFound, TenantNotOpen, DeletionDue: see `apply_change`.
    """
    found = await connection.scalar(sa.select(tenants.c.id).where(tenants.c.slug == slug))
    if found is None:
        raise TenantNotFound
    record = await apply_change(connection, TenantId(found), change)
    if (said := _openness(change)) is not None:
        await put_down(connection, record.id, said)
    return record


def _openness(change: Change) -> JobKind | None:
    """What a change says of whether the tenant is open."""
    if change.delete_after is not None:
        return JobKind.DELETE
    if change.status is None:
        return None
    return JobKind.RESUME if change.status is TenantStatus.ACTIVE else JobKind.SUSPEND


async def apply_change(connection: AsyncConnection, tenant_id: TenantId, change: Change) -> TenantRecord:
    """Change a tenant's record, within the connection's transaction; the others are told once it is committed.

    Raises:
        TenantNotFound: there is none.
        TenantNotOpen: it is still being provisioned.
        DeletionDue: it is to be active, and its deletion may have begun.
    """
    chosen = sa.select(tenants).where(tenants.c.id == tenant_id).with_for_update()
    row = (await connection.execute(chosen)).one_or_none()
    if row is None:
        raise TenantNotFound
    if row.status == TenantStatus.PROVISIONING:
        raise TenantNotOpen
    if change.status is TenantStatus.ACTIVE and row.delete_after is not None and row.delete_after <= datetime.now(UTC):
        raise DeletionDue
    values: dict[str, Any] = {"features": _features(row.features, change), "untold": True}
    if change.status is not None:
        values["status"] = change.status
    if change.status is TenantStatus.ACTIVE:
        values["delete_after"] = None
    if change.delete_after is not None:
        values |= {"status": TenantStatus.SUSPENDED, "delete_after": change.delete_after}
    if change.ceilings is not None:
        values["ceilings"] = msgspec.to_builtins(change.ceilings)
    if change.opens_sign_in:
        policies = record_of(row).policies
        every = msgspec.structs.replace(policies.sign_in, ways=SignInPolicy().ways)
        policies = msgspec.structs.replace(policies, sign_in=every)
        values |= {"policies": msgspec.to_builtins(policies), "version": tenants.c.version + 1}
    if change.region is not None:
        values["region"] = change.region or None
    changed = sa.update(tenants).where(tenants.c.id == row.id).values(values).returning(tenants)
    record = record_of((await connection.execute(changed)).one())
    await connection.execute(sa.select(sa.func.pg_notify(CHANGED_CHANNEL, str(record.id))))
    return record


def _features(now: Iterable[str], change: Change) -> list[str]:
    return sorted({*now, *change.features_on} - {*change.features_off})


@dataclass(frozen=True, slots=True)
class Announcements:
    """The worker's part: tells the platform's processes of changed tenants."""

    engine: AsyncEngine
    """The control database's, as its administrator."""
    redis: Redis

    async def run(self) -> None:
        """Tell until cancelled: woken by notices, sweeping in case one was missed."""
        await sweep_on_notices(self.engine, CHANGED_CHANNEL, self.sweep, _log)

    async def sweep(self) -> None:
        """Tell of all that nobody was told of."""
        while await self._tell():
            pass

    async def _tell(self) -> bool:
        chosen = sa.select(tenants.c.id, tenants.c.status).where(tenants.c.untold).order_by(tenants.c.id)
        async with self.engine.begin() as connection:
            rows = (await connection.execute(chosen.limit(_AT_ONCE).with_for_update(skip_locked=True))).all()
            if not rows:
                return False
            await streams.append(self.redis, _STREAM, [_recorded(TenantId(row.id), row.status) for row in rows])
            told = sa.update(tenants).where(tenants.c.id.in_([row.id for row in rows])).values(untold=False)
            await connection.execute(told)
        return True


def _recorded(tenant_id: TenantId, status: str) -> Recorded:
    event = TenantChanged(tenant_id=tenant_id, status=status)
    return Recorded(event.event_id, event.tenant_id, event.topic, msgspec.json.encode(event))
