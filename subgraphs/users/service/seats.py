"""A tenant has as many people as its quota lets it. Its owners are told when nothing is left, of this or of others."""

from typing import Final

from shared.database import TenantSession
from shared.errors import TenantNotFound
from shared.events import record
from shared.tenancy.profile import Measure
from shared.tenancy.registry import Registry
from subgraphs.users.events import QuotaReached
from subgraphs.users.store.people import UserStore
from subgraphs.users.store.seats import SeatStore

_MOST_TOLD: Final = 50


async def check_seats(session: TenantSession, tenants: Registry) -> None:
    """To be called when people were added, in their transaction.

    Raises:
        QuotaExceeded: they are too many.
    """
    tenant = await tenants.by_id(session.caller.tenant_id)
    if tenant is None:
        raise TenantNotFound
    most = tenant.quotas.users
    if most is not None:
        taken = await SeatStore(session).taken()
        tenant.quotas.check(Measure.USERS, taken)
        if taken == most:
            await tell_quota_reached(session, Measure.USERS.value, most, taken)


async def tell_quota_reached(session: TenantSession, measure: str, limit: int, used: int) -> None:
    """Tell the tenant's owners that nothing is left of a quota."""
    owners = await UserStore(session).owners(limit=_MOST_TOLD)
    reached = QuotaReached(
        tenant_id=session.caller.tenant_id, measure=measure, limit=limit, used=used, owner_ids=tuple(owners)
    )
    record(session, reached)
