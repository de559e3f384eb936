"""What the auth subgraph adds to people: their roles and their sessions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from shared.caller import Caller
from shared.database import Sessions, unit_of_work
from shared.permissions.catalogue import built_in_id
from shared.permissions.places import Place, PlaceKind
from shared.roles import Role
from subgraphs.auth.models import Account, Device, SignInSession
from subgraphs.auth.store.roles import RoleAssignmentStore
from tests.queries import Queries
from tests.subgraphs.auth.conftest import AddAccount, Ask
from tests.tenants import Tenant

PEOPLE = """query ($people: [_Any!]!, $first: Int!) { _entities(representations: $people) { ... on User {
  id
  roleAssignments(first: $first) { edges { node { role { name } user { id } } } pageInfo { hasNextPage } }
  sessions(first: $first) { edges { node { deviceName current } } pageInfo { hasNextPage } }
} } }"""


async def with_roles_and_sessions(
    add_account: AddAccount, sessions: Sessions, tenant: Tenant, names: Sequence[str]
) -> list[UUID]:
    """People who are instructors in two places, and have signed in twice."""
    people: list[Account] = [await add_account(tenant, f"{name}@example.org", "correct horse") for name in names]
    role_id = built_in_id(tenant.id, Role.INSTRUCTOR)
    async with unit_of_work(sessions, tenant.caller()) as session:
        for person in people:
            for number in range(2):
                place = Place(PlaceKind.COURSE, person.user_id if number else tenant.id)
                await RoleAssignmentStore(session).put(
                    user_id=person.user_id, role_id=role_id, place=place, valid_to=None, assigned_by=person.user_id
                )
                device = Device(user_id=person.user_id, name=f"Laptop {number}")
                session.add(device)
                await session.flush()
                session.add(SignInSession(user_id=person.user_id, device_id=device.id))
                await session.flush()
    return [person.user_id for person in people]


def seen(answer: Mapping[str, Any], field: str) -> list[int | None]:
    """How many each person has of a field; None where it is not shown."""
    return [one[field] and len(one[field]["edges"]) for one in answer["data"]["_entities"]]


async def test_are_shown_to_themselves_and_to_who_manages_them_in_as_many_statements_for_any_number(
    ask: Ask,
    add_account: AddAccount,
    sessions: Sessions,
    tenant: Tenant,
    other_tenant: Tenant,
    token_of: Callable[[Caller], str],
    queries: Queries,
) -> None:
    ids = await with_roles_and_sessions(add_account, sessions, tenant, ("ada", "bob", "cas"))

    async def asked(people: Sequence[UUID], caller: Caller, first: int = 2) -> dict[str, Any]:
        represented = [{"__typename": "User", "id": str(user_id)} for user_id in people]
        queries.clear()
        return await ask(PEOPLE, {"people": represented, "first": first}, token=token_of(caller))

    manager = tenant.caller("roles:manage", "sessions:manage")
    one = await asked(ids[:1], manager)
    statements = len(queries)
    everybody = await asked(ids, manager)
    assert len(queries) == statements
    assert (seen(one, "sessions"), seen(everybody, "sessions")) == ([2], [2, 2, 2])
    newest = everybody["data"]["_entities"][1]
    held = newest["roleAssignments"]["edges"][0]["node"]
    assert held == {"role": {"name": "INSTRUCTOR"}, "user": {"id": newest["id"]}}
    assert newest["sessions"]["edges"][0]["node"] == {"deviceName": "Laptop 1", "current": False}
    short = await asked(ids, manager, first=1)
    assert seen(short, "roleAssignments") == [1, 1, 1]
    assert short["data"]["_entities"][2]["sessions"]["pageInfo"] == {"hasNextPage": True}
    ada = tenant.caller("learn", user_id=ids[0])
    own = await asked(ids, ada)
    assert (seen(own, "sessions"), seen(own, "roleAssignments")) == ([2, None, None], [2, None, None])
    half = await asked(ids, tenant.caller("sessions:manage", user_id=ids[0]))
    assert (seen(half, "sessions"), seen(half, "roleAssignments")) == ([2, 2, 2], [2, None, None])
    abroad = await asked(ids, other_tenant.caller("roles:manage", "sessions:manage"))
    assert (seen(abroad, "sessions"), seen(abroad, "roleAssignments")) == ([0, 0, 0], [0, 0, 0])
