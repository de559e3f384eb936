"""What is held of a person, told to them or erased: who has answered, who may see it, and what is left."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any, TypeAlias
from uuid import UUID

import pytest
import sqlalchemy as sa

from shared.caller import Caller
from shared.database import Sessions, unit_of_work
from shared.events import Hub
from shared.events.outbox import OutboxRow
from shared.graphql.app import SubgraphApp
from shared.ids import uuid7
from subgraphs.users.consumers import HANDLERS
from subgraphs.users.models import DataRequest, ExportedRow, Invitation, Relationship, User
from subgraphs.users.service.data_requests import EXPORT_KEPT, OTHERS
from subgraphs.users.service.forgetting import forget_old
from tests.patience import PATIENCE_SECONDS
from tests.subgraphs.conftest import Ask, SignIn, code_of
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Tenant

_ANSWER = "{ id state version cursor perSubgraph { subgraph answeredAt rows } }"
EXPORT = f"""mutation ($input: DataRequestInput!) {{
  requestDataExport(input: $input) {{ dataRequest {_ANSWER} userErrors {{ code }} }}
}}"""
ERASE = f"""mutation ($input: DataRequestInput!) {{
  requestErasure(input: $input) {{ dataRequest {_ANSWER} userErrors {{ code }} }}
}}"""
RECORDS = """query ($id: ID!, $after: String) {
  dataRequest(id: $id) {
    state
    records(first: 2, after: $after) { edges { node { subgraph kind json } } pageInfo { endCursor hasNextPage } }
  }
}"""
FOLLOW = """subscription ($id: ID!, $after: String) {
  dataRequestUpdated(id: $id, after: $after) { state version cursor }
}"""

Tell: TypeAlias = Callable[..., Any]


@pytest.fixture
async def ada(add_user: AddUser, tenant: Tenant) -> User:
    """A person."""
    return await add_user(tenant, "ada@example.org", handle="ada")


@pytest.fixture
def tell(sessions: Sessions, hub: Hub, tenant: Tenant) -> Tell:
    """Another subgraph answers, as the consumer hears it."""

    async def handle(subgraph: str, what: str, **payload: Any) -> None:
        handler = HANDLERS[f"{subgraph}.personal-data-{what}.v1"]
        event = handler.payload(tenant_id=tenant.id, **payload)
        async with unit_of_work(sessions, tenant.caller()) as session:
            await handler.handle(session, event)
        assert handler.wakes
        for channel in handler.wakes(event):
            await hub.publish(channel)

    return handle


def fresh(caller: Caller) -> Caller:
    """The caller, who has just proved who they are."""
    return replace(caller, auth_time=int(time()))


async def exported(ask: Ask, caller: Caller) -> dict[str, Any]:
    """Request an export of the caller's own."""
    return (await ask(EXPORT, {"input": {}}, by=caller))["data"]["requestDataExport"]["dataRequest"]


async def topics(sessions: Sessions, tenant: Tenant) -> list[str]:
    """What the subgraph has told the others."""
    async with sessions.read(tenant.caller()) as session:
        return [row.topic for row in await session.scalars(sa.select(OutboxRow).order_by(OutboxRow.seq))]


class TestExport:
    async def test_is_done_when_every_part_of_everybody_is_here(
        self, ask: Ask, ada: User, tenant: Tenant, sessions: Sessions, tell: Tell
    ) -> None:
        me = tenant.caller(user_id=ada.id)
        request = await exported(ask, me)
        assert {one["subgraph"]: one["answeredAt"] is not None for one in request["perSubgraph"]} == {
            "users": True,
            **dict.fromkeys(OTHERS, False),
        }
        row = {"table": "enrollments", "data": {"id": "e"}}
        request_id = UUID(request["id"])
        for part in (1, 0, 0):
            await tell("courses", "exported", request_id=request_id, part=part, parts=2, rows=[row] * (2 - part))
        for subgraph in set(OTHERS) - {"courses"}:
            assert (await ask(RECORDS, {"id": request["id"]}, by=me))["data"]["dataRequest"]["records"] is None
            await tell(subgraph, "exported", request_id=request_id, part=0, parts=1, rows=[])
        seen: list[tuple[str, str]] = []
        after: str | None = None
        for more in (True, False):
            answer = (await ask(RECORDS, {"id": request["id"], "after": after}, by=me))["data"]["dataRequest"]
            page = answer["records"]
            seen += [(edge["node"]["subgraph"], edge["node"]["kind"]) for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            assert (answer["state"], page["pageInfo"]["hasNextPage"]) == ("DONE", more)
        assert seen == [("courses", "enrollments")] * 3 + [("users", "users")]
        assert await topics(sessions, tenant) == ["users.data-export-requested.v1", "users.data-request-completed.v1"]

    async def test_of_oneself_needs_no_permission_and_of_others_does(
        self, ask: Ask, ada: User, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        asked = {"input": {"userId": str(ada.id)}}
        assert code_of(await ask(EXPORT, asked, by=tenant.caller("users:read"))) == "FORBIDDEN"
        assert code_of(await ask(EXPORT, asked, by=fresh(other_tenant.caller("users:manage")))) == "NOT_FOUND"
        assert code_of(await ask(EXPORT, asked, by=tenant.caller("users:manage"))) == "STEP_UP_REQUIRED"
        answer = await ask(EXPORT, asked, by=fresh(tenant.caller("users:manage")))
        assert answer["data"]["requestDataExport"]["userErrors"] == []

    async def test_is_made_once_at_a_time(self, ask: Ask, ada: User, tenant: Tenant) -> None:
        await exported(ask, tenant.caller(user_id=ada.id))
        answer = await ask(EXPORT, {"input": {}}, by=tenant.caller(user_id=ada.id))
        assert answer["data"]["requestDataExport"]["userErrors"] == [{"code": "DATA_REQUEST_PENDING"}]

    async def test_is_nobody_elses_to_see(self, ask: Ask, ada: User, tenant: Tenant, other_tenant: Tenant) -> None:
        request = await exported(ask, tenant.caller(user_id=ada.id))
        for caller in (tenant.caller("users:read"), other_tenant.caller("users:manage")):
            assert await ask(RECORDS, {"id": request["id"]}, by=caller) == {"data": {"dataRequest": None}}

    async def test_keeps_no_secret(self, ask: Ask, ada: User, sessions: Sessions, tenant: Tenant, tell: Tell) -> None:
        me = tenant.caller(user_id=ada.id)
        async with unit_of_work(sessions, me) as session:
            session.add(Invitation(batch_id=uuid7(), user_id=ada.id, role="LEARNER", expires_at=ada.created_at))
        request = await exported(ask, me)
        for subgraph in OTHERS:
            await tell(subgraph, "exported", request_id=UUID(request["id"]), part=0, parts=1, rows=[])
        page = (await ask(RECORDS, {"id": request["id"]}, by=me))["data"]["dataRequest"]["records"]
        kinds = {edge["node"]["kind"]: edge["node"]["json"] for edge in page["edges"]}
        assert set(kinds) == {"users", "invitations"}
        assert "ada@example.org" in kinds["users"]

    async def test_stands_nowhere_in_the_clear_and_nobody_can_read_it_after_a_while(
        self, ask: Ask, ada: User, sessions: Sessions, tenant: Tenant, tell: Tell
    ) -> None:
        me = tenant.caller(user_id=ada.id)
        request = await exported(ask, me)
        async with sessions.read(me) as session:
            told = [str(row.payload) for row in await session.scalars(sa.select(OutboxRow))]
            [kept] = await session.scalars(sa.select(ExportedRow))
        assert not [one for one in [*told, kept.sealed, str(kept.data), kept.table] if "ada@example.org" in str(one)]
        for subgraph in OTHERS:
            await tell(subgraph, "exported", request_id=UUID(request["id"]), part=0, parts=1, rows=[])
        async with unit_of_work(sessions, me) as session:
            await forget_old(session, datetime.now(UTC) + EXPORT_KEPT + timedelta(days=1))
        async with sessions.read(me) as session:
            assert (await session.scalars(sa.select(ExportedRow))).all() == []
            assert (await session.scalars(sa.select(DataRequest.sealed_key))).all() == [None]

    async def test_answers_nobody_asked_for_are_passed_over(self, tell: Tell) -> None:
        await tell("courses", "exported", request_id=uuid7(), part=0, parts=1, rows=[])
        await tell("courses", "erased", request_id=uuid7(), rows=1)


class TestErasure:
    async def test_takes_what_others_are_to_the_person(
        self, ask: Ask, ada: User, add_user: AddUser, tenant: Tenant, sessions: Sessions
    ) -> None:
        bob = await add_user(tenant, "bob@example.org")
        async with unit_of_work(sessions, tenant.caller()) as session:
            session.add(Relationship(kind="MENTOR", user_id=bob.id, of_user_id=ada.id))
        await ask(ERASE, {"input": {}}, by=fresh(tenant.caller(user_id=ada.id)))
        async with sessions.read(tenant.caller()) as session:
            assert (await session.scalars(sa.select(Relationship))).all() == []

    async def test_leaves_the_identifier_alone(
        self, ask: Ask, ada: User, tenant: Tenant, sessions: Sessions, tell: Tell
    ) -> None:
        answer = await ask(ERASE, {"input": {"userId": str(ada.id)}}, by=fresh(tenant.caller("users:manage")))
        request = answer["data"]["requestErasure"]["dataRequest"]
        for subgraph in OTHERS:
            await tell(subgraph, "erased", request_id=UUID(request["id"]), rows=3)
        query = "query ($id: ID!) { user(id: $id) { displayName email handle status } }"
        left = await ask(query, {"id": str(ada.id)}, by=tenant.caller("users:read"))
        assert left["data"]["user"] == {"displayName": None, "email": None, "handle": None, "status": "ERASED"}
        seen = await ask(RECORDS, {"id": request["id"]}, by=tenant.caller("users:manage"))
        assert seen["data"]["dataRequest"]["state"] == "DONE"
        assert await topics(sessions, tenant) == ["users.user-erased.v1", "users.data-request-completed.v1"]

    async def test_frees_the_address(self, ask: Ask, ada: User, add_user: AddUser, tenant: Tenant) -> None:
        await ask(ERASE, {"input": {}}, by=fresh(tenant.caller(user_id=ada.id)))
        assert await add_user(tenant, "ada@example.org")

    async def test_forgets_what_was_told_of_the_person(
        self, ask: Ask, ada: User, sessions: Sessions, tenant: Tenant
    ) -> None:
        update = "mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { user { id } } }"
        await ask(update, {"input": {"displayName": "Augusta"}}, by=tenant.caller(user_id=ada.id))
        async with unit_of_work(sessions, tenant.caller()) as session:
            await session.execute(sa.update(OutboxRow).values(published_at=sa.func.now()))
        await ask(ERASE, {"input": {}}, by=fresh(tenant.caller(user_id=ada.id)))
        assert await topics(sessions, tenant) == ["users.user-erased.v1"]

    async def test_keeps_nothing_that_others_tell_late(
        self, ask: Ask, ada: User, sessions: Sessions, tenant: Tenant, tell: Tell
    ) -> None:
        caller, late = tenant.caller(user_id=ada.id), {"part": 0, "parts": 1}
        request = await exported(ask, caller)
        await ask(ERASE, {"input": {}}, by=fresh(caller))
        await tell("courses", "exported", request_id=UUID(request["id"]), rows=[{"table": "t", "data": {}}], **late)
        async with unit_of_work(sessions, tenant.caller()) as session:
            for topic, told in (
                ("auth.account-opened.v1", {"user_id": ada.id}),
                ("auth.address-chosen.v1", {"user_id": ada.id, "email": "ada@example.org"}),
                (
                    "auth.tenant-created.v1",
                    {"owner_id": ada.id, "owner_email": "ada@example.org", "owner_name": "Ada"},
                ),
            ):
                await HANDLERS[topic].handle(session, HANDLERS[topic].payload(**told))
        async with sessions.read(tenant.caller()) as session:
            [left] = await session.scalars(sa.select(User))
            kept = list(await session.scalars(sa.select(ExportedRow)))
        assert (left.id, left.email, left.can_sign_in) == (ada.id, f"{ada.id}@erased.invalid", False)
        assert (kept, left.status) == ([], "ERASED")

    async def test_of_the_last_owner_is_refused(self, ask: Ask, add_user: AddUser, tenant: Tenant) -> None:
        owners = [await add_user(tenant, f"o{number}@example.org", role="OWNER") for number in range(2)]
        answers = await asyncio.gather(
            *(ask(ERASE, {"input": {}}, by=fresh(tenant.caller(user_id=owner.id))) for owner in owners)
        )
        refused = [answer["data"]["requestErasure"]["userErrors"] for answer in answers]
        assert sorted(refused, key=len) == [[], [{"code": "LAST_OWNER"}]]

    async def test_needs_a_fresh_proof(self, ask: Ask, ada: User, tenant: Tenant) -> None:
        for by in (tenant.caller(user_id=ada.id), tenant.caller("users:manage")):
            assert code_of(await ask(ERASE, {"input": {"userId": str(ada.id)}}, by=by)) == "STEP_UP_REQUIRED"

    async def test_cannot_be_had_twice(self, ask: Ask, ada: User, tenant: Tenant) -> None:
        asked = {"input": {"userId": str(ada.id)}}
        await ask(ERASE, asked, by=fresh(tenant.caller("users:manage")))
        assert code_of(await ask(ERASE, asked, by=fresh(tenant.caller("users:manage")))) == "NOT_FOUND"


class TestUpdated:
    @pytest.fixture
    def follow(self, users: SubgraphApp, signed_in: SignIn) -> Callable[..., AsyncGenerator[dict[str, Any]]]:
        """Follow a request as somebody."""

        def answers(id_: str, *, by: Caller, after: str | None = None) -> AsyncGenerator[dict[str, Any]]:
            return users.service.subscribe(FOLLOW, {"id": id_, "after": after}, headers=signed_in(by))

        return answers

    async def test_tells_each_version_and_ends(
        self, ask: Ask, ada: User, tenant: Tenant, tell: Tell, follow: Callable[..., AsyncGenerator[dict[str, Any]]]
    ) -> None:
        me = tenant.caller(user_id=ada.id)
        request = await exported(ask, me)
        states: list[str] = []
        waiting = list(OTHERS)
        async with asyncio.timeout(PATIENCE_SECONDS), aclosing(follow(request["id"], by=me)) as answers:
            async for answer in answers:
                states.append(answer["data"]["dataRequestUpdated"]["state"])
                if waiting:
                    await tell(waiting.pop(), "exported", request_id=UUID(request["id"]), part=0, parts=1, rows=[])
        assert states == ["PENDING"] * 5 + ["DONE"]

    async def test_goes_on_after_a_cursor(
        self, ask: Ask, ada: User, tenant: Tenant, tell: Tell, follow: Callable[..., AsyncGenerator[dict[str, Any]]]
    ) -> None:
        me = tenant.caller(user_id=ada.id)
        request = await exported(ask, me)
        await tell("courses", "exported", request_id=UUID(request["id"]), part=0, parts=1, rows=[])
        async with (
            asyncio.timeout(PATIENCE_SECONDS),
            aclosing(follow(request["id"], by=me, after=request["cursor"])) as answers,
        ):
            first = await anext(answers)
        assert first["data"]["dataRequestUpdated"]["version"] == request["version"] + 1

    async def test_is_nobody_elses_to_follow(
        self, ask: Ask, ada: User, tenant: Tenant, follow: Callable[..., AsyncGenerator[dict[str, Any]]]
    ) -> None:
        request = await exported(ask, tenant.caller(user_id=ada.id))
        async with aclosing(follow(request["id"], by=tenant.caller("users:read"))) as answers:
            assert code_of(await anext(answers)) == "NOT_FOUND"
        async with aclosing(follow(request["id"], by=tenant.caller(user_id=ada.id), after="x")) as answers:
            assert code_of(await anext(answers)) == "BAD_USER_INPUT"
