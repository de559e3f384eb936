"""People and invitations as they are kept."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.database import Sessions, unit_of_work
from shared.graphql.pagination import PageRequest
from shared.ids import uuid7
from shared.roles import Role
from subgraphs.users.models import Invitation, User, UserStatus
from subgraphs.users.store.invitations import InvitationStore
from subgraphs.users.store.people import UserStore
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Tenant


@pytest.fixture
async def invitation(sessions: Sessions, add_user: AddUser, tenant: Tenant) -> Invitation:
    """An open invitation."""
    ada: User = await add_user(tenant, "ada@example.org", status=UserStatus.INVITED)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    invitation = Invitation(batch_id=uuid7(), user_id=ada.id, role=Role.INSTRUCTOR, expires_at=tomorrow)
    async with unit_of_work(sessions, tenant.caller()) as session:
        await InvitationStore(session).add(invitation)
    return invitation


class TestUserStore:
    async def test_an_address_or_an_id_is_added_once(
        self, sessions: Sessions, add_user: AddUser, tenant: Tenant
    ) -> None:
        ada = await add_user(tenant, "ada@example.org")
        somebody = {"display_name": "Bob", "role": Role.LEARNER, "status": UserStatus.ACTIVE}
        async with unit_of_work(sessions, tenant.caller()) as session:
            assert await UserStore(session).add(email="ada@example.org", **somebody) is None
            assert await UserStore(session).add(id=ada.id, email="bob@example.org", **somebody) is None
            assert await UserStore(session).count() == 1

    async def test_a_page_starts_after_its_key(self, sessions: Sessions, add_user: AddUser, tenant: Tenant) -> None:
        people = [await add_user(tenant, f"p{number}@example.org") for number in range(3)]
        async with sessions.read(tenant.caller()) as session:
            page = await UserStore(session).page(PageRequest(first=5, after=(people[0].id,)))
        assert [person.id for person in page] == [person.id for person in people[1:]]

    async def test_what_is_not_there_is_left_out(self, sessions: Sessions, add_user: AddUser, tenant: Tenant) -> None:
        ada = await add_user(tenant, "ada@example.org")
        async with sessions.read(tenant.caller()) as session:
            assert list(await UserStore(session).by_ids([uuid7(), ada.id])) == [ada.id]


class TestInvitationStore:
    async def test_an_open_invitation_comes_with_its_person(
        self, sessions: Sessions, tenant: Tenant, invitation: Invitation
    ) -> None:
        async with unit_of_work(sessions, tenant.caller()) as session:
            found = await InvitationStore(session).claimable(invitation.id)
        assert found
        assert (found[0].role, found[1].email) == (Role.INSTRUCTOR, "ada@example.org")

    async def test_a_claimed_one_is_no_longer_open(
        self, sessions: Sessions, tenant: Tenant, invitation: Invitation
    ) -> None:
        async with unit_of_work(sessions, tenant.caller()) as session:
            found = await InvitationStore(session).claimable(invitation.id)
            assert found
            found[0].claimed_at = datetime.now(UTC)
        async with unit_of_work(sessions, tenant.caller()) as session:
            assert await InvitationStore(session).claimable(invitation.id) is None
