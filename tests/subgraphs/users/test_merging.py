"""Two accounts of one person become one, which gains nothing but what is the person's."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from shared.authentication import PASSWORD, Authentication
from shared.caller import Caller
from shared.data_keys import DataKeys
from shared.data_keys.store import DataKeyStore
from shared.database import Sessions, unit_of_work
from shared.graphql.app import SubgraphApp
from shared.permissions.catalogue import BUILT_IN
from shared.roles import Role
from shared.tokens import TokenIssuer
from subgraphs.users.consumers import HANDLERS
from subgraphs.users.models import ExternalId, Group, GroupMember, Relationship, User
from subgraphs.users.service.data_requests import OTHERS
from subgraphs.users.service.sealed_fields import SealedFields, has_some
from tests.subgraphs.conftest import Ask, SignIn, code_of
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Tenant

MERGE = """mutation ($input: MergeUsersInput!) {
  mergeUsers(input: $input) { dataRequest { id kind state into { id } user { mergedInto { id } } } userErrors { code } }
}"""
STATE = "query ($id: ID!) { dataRequest(id: $id) { state perSubgraph { answeredAt } } }"


@pytest.fixture
def manager(tenant: Tenant) -> Caller:
    """Whoever manages people."""
    return tenant.caller("users:manage")


@pytest.fixture
def ask(users: SubgraphApp, issuer: TokenIssuer) -> Ask:
    """Ask as somebody who has just proved who they are."""

    async def answer(query: str, variables: dict[str, Any] | None = None, *, by: Caller) -> dict[str, Any]:
        assert by.session_id
        token = issuer.issue(
            by.tenant_id,
            by.require_user(),
            by.session_id,
            role=by.role,
            scopes=by.scopes,
            authentication=Authentication.of(datetime.now(UTC), [PASSWORD]),
        )
        return await users.service.execute(query, variables, headers={"Authorization": f"Bearer {token.access_token}"})

    return answer


async def merge(ask: Ask, by: Caller, one: User, into: User) -> dict[str, Any]:
    """Make two accounts one; returns what came of it."""
    answer = await ask(MERGE, {"input": {"userId": str(one.id), "intoId": str(into.id)}}, by=by)
    return answer["data"]["mergeUsers"]


class TestMerge:
    async def test_gives_all_that_is_the_persons_to_the_one_they_go_on_as(
        self, ask: Ask, manager: Caller, add_user: AddUser, tenant: Tenant, sessions: Sessions, keys: DataKeys
    ) -> None:
        ada = await add_user(tenant, "ada@example.org", handle="ada", custom_fields={"shoe": "37", "cap": "s"})
        again = await add_user(tenant, "a@example.org", custom_fields={"cap": "m"}, role="INSTRUCTOR")
        bob, eve = await add_user(tenant, "bob@example.org"), await add_user(tenant, "eve@example.org")
        async with unit_of_work(sessions, tenant.caller()) as session:
            group = Group(name="Chess")
            session.add(group)
            await session.flush()
            session.add_all(GroupMember(group_id=group.id, user_id=one.id) for one in (ada, again))
            session.add(ExternalId(user_id=ada.id, source="sis", external_id="1"))
            session.add(ExternalId(user_id=again.id, source="hr", external_id="2"))
            ties = [("GUARDIAN", bob, ada), ("MANAGER", again, eve), ("MANAGER", eve, ada), ("MENTOR", ada, again)]
            session.add_all(Relationship(kind=kind, user_id=a.id, of_user_id=b.id) for kind, a, b in ties)
        done = await merge(ask, manager, ada, again)
        assert done["userErrors"] == []
        assert (done["dataRequest"]["kind"], done["dataRequest"]["into"]) == ("MERGE", {"id": str(again.id)})
        assert done["dataRequest"]["user"] == {"mergedInto": {"id": str(again.id)}}
        async with sessions.read(tenant.caller()) as session:
            left, kept = await session.get_one(User, ada.id), await session.get_one(User, again.id)
            fields = SealedFields(await keys.of(session))
            members = list(await session.scalars(sa.select(GroupMember.user_id)))
            named = {(one.user_id, one.source) for one in await session.scalars(sa.select(ExternalId))}
            tied = {(one.kind, one.user_id, one.of_user_id) for one in await session.scalars(sa.select(Relationship))}
        assert (left.status, left.email, left.handle) == ("ERASED", f"{ada.id}@erased.invalid", None)
        assert (kept.email, kept.handle, kept.role) == ("a@example.org", "ada", "INSTRUCTOR")
        assert fields.of(kept) == {"shoe": "37", "cap": "m"}
        assert not has_some(left)
        assert (members, named) == ([again.id], {(again.id, "sis"), (again.id, "hr")})
        assert tied == {("GUARDIAN", bob.id, again.id), ("MANAGER", again.id, eve.id)}

    async def test_gives_no_values_that_were_erased_for_good(
        self, ask: Ask, manager: Caller, add_user: AddUser, tenant: Tenant, sessions: Sessions, keys: DataKeys
    ) -> None:
        ada, again = await add_user(tenant, "ada@example.org"), await add_user(tenant, "a@example.org")
        async with unit_of_work(sessions, tenant.caller()) as session:
            SealedFields(await keys.of(session, sealing=True)).set(await session.get_one(User, ada.id), {"shoe": "37"})
            await DataKeyStore(session).shred()
        assert (await merge(ask, manager, ada, again))["userErrors"] == []
        async with sessions.read(tenant.caller()) as session:
            assert not any([has_some(await session.get_one(User, one.id)) for one in (ada, again)])

    async def test_is_done_once_everybody_has_answered(
        self, ask: Ask, manager: Caller, add_user: AddUser, tenant: Tenant, sessions: Sessions
    ) -> None:
        ada, again = [await add_user(tenant, f"{name}@example.org") for name in ("ada", "again")]
        request = (await merge(ask, manager, ada, again))["dataRequest"]
        assert request["state"] == "PENDING"
        for subgraph in OTHERS:
            handler = HANDLERS[f"{subgraph}.personal-data-erased.v1"]
            event = handler.payload(tenant_id=tenant.id, request_id=UUID(request["id"]), rows=1)
            async with unit_of_work(sessions, tenant.caller()) as session:
                await handler.handle(session, event)
        assert (await ask(STATE, {"id": request["id"]}, by=manager))["data"]["dataRequest"]["state"] == "DONE"

    async def test_of_two_into_each_other_at_once_happens_one_way(
        self, ask: Ask, manager: Caller, add_user: AddUser, tenant: Tenant
    ) -> None:
        ada, again = [await add_user(tenant, f"{name}@example.org") for name in ("ada", "again")]
        asked = [{"input": {"userId": str(a.id), "intoId": str(b.id)}} for a, b in ((ada, again), (again, ada))]
        answers = await asyncio.gather(*(ask(MERGE, one, by=manager) for one in asked))
        assert sorted("errors" in answer for answer in answers) == [False, True]

    async def test_of_the_last_owner_or_into_somebody_who_is_not_active_is_refused(
        self, ask: Ask, add_user: AddUser, tenant: Tenant
    ) -> None:
        manager = tenant.caller(*BUILT_IN[Role.OWNER])
        owner = await add_user(tenant, "owner@example.org", role="OWNER")
        ada = await add_user(tenant, "ada@example.org")
        invited = await add_user(tenant, "new@example.org", status="INVITED")
        assert (await merge(ask, manager, owner, ada))["userErrors"] == [{"code": "LAST_OWNER"}]
        assert (await merge(ask, manager, ada, invited))["userErrors"] == [{"code": "PERSON_NOT_ACTIVE"}]

    async def test_needs_the_permission_and_a_fresh_proof_and_people_of_the_tenant(
        self,
        ask: Ask,
        users: SubgraphApp,
        signed_in: SignIn,
        manager: Caller,
        add_user: AddUser,
        tenant: Tenant,
        other_tenant: Tenant,
    ) -> None:
        ada, again = [await add_user(tenant, f"{name}@example.org") for name in ("ada", "again")]
        asked = {"input": {"userId": str(ada.id), "intoId": str(again.id)}}
        assert code_of(await ask(MERGE, asked, by=tenant.caller("users:read"))) == "FORBIDDEN"
        assert code_of(await ask(MERGE, asked, by=other_tenant.caller("users:manage"))) == "NOT_FOUND"
        assert code_of(await users.service.execute(MERGE, asked, headers=signed_in(manager))) == "STEP_UP_REQUIRED"
        same = {"input": {"userId": str(ada.id), "intoId": str(ada.id)}}
        assert code_of(await ask(MERGE, same, by=manager)) == "BAD_USER_INPUT"
