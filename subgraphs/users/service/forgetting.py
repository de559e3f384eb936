"""What the subgraph forgets in time; the worker asks it to."""

from datetime import UTC, datetime

from shared.database import TenantSession
from subgraphs.users.service import data_requests, rosters
from subgraphs.users.store.kept_addresses import KeptAddressStore
from subgraphs.users.store.people import UserStore


async def forget_old(session: TenantSession, now: datetime | None = None) -> None:
    """Forget what people were told of themselves, and what rosters said, once it was kept long enough."""
    now = now or datetime.now(UTC)
    await data_requests.forget_old(session, now)
    await rosters.forget_old(session, now)
    await KeptAddressStore(session).forget(now)
    await UserStore(session).forget_fields_of_erased()
