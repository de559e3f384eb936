"""Making roles and giving them away: what comes of it, and who is refused."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
import sqlalchemy as sa

from shared.caller import Caller, UserId
from shared.database import Sessions, TenantSession, unit_of_work
from shared.errors import BadUserInput, Forbidden, NotFound, VersionConflict
from shared.events.outbox import OutboxRow
from shared.idempotency import Attempt
from shared.ids import uuid7
from shared.permissions.catalogue import BUILT_IN, PERMISSIONS, built_in_id
from shared.permissions.feed import GRANT_HANDLERS
from shared.permissions.places import Place, PlaceKind, Resource
from shared.roles import Role
from shared.tenancy.names import tenant_schema
from subgraphs.auth.errors import NameTaken, PermissionNotHeld, RoleInUse, RoleIsBuiltIn, TooManyRoles
from subgraphs.auth.migrations.versions.r0016_roles_for_programs import RETELL
from subgraphs.auth.models import RoleAssignment
from subgraphs.auth.service import role_assignments, roles
from subgraphs.auth.service.permissions import own_rights, permissions_in_tenant
from subgraphs.auth.service.role_assignments import NewAssignment
from subgraphs.auth.service.roles import KnownRole, RoleContent
from subgraphs.auth.store.roles import Assigned, Chosen
from subgraphs.auth.store.service_accounts import ServiceAccountStore
from tests.subgraphs.auth.roles.conftest import Person, calling
from tests.tenants import Tenant

WRITE = "courses:write"


def anew(operation: str = "any") -> Attempt:
    """An attempt that repeats none."""
    return Attempt(operation, key=None, input={})


def content(*permissions: str, name: str = "Assistants", forbids: Iterable[str] = ()) -> RoleContent:
    """What a role is to be."""
    return RoleContent(name=name, permissions=frozenset(permissions), forbids=frozenset(forbids))


def calling_as(caller: Caller, user_id: UUID) -> Caller:
    """Another of the same tenant."""
    return replace(caller, user_id=UserId(user_id))


class Office:
    """Roles are managed here, each time in a transaction of its own."""

    def __init__(self, sessions: Sessions, tenant: Tenant) -> None:
        self._sessions = sessions
        self.tenant = Place(PlaceKind.TENANT, tenant.id)

    @asynccontextmanager
    async def session(self, caller: Caller) -> AsyncGenerator[TenantSession]:
        async with unit_of_work(self._sessions, caller) as session:
            yield session

    async def create(self, by: Caller, new: RoleContent) -> KnownRole:
        async with self.session(by) as session:
            return await roles.create_role(session, new, anew())

    async def update(self, by: Caller, role_id: UUID, new: RoleContent, *, version: int | None = None) -> KnownRole:
        async with self.session(by) as session:
            return await roles.update_role(session, role_id, new, anew(), expected_version=version)

    async def delete(self, by: Caller, role_id: UUID) -> UUID:
        async with self.session(by) as session:
            return await roles.delete_role(session, role_id, anew())

    async def assign(
        self, by: Caller, to: Caller, role_id: UUID, at: Place | None = None, *, valid_to: datetime | None = None
    ) -> Assigned:
        new = NewAssignment(to.require_user(), role_id, at or self.tenant, valid_to)
        async with self.session(by) as session:
            return await role_assignments.assign_role(session, new, anew())

    async def revoke(self, by: Caller, assignment_id: UUID) -> Assigned:
        async with self.session(by) as session:
            return await role_assignments.revoke_role(session, assignment_id, anew())

    async def permissions(self, caller: Caller, at: Place | None = None) -> list[str]:
        async with self.session(caller) as session:
            return (await own_rights(session)).at(Resource(caller.tenant_id, at or self.tenant))

    async def scopes(self, caller: Caller, role: Role = Role.LEARNER) -> frozenset[str]:
        """What the person's next token would say."""
        async with self.session(caller) as session:
            return (await permissions_in_tenant(session, caller.require_user(), role)).scopes


@pytest.fixture
def office(sessions: Sessions, tenant: Tenant) -> Office:
    """Where the tenant's roles are managed."""
    return Office(sessions, tenant)


@pytest.fixture
def course() -> Place:
    """A course that stands elsewhere."""
    return Place(PlaceKind.COURSE, uuid7())


class TestCreateRole:
    async def test_makes_a_set_of_permissions(self, office: Office, owner: Caller) -> None:
        role = await office.create(owner, content(WRITE, "learn", forbids=["analytics:read"]))
        assert (role.permissions, role.forbids, role.version) == ({WRITE, "learn"}, {"analytics:read"}, 1)

    @pytest.mark.parametrize("name", ["Assistants", "OWNER"])
    async def test_gives_a_name_once(self, office: Office, owner: Caller, name: str) -> None:
        await office.create(owner, content("learn"))
        with pytest.raises(NameTaken):
            await office.create(owner, content("learn", name=name))

    def test_knows_every_permission(self) -> None:
        with pytest.raises(BadUserInput, match="fly"):
            content("learn", "fly")

    async def test_is_for_whoever_manages_roles(self, office: Office, person: Person) -> None:
        with pytest.raises(Forbidden):
            await office.create(await person(*(PERMISSIONS.keys() - {"roles:manage"})), content("learn"))

    @pytest.mark.parametrize("new", [content(WRITE), content(forbids=[WRITE])], ids=["gives", "forbids"])
    async def test_puts_nothing_in_that_its_maker_does_not_hold(
        self, office: Office, person: Person, new: RoleContent
    ) -> None:
        with pytest.raises(PermissionNotHeld, match=WRITE):
            await office.create(await person("roles:manage", "learn"), new)

    async def test_is_not_for_those_who_act_in_anothers_name(self, office: Office, owner: Caller) -> None:
        with pytest.raises(Forbidden):
            await office.create(replace(owner, impersonator_id=UserId(uuid7())), content("learn"))

    async def test_has_a_limit(self, office: Office, owner: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(roles, "MOST_ROLES", 1)
        await office.create(owner, content("learn"))
        with pytest.raises(TooManyRoles):
            await office.create(owner, content("learn", name="Others"))


class TestUpdateRole:
    async def test_changes_what_is_given(self, office: Office, owner: Caller) -> None:
        role = await office.create(owner, content("learn", WRITE))
        changed = await office.update(owner, role.id, RoleContent(permissions=frozenset({"learn"})), version=1)
        assert (changed.name, changed.permissions, changed.version) == ("Assistants", {"learn"}, 2)

    async def test_refuses_a_version_that_is_past(self, office: Office, owner: Caller) -> None:
        role = await office.create(owner, content("learn"))
        with pytest.raises(VersionConflict):
            await office.update(owner, role.id, content("learn"), version=2)

    @pytest.mark.parametrize("new", [frozenset({"learn"}), frozenset({"learn", WRITE})], ids=["takes", "leaves"])
    async def test_touches_nothing_that_its_changer_does_not_hold(
        self, office: Office, owner: Caller, person: Person, new: frozenset[str]
    ) -> None:
        role = await office.create(owner, content(WRITE))
        with pytest.raises(PermissionNotHeld):
            await office.update(await person("roles:manage", "learn"), role.id, RoleContent(permissions=new))

    async def test_leaves_alone_what_every_tenant_has(self, office: Office, owner: Caller) -> None:
        with pytest.raises(RoleIsBuiltIn):
            await office.update(owner, built_in_id(owner.tenant_id, Role.OWNER), content("learn"))

    async def test_adjusts_what_instructors_and_learners_are_given(
        self, office: Office, owner: Caller, person: Person, course: Place
    ) -> None:
        teacher, ada, role_id = await person(), await person("learn"), built_in_id(owner.tenant_id, Role.INSTRUCTOR)
        await office.assign(owner, ada, role_id, course)
        adjusted = await office.update(owner, role_id, RoleContent(permissions=frozenset({WRITE})), version=1)
        assert (adjusted.name, adjusted.built_in, adjusted.version) == ("INSTRUCTOR", True, 2)
        assert await office.scopes(teacher, Role.INSTRUCTOR) == {WRITE}
        assert await office.scopes(teacher, Role.LEARNER) == BUILT_IN[Role.LEARNER]
        assert await office.permissions(ada, course) == [WRITE, "learn"]
        async with office.session(owner) as session:
            listed = await roles.list_roles(session, roles.BY_NAME.page(20, None))
        assert [(role.name, role.version) for role in listed] == [("INSTRUCTOR", 2), ("LEARNER", 1), ("OWNER", 1)]

    @pytest.mark.parametrize("new", [RoleContent(name="Teachers"), content(name="LEARNER", forbids=["learn"])])
    async def test_gives_no_other_name_to_what_every_tenant_has_and_lets_it_forbid_nothing(
        self, office: Office, owner: Caller, new: RoleContent
    ) -> None:
        with pytest.raises(RoleIsBuiltIn):
            await office.update(owner, built_in_id(owner.tenant_id, Role.LEARNER), new)

    async def test_a_name_is_given_once(self, office: Office, owner: Caller) -> None:
        await office.create(owner, content("learn", name="Others"))
        role = await office.create(owner, content("learn"))
        with pytest.raises(NameTaken):
            await office.update(owner, role.id, RoleContent(name="Others"))

    async def test_what_there_is_not_cannot_be_changed(self, office: Office, owner: Caller) -> None:
        with pytest.raises(NotFound):
            await office.update(owner, uuid7(), content("learn"))


class TestDeleteRole:
    async def test_waits_until_nobody_has_it(self, office: Office, owner: Caller, person: Person) -> None:
        role, ada = await office.create(owner, content("learn", WRITE)), await person()
        assigned = await office.assign(owner, ada, role.id)
        with pytest.raises(RoleInUse):
            await office.delete(owner, role.id)
        await office.revoke(owner, assigned.row.id)
        assert await office.delete(owner, role.id) == role.id
        with pytest.raises(NotFound):
            await office.delete(owner, role.id)
        with pytest.raises(NotFound):
            await office.assign(owner, ada, role.id)
        assert (await office.create(owner, content("learn"))).name == role.name

    async def test_closes_what_has_ended_by_itself(
        self, office: Office, owner: Caller, person: Person, sessions: Sessions
    ) -> None:
        role, ada = await office.create(owner, content("learn")), await person()
        await office.assign(owner, ada, role.id, valid_to=datetime.now(UTC) + timedelta(hours=1))
        async with unit_of_work(sessions, owner) as session:
            await session.execute(sa.update(RoleAssignment).values(valid_to=datetime.now(UTC)))
        await office.delete(owner, role.id)
        async with office.session(owner) as session:
            page = role_assignments.IN_ORDER.page(20, None)
            assert await role_assignments.list_assignments(session, Chosen(), page) == []

    async def test_is_for_whoever_holds_what_is_in_it(self, office: Office, owner: Caller, person: Person) -> None:
        role = await office.create(owner, content(WRITE))
        with pytest.raises(PermissionNotHeld):
            await office.delete(await person("roles:manage", "learn"), role.id)
        with pytest.raises(Forbidden):
            await office.delete(await person(WRITE), role.id)

    async def test_leaves_alone_what_every_tenant_has(self, office: Office, owner: Caller) -> None:
        with pytest.raises(RoleIsBuiltIn):
            await office.delete(owner, built_in_id(owner.tenant_id, Role.LEARNER))


class TestServiceAccounts:
    async def test_have_roles_in_the_whole_tenant_alone(
        self, office: Office, owner: Caller, sessions: Sessions, course: Place
    ) -> None:
        account_id = uuid7()
        program = calling_as(owner, account_id)
        async with unit_of_work(sessions, owner) as session:
            store = ServiceAccountStore(session)
            await store.add(account_id, name="Bot", role=Role.LEARNER, created_by=owner.require_user())
        role = await office.create(owner, content(WRITE))
        with pytest.raises(BadUserInput):
            await office.assign(owner, program, role.id, course)
        assigned = await office.assign(owner, program, role.id)
        assert await office.scopes(program) == {"learn", WRITE}
        await office.revoke(owner, assigned.row.id)
        assert await office.scopes(program) == {"learn"}

    async def test_that_there_are_not_have_none(self, office: Office, owner: Caller) -> None:
        with pytest.raises(NotFound):
            await office.assign(owner, calling_as(owner, uuid7()), built_in_id(owner.tenant_id, Role.LEARNER))


class TestTellingOnceMore:
    async def test_says_what_events_said(self, office: Office, owner: Caller, person: Person, course: Place) -> None:
        """For subgraphs that begin to listen when roles are assigned already."""
        role, ada = await office.create(owner, content(WRITE, forbids=["learn"])), await person()
        await office.assign(owner, ada, role.id, course)
        told: dict[bool, list[object]] = {False: [], True: []}
        for again, heard in told.items():
            async with office.session(owner) as session:
                if again:
                    await session.execute(sa.delete(OutboxRow))
                    await session.execute(sa.text(f"SET LOCAL search_path TO {tenant_schema(owner.tenant_id)}, public"))
                    for statement in RETELL:
                        await session.execute(sa.text(statement))
                for row in await session.scalars(sa.select(OutboxRow).order_by(OutboxRow.seq)):
                    if row.topic in GRANT_HANDLERS:
                        assert row.payload["event_id"] == str(row.event_id)
                        assert row.payload["tenant_id"] == str(owner.tenant_id)
                        heard.append(msgspec.convert(row.payload, GRANT_HANDLERS[row.topic].payload))
        assert len(told[False]) == 2
        assert told[True] == told[False]


class TestAssignRole:
    async def test_a_role_at_a_course_counts_there_alone(
        self, office: Office, owner: Caller, person: Person, course: Place
    ) -> None:
        ada = await person("learn")
        await office.assign(owner, ada, built_in_id(ada.tenant_id, Role.INSTRUCTOR), course)
        assert await office.permissions(ada, course) == sorted(BUILT_IN[Role.INSTRUCTOR])
        assert await office.permissions(ada) == ["learn"]
        assert await office.scopes(ada) == {"learn"}

    async def test_a_role_in_the_tenant_is_in_the_next_token(
        self, office: Office, owner: Caller, person: Person
    ) -> None:
        ada = await person("learn")
        role = await office.create(owner, content("audit:read", forbids=["learn"]))
        await office.assign(owner, ada, role.id)
        assert await office.scopes(ada) == {"audit:read"}
        assert await office.permissions(ada) == ["audit:read"]

    async def test_the_next_token_ends_with_the_first_role_that_does(
        self, office: Office, owner: Caller, person: Person
    ) -> None:
        ada, soon = await person("learn"), datetime.now(UTC) + timedelta(minutes=5)
        role = await office.create(owner, content("audit:read"))
        await office.assign(owner, ada, role.id, valid_to=soon)
        await office.assign(owner, ada, built_in_id(ada.tenant_id, Role.INSTRUCTOR))
        async with office.session(ada) as session:
            assert (await permissions_in_tenant(session, ada.require_user(), Role.LEARNER)).until == soon

    async def test_again_gives_it_another_end(self, office: Office, owner: Caller, person: Person) -> None:
        ada, soon = await person("learn"), datetime.now(UTC) + timedelta(minutes=5)
        role_id = built_in_id(ada.tenant_id, Role.INSTRUCTOR)
        first = await office.assign(owner, ada, role_id)
        again = await office.assign(owner, ada, role_id, valid_to=soon)
        assert (again.row.id, again.row.valid_to, again.row.version) == (first.row.id, soon, 2)

    @pytest.mark.parametrize("ends", [timedelta(0), timedelta(seconds=-1)])
    async def test_ends_later_than_now(self, owner: Caller, course: Place, ends: timedelta) -> None:
        with pytest.raises(BadUserInput, match="validTo"):
            NewAssignment(owner.require_user(), uuid7(), course, datetime.now(UTC) + ends)

    async def test_gives_nothing_that_is_not_held_there(
        self, office: Office, owner: Caller, person: Person, course: Place
    ) -> None:
        """Whoever manages the roles of one course assigns no more than they hold, there and nowhere else."""
        manager, ada = await person("learn"), await person("learn")
        managing = await office.create(owner, content("roles:manage", WRITE))
        writing = await office.create(owner, content(WRITE, name="Writers"))
        await office.assign(owner, manager, managing.id, course)
        await office.assign(manager, ada, writing.id, course)
        assert await office.permissions(ada, course) == [WRITE, "learn"]
        with pytest.raises(PermissionNotHeld):
            await office.assign(manager, ada, built_in_id(ada.tenant_id, Role.OWNER), course)
        for elsewhere in (None, Place(PlaceKind.COURSE, uuid7()), Place(PlaceKind.SECTION, course.id)):
            with pytest.raises(Forbidden):
                await office.assign(manager, ada, writing.id, elsewhere)

    async def test_nobody_gives_themselves_more(self, office: Office, person: Person) -> None:
        manager = await person("roles:manage", "learn")
        with pytest.raises(PermissionNotHeld):
            await office.assign(manager, manager, built_in_id(manager.tenant_id, Role.OWNER))

    async def test_knows_the_tenants_people_and_roles_alone(
        self, office: Office, owner: Caller, person: Person, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        role_id = built_in_id(owner.tenant_id, Role.LEARNER)
        with pytest.raises(NotFound, match="person"):
            await office.assign(owner, calling(tenant, uuid7()), role_id)
        for stranger in (uuid7(), built_in_id(other_tenant.id, Role.LEARNER)):
            with pytest.raises(NotFound, match="role"):
                await office.assign(owner, await person(), stranger)
        with pytest.raises(NotFound, match="tenant"):
            await office.assign(owner, await person(), role_id, Place(PlaceKind.TENANT, other_tenant.id))


class TestRevokeRole:
    async def test_ends_what_was_assigned(self, office: Office, owner: Caller, person: Person, course: Place) -> None:
        ada = await person("learn")
        assigned = await office.assign(owner, ada, built_in_id(ada.tenant_id, Role.INSTRUCTOR), course)
        for _ in range(2):
            revoked = await office.revoke(owner, assigned.row.id)
            assert (revoked.row.revoked_at is not None, revoked.row.version) == (True, 2)
        assert await office.permissions(ada, course) == ["learn"]

    async def test_ends_sessions_where_it_was_had_in_the_whole_tenant(
        self, office: Office, owner: Caller, person: Person, course: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is had elsewhere stands in no access token."""
        ended: list[UUID] = []

        async def note(_: TenantSession, user_id: UUID, __: datetime) -> None:
            ended.append(user_id)

        monkeypatch.setattr(role_assignments, "end_sessions", note)
        ada, told = await person("learn"), list[int]()
        for place in (course, None):
            assigned = await office.assign(owner, ada, built_in_id(ada.tenant_id, Role.INSTRUCTOR), place)
            await office.revoke(owner, assigned.row.id)
            told.append(len(ended))
        assert told == [0, 1]

    async def test_can_be_assigned_again(self, office: Office, owner: Caller, person: Person, course: Place) -> None:
        ada = await person("learn")
        role_id = built_in_id(ada.tenant_id, Role.INSTRUCTOR)
        first = await office.assign(owner, ada, role_id, course)
        await office.revoke(owner, first.row.id)
        assert (await office.assign(owner, ada, role_id, course)).row.id != first.row.id
        assert WRITE in await office.permissions(ada, course)

    async def test_nobody_takes_away_what_they_do_not_hold(self, office: Office, owner: Caller, person: Person) -> None:
        assigned = await office.assign(owner, await person(), built_in_id(owner.tenant_id, Role.OWNER))
        with pytest.raises(PermissionNotHeld):
            await office.revoke(await person("roles:manage", "learn"), assigned.row.id)

    async def test_does_not_exist_for_those_who_may_not(
        self, office: Office, owner: Caller, person: Person, course: Place
    ) -> None:
        assigned = await office.assign(owner, await person(), built_in_id(owner.tenant_id, Role.LEARNER), course)
        for caller, assignment_id in ((await person("learn"), assigned.row.id), (owner, uuid7())):
            with pytest.raises(NotFound):
                await office.revoke(caller, assignment_id)


class TestListing:
    async def test_everybody_sees_their_own_roles(
        self, office: Office, owner: Caller, person: Person, course: Place
    ) -> None:
        ada, bob = await person("learn"), await person("learn")
        await office.assign(owner, ada, built_in_id(ada.tenant_id, Role.INSTRUCTOR), course)
        page = role_assignments.IN_ORDER.page(20, None)
        async with office.session(ada) as session:
            [own] = await role_assignments.list_assignments(session, Chosen(user_id=ada.user_id), page)
            assert role_assignments.role_of(ada.tenant_id, own).name == "INSTRUCTOR"
            with pytest.raises(Forbidden):
                await role_assignments.list_assignments(session, Chosen(user_id=bob.user_id), page)
            with pytest.raises(Forbidden):
                await role_assignments.list_assignments(session, Chosen(), page)

    async def test_who_manages_roles_somewhere_sees_which_there_are(
        self, office: Office, owner: Caller, person: Person, course: Place
    ) -> None:
        manager = await person("learn")
        page = roles.BY_NAME.page(20, None)
        async with office.session(manager) as session:
            with pytest.raises(Forbidden):
                await roles.list_roles(session, page)
        managing = await office.create(owner, content("roles:manage"))
        await office.assign(owner, manager, managing.id, course)
        async with office.session(manager) as session:
            names = [role.name for role in await roles.list_roles(session, page)]
        assert names == ["INSTRUCTOR", "LEARNER", "OWNER", "Assistants"]
