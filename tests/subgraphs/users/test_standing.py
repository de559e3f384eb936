"""Whoever manages people does away with nobody who may do more than they."""

from uuid import UUID

import pytest
from sqlalchemy import insert

from shared.caller import Caller
from shared.data_keys import DataKeys, LocalMasterKey
from shared.database import Sessions, unit_of_work
from shared.idempotency import Attempt
from shared.ids import uuid7
from shared.permissions.catalogue import BUILT_IN
from shared.permissions.places import PlaceKind
from shared.roles import Role
from subgraphs.users.errors import PermissionNotHeld
from subgraphs.users.models import Model, User
from subgraphs.users.service import data_requests, deactivation, merging
from tests.subgraphs.users.conftest import CREDENTIALS_KEY, AddUser
from tests.tenants import Tenant


async def try_all(sessions: Sessions, by: Caller, user_id: UUID, other_id: UUID) -> list[bool]:
    """Whether somebody is deactivated, made one with another, made another one with, and erased; taken back again."""
    attempt, done = Attempt("test", None, {}), list[bool]()
    keys = DataKeys(LocalMasterKey([CREDENTIALS_KEY]), subgraph="users")
    async with unit_of_work(sessions, by) as session:
        for work in (
            lambda: deactivation.deactivate_user(session, attempt, user_id, expected_version=None),
            lambda: merging.merge(session, attempt, keys, user_id, other_id),
            lambda: merging.merge(session, attempt, keys, other_id, user_id),
            lambda: data_requests.request_erasure(session, attempt, user_id),
        ):
            async with session.begin_nested() as nested:
                try:
                    await work()
                except PermissionNotHeld:
                    done.append(False)
                else:
                    done.append(True)
                    await nested.rollback()
            session.expire_all()
    return done


async def grant(sessions: Sessions, tenant: Tenant, user: User, *permissions: str) -> None:
    """Give somebody a role of the tenant's at one place, as the auth subgraph tells of it."""
    role_id, tables = uuid7(), {str(table.name): table for table in Model.metadata.sorted_tables}
    role = {"id": role_id, "version": 1, "permissions": list(permissions), "forbids": []}
    place = {"place_kind": PlaceKind.ORG, "place_id": uuid7(), "revoked": False}
    assigned = {"id": uuid7(), "version": 1, "user_id": user.id, "role_id": role_id, **place}
    async with unit_of_work(sessions, tenant.caller()) as session:
        await session.execute(insert(tables["known_roles"]).values(role))
        await session.execute(insert(tables["known_role_assignments"]).values(assigned))


@pytest.mark.parametrize("what", ["owner", "granter somewhere"])
async def test_whoever_looks_after_the_tenant_is_left_alone_by_those_who_may_less(
    what: str, sessions: Sessions, tenant: Tenant, add_user: AddUser
) -> None:
    await add_user(tenant, "first@example.org", role=Role.OWNER)
    bob = await add_user(tenant, "bob@example.org")
    ada = await add_user(tenant, "ada@example.org", role=Role.OWNER if what == "owner" else Role.LEARNER)
    if what != "owner":
        await grant(sessions, tenant, ada, "roles:manage")
    assert await try_all(sessions, tenant.caller("users:manage"), ada.id, bob.id) == [False] * 4
    owner = tenant.caller(*BUILT_IN[Role.OWNER])
    assert await try_all(sessions, owner, ada.id, bob.id) == [True] * 4


async def test_teachers_are_in_the_care_of_those_who_manage_people(
    sessions: Sessions, tenant: Tenant, add_user: AddUser
) -> None:
    ada, bob = [await add_user(tenant, f"{name}@example.org", role=Role.INSTRUCTOR) for name in ("ada", "bob")]
    await grant(sessions, tenant, ada, "courses:write")
    assert await try_all(sessions, tenant.caller("users:manage"), ada.id, bob.id) == [True] * 4
