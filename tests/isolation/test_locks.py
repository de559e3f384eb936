"""Whoever keeps their own colleagues waiting keeps nobody of another tenant waiting: no two tenants share a lock."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

import pytest
import sqlalchemy as sa

from shared.database import Sessions, TenantSession, unit_of_work
from subgraphs.auth.store.audit import AuditStore
from subgraphs.users.store.consents import ConsentStore
from subgraphs.users.store.org_units import OrgUnitStore
from subgraphs.users.store.people import UserStore
from subgraphs.users.store.relationships import RelationshipStore
from subgraphs.users.store.rosters import ImportStore
from subgraphs.users.store.seats import SeatStore
from tests.tenants import Control, Tenant

Lock = Callable[[TenantSession], Awaitable[object]]

HELD: Final = sa.text(
    "SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY 1, 2"
)
OF_USERS: Final[dict[str, Lock]] = {
    "the documents that people consent to": lambda session: ConsentStore(session).lock_documents(),
    "the tree of units": lambda session: OrgUnitStore(session).lock_tree(),
    "the last owner": lambda session: UserStore(session).lock_owners(),
    "who manages whom": lambda session: RelationshipStore(session).lock_chains(),
    "rosters that are handed in": lambda session: ImportStore(session).lock_submissions(),
    "seats": lambda session: SeatStore(session).taken(),
}
OF_AUTH: Final[dict[str, Lock]] = {"the audit": lambda session: AuditStore(session).append([])}
LOCKS: Final = [("users", *each) for each in OF_USERS.items()] + [("auth", *each) for each in OF_AUTH.items()]


@pytest.fixture
async def sessions(control: Control, subgraph: str) -> AsyncGenerator[Sessions]:
    """A subgraph's."""
    opened = Sessions.create(control.login_url(subgraph), subgraph=subgraph, pool_size=1)
    yield opened
    await opened.aclose()


async def held(sessions: Sessions, tenant: Tenant, take: Lock) -> list[tuple[int, int]]:
    """What a transaction of the tenant keeps others from, once it has taken a lock."""
    async with unit_of_work(sessions, tenant.caller()) as session:
        await take(session)
        return [(row[0], row[1]) for row in await session.execute(HELD)]


@pytest.mark.parametrize(("subgraph", "what", "take"), LOCKS, ids=lambda each: each if isinstance(each, str) else "")
async def test_a_lock_is_a_tenants_own(
    sessions: Sessions, tenant: Tenant, other_tenant: Tenant, what: str, take: Lock
) -> None:
    first, again, other = [await held(sessions, one, take) for one in (tenant, tenant, other_tenant)]
    assert first, what
    assert first == again
    assert not {*first} & {*other}
