"""The audit of the auth subgraph: what is kept of each mutation, and that nobody can change it."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from shared.caller import Caller
from shared.database import Sessions, unit_of_work
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from shared.tenancy.names import database_name, tenant_schema
from subgraphs.auth.models.audit import AuditEvent, beginning, hash_of
from subgraphs.auth.service import audit
from subgraphs.auth.service.audit import Actor, Change, Subject
from tests.tenants import Control, Tenant


async def entries(sessions: Sessions, caller: Caller) -> list[AuditEvent]:
    """The whole chain, the first entry first."""
    async with sessions.read(caller) as session:
        return list(await session.scalars(sa.select(AuditEvent).order_by(AuditEvent.seq)))


async def note(sessions: Sessions, caller: Caller, *actions: str) -> None:
    """One transaction with these entries."""
    async with unit_of_work(sessions, caller) as session:
        for action in actions:
            audit.note(session, action, Subject("Session", caller.tenant_id))


@pytest.fixture
async def observed(sessions: Sessions) -> Sessions:
    """Sessions as the subgraph has them."""
    return Sessions(sessions.engine, subgraph="auth", observer=audit.performed)


class TestAChain:
    async def test_every_entry_has_the_hash_of_the_one_before(self, sessions: Sessions, tenant: Tenant) -> None:
        caller = tenant.caller()
        await note(sessions, caller, "one", "two")
        await note(sessions, caller, "three")
        first, second, third = await entries(sessions, caller)
        assert [event.seq for event in (first, second, third)] == [1, 2, 3]
        assert first.previous_hash == beginning(tenant.id)
        assert second.previous_hash == first.hash == hash_of(first)
        assert third.previous_hash == second.hash == hash_of(second)

    async def test_transactions_at_the_same_time_make_one_chain(self, sessions: Sessions, tenant: Tenant) -> None:
        caller = tenant.caller()
        await asyncio.gather(*(note(sessions, caller, f"at once {number}") for number in range(6)))
        chain = await entries(sessions, caller)
        assert [event.seq for event in chain] == [1, 2, 3, 4, 5, 6]
        assert [event.previous_hash for event in chain[1:]] == [event.hash for event in chain[:-1]]

    async def test_two_tenants_have_chains_of_their_own(
        self, sessions: Sessions, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        await note(sessions, tenant.caller(), "one")
        await note(sessions, other_tenant.caller(), "two")
        [event] = await entries(sessions, other_tenant.caller())
        assert (event.seq, event.action) == (1, "two")
        assert event.previous_hash != beginning(tenant.id)

    async def test_what_is_rolled_back_leaves_no_entry(self, sessions: Sessions, tenant: Tenant) -> None:
        caller = tenant.caller()

        async def fail() -> None:
            async with unit_of_work(sessions, caller) as session:
                audit.note(session, "never", Subject(None, caller.tenant_id))
                raise LookupError

        with pytest.raises(LookupError):
            await fail()
        assert await entries(sessions, caller) == []


class TestAMutation:
    async def test_has_an_entry_without_saying_so(self, observed: Sessions, tenant: Tenant) -> None:
        caller, done = tenant.caller(), uuid7()

        async def perform() -> UUID:
            return done

        for _ in range(2):
            async with unit_of_work(observed, caller) as session:
                await once(session, Attempt("doSomething", key="k", input={}), perform)
        [event] = await entries(observed, caller)
        assert (event.action, event.subject_id, event.actor_id) == ("doSomething", str(done), str(caller.user_id))

    async def test_may_say_more_of_what_it_does(self, observed: Sessions, tenant: Tenant) -> None:
        caller, somebody = tenant.caller(), uuid7()

        async def perform() -> UUID:
            changes = [
                Change("email", "ada@example.org", None),
                Change("password", "old", "new"),
                Change("n", "1", "2"),
            ]
            audit.describe(session, Subject("Account", somebody), changes=changes, actor=Actor.person(somebody))
            return uuid7()

        async with unit_of_work(observed, caller) as session:
            await once(session, Attempt("change", key=None, input={}), perform)
        [event] = await entries(observed, caller)
        assert (event.subject_type, event.subject_id, event.actor_id) == ("Account", str(somebody), str(somebody))
        assert event.changes == (
            '[["email","[e-mail address]",null],["password","[redacted]","[redacted]"],["n","1","2"]]'
        )


class TestNobodyChangesAnEntry:
    @pytest.mark.parametrize(
        "statement", ["UPDATE {table} SET action = 'x'", "DELETE FROM {table}", "TRUNCATE {table}"]
    )
    async def test_not_even_the_administrator(
        self, control: Control, sessions: Sessions, tenant: Tenant, statement: str
    ) -> None:
        await note(sessions, tenant.caller(), "one")
        asked = statement.format(table=f"{tenant_schema(tenant.id)}.audit_events")
        async with control.admin() as admin, admin.engine(database_name("auth")).connect() as connection:
            with pytest.raises(DBAPIError, match="append-only"):
                await connection.exec_driver_sql(asked)

    @pytest.mark.parametrize("table", ["audit_events", "audit_heads"])
    async def test_the_tenants_role_may_not(self, control: Control, tenant: Tenant, table: str) -> None:
        schema = tenant_schema(tenant.id)
        async with control.admin() as admin, admin.engine(database_name("auth")).connect() as connection:
            held = {
                right: await connection.scalar(
                    sa.select(sa.func.has_table_privilege(f"{schema}_auth", f"{schema}.{table}", right))
                )
                for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
            }
        appends = table == "audit_events"
        assert held == {"SELECT": True, "INSERT": appends, "UPDATE": False, "DELETE": False, "TRUNCATE": False}


async def test_the_chain_is_asked_for_with_cursor_and_filters(
    sessions: Sessions, tenant: Tenant, ask: Any, token_of: Any
) -> None:
    caller = tenant.caller("audit:read")
    await note(sessions, caller, "one", "two", "one")
    query = """query ($first: Int!, $after: String, $filter: AuditEventFilter) {
      auditEvents(first: $first, after: $after, filter: $filter) {
        edges { node { seq action actor { kind id user { id } } subject { type id } hash } }
        pageInfo { hasNextPage endCursor }
      }
    }"""

    async def page(**variables: Any) -> tuple[list[int], dict[str, Any]]:
        answer = await ask(query, {"first": 2, **variables}, token=token_of(caller))
        shown = answer["data"]["auditEvents"]
        return [edge["node"]["seq"] for edge in shown["edges"]], shown["pageInfo"]

    seqs, info = await page()
    assert (seqs, info["hasNextPage"]) == ([3, 2], True)
    assert (await page(after=info["endCursor"]))[0] == [1]
    assert (await page(filter={"action": "one", "actorId": str(caller.user_id)}))[0] == [3, 1]
    assert (await page(filter={"subjectType": "Course"}))[0] == []
    assert (await page(filter={"since": "2001-01-01T00:00:00Z", "until": "2001-01-02T00:00:00Z"}))[0] == []


async def test_the_chain_is_shown_to_who_may_read_it(tenant: Tenant, ask: Any, token_of: Any) -> None:
    answer = await ask("{ auditEvents { edges { node { seq } } } }", token=token_of(tenant.caller("learn")))
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
