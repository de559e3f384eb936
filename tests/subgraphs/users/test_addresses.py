"""People's addresses follow what they have chosen where they sign in."""

from datetime import UTC, datetime

import sqlalchemy as sa

from shared.caller import service_caller
from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from subgraphs.users.consumers import HANDLERS, AddressChosen
from subgraphs.users.models import ProvisionedUser, User, UserStatus
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Tenant


async def test_the_address_is_theirs_if_it_is_nobodys_and_their_own_to_choose(
    sessions: Sessions, add_user: AddUser, tenant: Tenant
) -> None:
    names = ("ada", "bob", "cas", "dan")
    ada, bob, cas, dan = [await add_user(tenant, email=f"{name}@example.org") for name in names]
    async with unit_of_work(sessions, tenant.caller()) as session:
        session.add(ProvisionedUser(user_id=cas.id, user_name="cas", user_name_key="cas", attributes={}))
        gone = ProvisionedUser(user_id=dan.id, user_name="dan", user_name_key="dan", attributes={})
        gone.removed_at = datetime.now(UTC)
        session.add(gone)
        await session.execute(sa.update(User).where(User.id == bob.id).values(status=UserStatus.DEACTIVATED))
    chosen = [
        (ada.id, "ada@new.example"),
        (ada.id, "ada@new.example"),  # comes again
        (ada.id, "bob@example.org"),
        (bob.id, "bob@new.example"),
        (cas.id, "cas@new.example"),
        (dan.id, "dan@new.example"),
        (uuid7(), "nobody@new.example"),
    ]
    for user_id, email in chosen:
        async with unit_of_work(sessions, service_caller(tenant.id, "users")) as session:
            await HANDLERS["auth.address-chosen.v1"].handle(session, AddressChosen(user_id, email))
    async with sessions.read(tenant.caller()) as session:
        kept = {row.id: row.email for row in await session.scalars(sa.select(User))}
        told = await session.scalars(
            sa.select(OutboxRow.payload).where(OutboxRow.topic == "users.user-email-changed.v1")
        )
        assert [each["email"] for each in told] == ["ada@new.example", "dan@new.example"]
    assert [kept[each.id].partition("@")[2] for each in (ada, bob, cas, dan)] == [
        "new.example",
        "example.org",
        "example.org",
        "new.example",
    ]
