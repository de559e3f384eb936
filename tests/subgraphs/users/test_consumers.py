"""What the users subgraph does with the events of others."""

from typing import Any

from shared.database import Sessions, unit_of_work
from shared.ids import uuid7
from subgraphs.users.consumers import HANDLERS
from subgraphs.users.models import User
from subgraphs.users.store.people import UserStore
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Tenant


async def handle(sessions: Sessions, tenant: Tenant, topic: str, **payload: Any) -> None:
    """Handle an event as the consumer does."""
    handler = HANDLERS[topic]
    async with unit_of_work(sessions, tenant.caller()) as session:
        await handler.handle(session, handler.payload(**payload))


async def person(sessions: Sessions, tenant: Tenant, email: str) -> User:
    """The person of that address."""
    async with unit_of_work(sessions, tenant.caller()) as session:
        return (await UserStore(session).by_emails([email]))[email]


class TestTenantCreated:
    async def test_the_owner_is_the_first_person(self, sessions: Sessions, tenant: Tenant) -> None:
        owner = {"owner_id": uuid7(), "owner_email": "ada@example.org", "owner_name": "Ada"}
        for _ in range(2):
            await handle(sessions, tenant, "auth.tenant-created.v1", **owner)
        ada = await person(sessions, tenant, "ada@example.org")
        assert (ada.id, ada.role, ada.status, ada.can_sign_in) == (owner["owner_id"], "OWNER", "ACTIVE", True)


class TestAccountOpened:
    async def test_is_noted(self, sessions: Sessions, add_user: AddUser, tenant: Tenant) -> None:
        ada = await add_user(tenant, "ada@example.org")
        assert not ada.can_sign_in
        await handle(sessions, tenant, "auth.account-opened.v1", user_id=ada.id)
        assert (await person(sessions, tenant, "ada@example.org")).can_sign_in
