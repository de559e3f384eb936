"""A tenant's directory adds people, and gives them other addresses."""

from datetime import timedelta
from typing import Any

from shared.caller import service_caller
from shared.database import Sessions, unit_of_work
from shared.ids import uuid7
from subgraphs.auth.consumers import HANDLERS
from subgraphs.auth.models import Account, LinkPurpose, MailedLink
from subgraphs.auth.service.accounts import utc_now
from subgraphs.auth.store.accounts import AccountStore
from tests.tenants import Tenant


async def handle(sessions: Sessions, tenant: Tenant, what: str, **told: Any) -> None:
    """Handle an event of the users subgraph as the consumer does."""
    topic = f"users.user-{what}.v1"
    payload = {**told, "actor_id": None, "occurred_at": utc_now().isoformat()}
    async with unit_of_work(sessions, service_caller(tenant.id, "auth")) as session:
        await HANDLERS[topic].handle(session, payload)


async def account(sessions: Sessions, tenant: Tenant, user_id: Any) -> Account:
    """Somebody's account."""
    async with sessions.read(tenant.caller()) as session:
        found = await AccountStore(session).by_id(user_id)
    assert found
    return found


async def test_an_account_is_opened_and_follows_its_address(sessions: Sessions, tenant: Tenant) -> None:
    ada, bob, link_id = uuid7(), uuid7(), uuid7()
    for user_id, name in ((ada, "ada"), (bob, "bob")):
        told = {"user_id": str(user_id), "email": f"{name}@example.org", "role": "LEARNER"}
        for _ in range(2):
            await handle(sessions, tenant, "provisioned", **told)
    soon = utc_now() + timedelta(hours=1)
    async with unit_of_work(sessions, tenant.caller()) as session:
        await AccountStore(session).verify_email(ada, utc_now())
        session.add(
            MailedLink(id=link_id, user_id=ada, purpose=LinkPurpose.SIGN_IN, email_digest=b"x", expires_at=soon)
        )
    await handle(sessions, tenant, "email-changed", user_id=str(ada), email="a@example.org")
    changed = await account(sessions, tenant, ada)
    assert (changed.email, changed.email_verified_at, changed.sealed_password_hash) == ("a@example.org", None, None)
    async with sessions.read(tenant.caller()) as session:
        mailed = await session.get(MailedLink, link_id)
    assert mailed
    assert mailed.used_at
    await handle(sessions, tenant, "email-changed", user_id=str(ada), email="bob@example.org")
    assert (await account(sessions, tenant, ada)).email == "a@example.org"
