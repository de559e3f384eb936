"""Acting in another person's name: seen by everybody whom it concerns, and never to be able to do more."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from shared.permissions.catalogue import built_in_id
from shared.permissions.places import PlaceKind
from shared.roles import Role
from shared.tokens import TokenVerifier
from subgraphs.auth.models import Impersonation, RoleAssignment, SignInSession, TenantRole
from subgraphs.auth.service.forgetting import forget_old
from subgraphs.auth.service.impersonation import LIFETIME
from tests.subgraphs.auth.audit.test_chain import entries
from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.auth.impersonation.conftest import START, STOP, Enter, Person
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant

VIEWER = "{ viewer { user { id } scopes impersonator { id } } }"
SEEN = "{ impersonations { edges { node { id reason impersonator { id } endedAt } } } }"
PROMOTE = "mutation ($input: AssignRoleInput!) { assignRole(input: $input) { userErrors { code } } }"
REVOKE_OTHERS = "mutation { revokeOtherSessions(input: {}) { sessionId } }"


async def ended(sessions: Sessions, tenant: Tenant) -> set[UUID]:
    """The sessions whose tokens routers refuse."""
    told = sa.select(OutboxRow.payload["session_id"].astext).where(OutboxRow.topic == "auth.session-ended.v1")
    async with sessions.read(tenant.caller()) as session:
        return {UUID(each) for each in await session.scalars(told)}


async def give(sessions: Sessions, tenant: Tenant, person: Person, *permissions: str, forbids: bool = False) -> None:
    """Let a person have permissions, or be forbidden them, at some course."""
    given = {"permissions": [] if forbids else [*permissions], "forbids": [*permissions] if forbids else []}
    async with unit_of_work(sessions, tenant.caller()) as session:
        role = TenantRole(id=uuid7(), name=f"{uuid7()}", description="", **given)
        session.add(role)
        await session.flush()
        place = {"place_kind": PlaceKind.COURSE, "place_id": uuid7()}
        session.add(RoleAssignment(user_id=person.id, role_id=role.id, assigned_by=person.id, **place))


class TestStarting:
    async def test_the_token_names_both_and_ends_soon(
        self, olga: Person, enter: Enter, own_verifier: TokenVerifier
    ) -> None:
        rita = await enter("rita", Role.OWNER)
        begun = await olga.impersonates(rita)
        assert begun["session"]["refreshToken"] is None
        caller = await own_verifier.caller(begun["session"]["accessToken"])
        assert (caller.user_id, caller.impersonator_id) == (rita.id, olga.id)
        assert (caller.auth_time, caller.acr) == (None, None)
        assert not caller.scopes & {"roles:manage", "apps:manage", "sessions:manage", "tenant:manage"}
        shown = (
            await Person(rita.id, begun["session"]["accessToken"], olga.ask).ask(
                VIEWER, token=begun["session"]["accessToken"]
            )
        )["data"]["viewer"]
        assert (shown["user"]["id"], shown["impersonator"]["id"]) == (str(rita.id), str(olga.id))
        assert "people:impersonate" not in shown["scopes"]

    async def test_the_person_sees_it_and_is_told(
        self, ask: Ask, olga: Person, lena: Person, sessions: Sessions, tenant: Tenant
    ) -> None:
        begun = (await olga.impersonates(lena, "She cannot hand in"))["impersonation"]
        [seen] = (await ask(SEEN, token=lena.token))["data"]["impersonations"]["edges"]
        assert seen["node"] == {
            "id": begun["id"],
            "reason": "She cannot hand in",
            "impersonator": {"id": str(olga.id)},
            "endedAt": None,
        }
        async with sessions.read(tenant.caller()) as session:
            told = sa.select(OutboxRow.payload).where(OutboxRow.topic == "auth.impersonation-started.v1")
            [event] = await session.scalars(told)
        assert (event["user_id"], event["reason"]) == (str(lena.id), "She cannot hand in")

    async def test_the_audit_names_both_from_beginning_to_end(
        self, olga: Person, lena: Person, sessions: Sessions, tenant: Tenant
    ) -> None:
        acting = await olga.acting_for(lena)
        await acting.wants(STOP)
        *_, started, stopped = await entries(sessions, tenant.caller())
        assert (started.action, started.actor_id, started.subject_id) == (
            "startImpersonation",
            str(olga.id),
            str(lena.id),
        )
        assert ["reason", None, "Ticket 7"] in orjson.loads(started.changes)
        assert (stopped.action, stopped.actor_id, stopped.impersonator_id) == (
            "stopImpersonation",
            str(lena.id),
            olga.id,
        )

    async def test_a_repetition_gives_the_same_until_it_is_over(self, olga: Person, lena: Person) -> None:
        given = {"userId": str(lena.id), "reason": "Ticket 7", "idempotencyKey": "once"}
        first, second = [(await olga.wants(START, **given))["data"]["startImpersonation"] for _ in range(2)]
        assert first["impersonation"] == second["impersonation"]
        await olga.wants(STOP, impersonationId=first["impersonation"]["id"])
        [error] = (await olga.wants(START, **given))["data"]["startImpersonation"]["userErrors"]
        assert error["code"] == "IMPERSONATION_ENDED"


class TestRefusing:
    async def test_who_may_not(self, enter: Enter, lena: Person) -> None:
        teacher = await enter("tom", Role.INSTRUCTOR)
        assert code_of(await teacher.wants(START, userId=str(lena.id), reason="Curiosity")) == "FORBIDDEN"

    async def test_strangers_themselves_and_no_reason(
        self, olga: Person, lena: Person, other_tenant: Tenant, add_account: object
    ) -> None:
        assert code_of(await olga.wants(START, userId=str(uuid7()), reason="Ticket 7")) == "NOT_FOUND"
        assert (await olga.impersonates(olga))["userErrors"] == [{"code": "NOT_IMPERSONABLE"}]
        assert code_of(await olga.wants(START, userId=str(lena.id), reason=" ")) == "BAD_USER_INPUT"

    @pytest.mark.parametrize("stands", ["in the whole tenant", "at a course", "forbidden to the other"])
    async def test_whoever_may_do_more_somewhere(
        self, olga: Person, enter: Enter, sessions: Sessions, tenant: Tenant, stands: str
    ) -> None:
        helper, target = await enter("hans"), await enter("ada", Role.INSTRUCTOR if "whole" in stands else Role.LEARNER)
        async with unit_of_work(sessions, tenant.caller()) as session:
            role = TenantRole(id=uuid7(), name="Help", description="", permissions=["people:impersonate"], forbids=[])
            session.add(role)
            await session.flush()
            place = {"place_kind": PlaceKind.TENANT, "place_id": tenant.id}
            session.add(RoleAssignment(user_id=helper.id, role_id=role.id, assigned_by=olga.id, **place))
        if stands == "at a course":
            await give(sessions, tenant, target, "courses:write")
        if stands == "forbidden to the other":
            await give(sessions, tenant, helper, "learn", forbids=True)
        refreshed = Person(helper.id, await _again(helper.ask, tenant, "hans"), helper.ask)
        assert (await refreshed.impersonates(target))["userErrors"] == [{"code": "PERMISSION_NOT_HELD"}]
        if stands != "forbidden to the other":
            assert (await refreshed.impersonates(await enter("lea")))["userErrors"] == []

    async def test_a_chain_and_all_that_lasts(self, olga: Person, lena: Person, enter: Enter) -> None:
        acting = await olga.acting_for(await enter("rita", Role.OWNER))
        assert code_of(await acting.wants(START, userId=str(lena.id), reason="Chain")) == "STEP_UP_REQUIRED"
        for document in (
            REVOKE_OTHERS,
            "mutation { signOut(input: {}) { sessionId } }",
            f'mutation {{ revokeSession(input: {{sessionId: "{uuid7()}"}}) {{ sessionId }} }}',
        ):
            assert code_of(await acting.ask(document, token=acting.token)) == "FORBIDDEN"
        assert code_of(await acting.ask("mutation { enrollMfa(input: {}) { secret } }", token=acting.token)) == (
            "STEP_UP_REQUIRED"
        )


async def _again(ask: Ask, tenant: Tenant, name: str) -> str:
    """A token that says what the person may do by now."""
    sign_in = "mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }"
    given = {"tenant": tenant.slug, "email": f"{name}@example.org", "password": "correct horse"}
    return (await ask(sign_in, {"input": given}))["data"]["signIn"]["session"]["accessToken"]


class TestEnding:
    @pytest.mark.parametrize("by", ["the one who acts", "its token", "the person"])
    async def test_at_once(
        self, olga: Person, lena: Person, sessions: Sessions, tenant: Tenant, by: str, own_verifier: TokenVerifier
    ) -> None:
        acting = await olga.acting_for(lena)
        session_id = (await own_verifier.caller(acting.token)).session_id
        who, given = {
            "the one who acts": (olga, {"impersonationId": str(session_id)}),
            "its token": (acting, {}),
            "the person": (lena, {"impersonationId": str(session_id)}),
        }[by]
        stopped = (await who.wants(STOP, **given))["data"]["stopImpersonation"]["impersonation"]
        assert stopped["endedAt"]
        assert await ended(sessions, tenant) == {session_id}  # routers refuse its token, and end its streams

    async def test_by_nobody_else(self, olga: Person, lena: Person, enter: Enter, own_verifier: TokenVerifier) -> None:
        acting, bob = await olga.acting_for(lena), await enter("bob")
        given = {"impersonationId": str((await own_verifier.caller(acting.token)).session_id)}
        assert code_of(await bob.wants(STOP, **given)) == "NOT_FOUND"
        as_bob = await olga.acting_for(bob)
        assert code_of(await as_bob.wants(STOP, **given)) == "NOT_FOUND"
        assert code_of(await bob.wants(STOP)) == "NOT_FOUND"

    @pytest.mark.parametrize("whose", ["impersonator", "person"])
    async def test_with_the_sessions_of_either(
        self,
        olga: Person,
        lena: Person,
        sessions: Sessions,
        tenant: Tenant,
        own_verifier: TokenVerifier,
        whose: str,
    ) -> None:
        acting = await olga.acting_for(lena)
        who = {"impersonator": olga, "person": lena}[whose]
        document = REVOKE_OTHERS if whose == "person" else "mutation { signOut(input: {}) { sessionId } }"
        await who.ask(document, token=who.token)
        assert (await own_verifier.caller(acting.token)).session_id in await ended(sessions, tenant)

    async def test_when_the_person_may_do_more_by_now(
        self, ask: Ask, olga: Person, lena: Person, sessions: Sessions, tenant: Tenant, own_verifier: TokenVerifier
    ) -> None:
        acting = await olga.acting_for(lena)
        given = {"userId": str(lena.id), "roleId": str(built_in_id(tenant.id, Role.INSTRUCTOR))}
        promoted = await ask(PROMOTE, {"input": given}, token=olga.token)
        assert promoted["data"]["assignRole"]["userErrors"] == []
        assert (await own_verifier.caller(acting.token)).session_id in await ended(sessions, tenant)

    async def test_no_later_than_the_role_that_allows_it_and_is_forgotten_after_a_year(
        self, olga: Person, lena: Person, sessions: Sessions, tenant: Tenant
    ) -> None:
        await olga.impersonates(lena)
        async with unit_of_work(sessions, tenant.caller()) as session:
            [row] = await session.scalars(sa.select(Impersonation))
            assert row.expires_at - row.started_at == LIFETIME
            [began] = await session.scalars(sa.select(SignInSession.id).where(SignInSession.user_id == olga.id))
            assert row.session_id == began
            row.expires_at = datetime.now(UTC) - timedelta(days=366)
        async with unit_of_work(sessions, tenant.caller()) as session:
            await forget_old(session)
            assert (await session.scalars(sa.select(Impersonation))).all() == []
