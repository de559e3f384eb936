"""A tenant has as many people as its quota lets it."""

from shared.database import TenantSession
from shared.errors import TenantNotFound
from shared.tenancy.profile import Measure
from shared.tenancy.registry import Registry
from subgraphs.users.store.seats import SeatStore


async def check_seats(session: TenantSession, tenants: Registry) -> None:
    """To be called when people were added, in their transaction.

    Raises:
        QuotaExceeded: they are too many.
    """
    record = await tenants.by_id(session.caller.tenant_id)
    if record is None:
        raise TenantNotFound
    if record.quotas.users is not None:
        record.quotas.check(Measure.USERS, await SeatStore(session).taken())
