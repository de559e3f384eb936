"""Sessions: refreshed, listed and ended."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from shared.caller import Caller
from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from shared.tenancy.policies import SignInPolicy
from shared.tokens import TokenVerifier
from subgraphs.auth.models import SignInSession
from subgraphs.auth.service import forgetting
from subgraphs.auth.service.codes import RefreshToken
from subgraphs.auth.service.sessions import REFRESH_GRACE
from tests.queries import Queries
from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.auth.sign_in.conftest import CODES, Enter, shift
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant

REFRESH = """mutation ($input: RefreshSessionInput!) {
  refreshSession(input: $input) { session { accessToken refreshToken deviceToken } userErrors { code } }
}"""
SESSIONS = "{ sessions { edges { node { id deviceName methods current } } pageInfo { hasNextPage } } }"
REVOKE = "mutation ($id: ID!) { revokeSession(input: {sessionId: $id}) { sessionId } }"
REVOKE_OTHERS = "mutation { revokeOtherSessions(input: {}) { sessionId } }"


async def refreshed(ask: Ask, token: str, **more: Any) -> dict[str, Any]:
    """The session after a refresh, or the answer if it was refused."""
    answer = await ask(REFRESH, {"input": {"refreshToken": token, **more}})
    return answer if "errors" in answer else answer["data"]["refreshSession"]["session"]


async def told(sessions: Sessions, tenant: Tenant) -> int:
    """How many sessions were told to have ended."""
    ended = sa.select(sa.func.count()).where(OutboxRow.topic == "auth.session-ended.v1")
    async with sessions.read(tenant.caller()) as session:
        return await session.scalar(ended) or 0


class TestRefresh:
    async def test_gives_new_tokens_of_the_same_session(
        self, ask: Ask, enter: Enter, own_verifier: TokenVerifier
    ) -> None:
        first = await enter("ada@example.org")
        second = await refreshed(ask, first["refreshToken"])
        third = await refreshed(ask, second["refreshToken"])
        assert len({first["refreshToken"], second["refreshToken"], third["refreshToken"]}) == 3
        assert third["deviceToken"] == first["deviceToken"]
        before, after = [await own_verifier.caller(each["accessToken"]) for each in (first, third)]
        assert (before.session_id, before.auth_time) == (after.session_id, after.auth_time)

    async def test_at_once_gives_the_same(self, ask: Ask, enter: Enter) -> None:
        token = (await enter("ada@example.org"))["refreshToken"]
        both = await asyncio.gather(refreshed(ask, token), refreshed(ask, token))
        assert both[0]["refreshToken"] == both[1]["refreshToken"] != token

    async def test_with_a_token_used_before_ends_the_session(
        self, ask: Ask, enter: Enter, sessions: Sessions, tenant: Tenant
    ) -> None:
        stolen = (await enter("ada@example.org"))["refreshToken"]
        newest = (await refreshed(ask, stolen))["refreshToken"]
        await shift(sessions, tenant, refreshed_at=-REFRESH_GRACE - timedelta(seconds=1))
        assert code_of(await refreshed(ask, stolen)) == "REFRESH_TOKEN_INVALID"
        assert code_of(await refreshed(ask, newest)) == "REFRESH_TOKEN_INVALID"
        assert await told(sessions, tenant) == 1

    async def test_with_a_token_used_twice_before_ends_the_session_at_once(self, ask: Ask, enter: Enter) -> None:
        oldest = (await enter("ada@example.org"))["refreshToken"]
        newest = (await refreshed(ask, (await refreshed(ask, oldest))["refreshToken"]))["refreshToken"]
        assert code_of(await refreshed(ask, oldest)) == "REFRESH_TOKEN_INVALID"
        assert code_of(await refreshed(ask, newest)) == "REFRESH_TOKEN_INVALID"

    async def test_a_key_does_not_make_an_old_token_new(
        self, ask: Ask, enter: Enter, sessions: Sessions, tenant: Tenant
    ) -> None:
        token = (await enter("ada@example.org"))["refreshToken"]
        newest = (await refreshed(ask, token, idempotencyKey="k"))["refreshToken"]
        assert code_of(await refreshed(ask, newest, idempotencyKey="k")) == "IDEMPOTENCY_KEY_REUSED"
        await shift(sessions, tenant, refreshed_at=-REFRESH_GRACE - timedelta(seconds=1))
        assert code_of(await refreshed(ask, token, idempotencyKey="k")) == "REFRESH_TOKEN_INVALID"

    async def test_ends_when_nobody_came_for_too_long(
        self, ask: Ask, enter: Enter, sessions: Sessions, tenant: Tenant
    ) -> None:
        token = (await enter("ada@example.org"))["refreshToken"]
        await shift(sessions, tenant, expires_at=-SignInPolicy().idle)
        assert code_of(await refreshed(ask, token)) == "REFRESH_TOKEN_INVALID"

    async def test_ends_some_day_however_often_it_is_refreshed(
        self, ask: Ask, enter: Enter, sessions: Sessions, tenant: Tenant
    ) -> None:
        token = (await enter("ada@example.org"))["refreshToken"]
        await shift(sessions, tenant, created_at=timedelta(minutes=1) - SignInPolicy().longest)
        assert (await refreshed(ask, token))["refreshToken"]
        async with sessions.read(tenant.caller()) as session:
            [left] = await session.scalars(sa.select(SignInSession.expires_at - SignInSession.last_used_at))
        assert left <= timedelta(minutes=1)

    async def test_after_signing_out_is_refused(self, ask: Ask, enter: Enter) -> None:
        opened = await enter("ada@example.org")
        await ask("mutation { signOut(input: {}) { sessionId } }", token=opened["accessToken"])
        assert code_of(await refreshed(ask, opened["refreshToken"])) == "REFRESH_TOKEN_INVALID"

    @pytest.mark.parametrize("token", ["", "strt_", "strt_AAAA", "x" * 5_000, "strt_\ud800", "strt_=", "strt_é"])
    async def test_with_something_else_is_refused(self, ask: Ask, token: str) -> None:
        assert code_of(await refreshed(ask, token)) == "REFRESH_TOKEN_INVALID"

    async def test_with_a_token_of_another_tenant_finds_nothing(
        self, ask: Ask, enter: Enter, other_tenant: Tenant
    ) -> None:
        said = CODES.read_refresh_token((await enter("ada@example.org"))["refreshToken"])
        assert said
        forged = CODES.refresh_token(RefreshToken(other_tenant.id, said.session_id, 0))
        assert code_of(await refreshed(ask, forged)) == "REFRESH_TOKEN_INVALID"

    async def test_with_an_altered_token_is_refused(self, ask: Ask, enter: Enter) -> None:
        token = (await enter("ada@example.org"))["refreshToken"]
        altered = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
        assert code_of(await refreshed(ask, altered)) == "REFRESH_TOKEN_INVALID"
        assert (await refreshed(ask, token))["refreshToken"]


class TestSessions:
    async def test_are_listed_with_their_devices_in_one_query(self, ask: Ask, enter: Enter, queries: Queries) -> None:
        await enter("ada@example.org", deviceName="Kitchen tablet")
        opened = await enter("ada@example.org", deviceName="Phone")
        queries.clear()
        listed = (await ask(SESSIONS, token=opened["accessToken"]))["data"]["sessions"]["edges"]
        assert len([each for each in queries if "sessions" in each]) == 1
        assert [(each["node"]["deviceName"], each["node"]["current"]) for each in listed] == [
            ("Phone", True),
            ("Kitchen tablet", False),
        ]
        assert listed[0]["node"]["methods"] == ["pwd"]

    async def test_of_others_are_not_there(self, ask: Ask, enter: Enter) -> None:
        await enter("ada@example.org")
        bob = await enter("bob@example.org")
        assert len((await ask(SESSIONS, token=bob["accessToken"]))["data"]["sessions"]["edges"]) == 1

    async def test_come_in_pages(self, ask: Ask, enter: Enter) -> None:
        opened = [await enter("ada@example.org") for _ in range(3)]
        page = """query ($after: String) {
          sessions(first: 2, after: $after) { edges { node { id } } pageInfo { endCursor hasNextPage } }
        }"""
        first = (await ask(page, token=opened[0]["accessToken"]))["data"]["sessions"]
        after = {"after": first["pageInfo"]["endCursor"]}
        second = (await ask(page, after, token=opened[0]["accessToken"]))["data"]["sessions"]
        assert first["pageInfo"]["hasNextPage"]
        assert [len(first["edges"]), len(second["edges"])] == [2, 1]
        assert not second["pageInfo"]["hasNextPage"]

    async def test_of_others_do_not_exist_as_entities(
        self, ask: Ask, enter: Enter, own_verifier: TokenVerifier
    ) -> None:
        ada, bob = await enter("ada@example.org"), await enter("bob@example.org")
        ids = [str((await own_verifier.caller(each["accessToken"])).session_id) for each in (ada, bob)]
        references = {"of": [{"__typename": "Session", "id": id_} for id_ in [*ids, str(uuid7())]]}
        entities = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on Session { id } } }"
        found = (await ask(entities, references, token=ada["accessToken"]))["data"]["_entities"]
        assert found == [{"id": ids[0]}, None, None]


class TestRevoke:
    async def test_ends_one_of_the_persons_own(
        self, ask: Ask, enter: Enter, own_verifier: TokenVerifier, sessions: Sessions, tenant: Tenant
    ) -> None:
        lost, kept = await enter("ada@example.org"), await enter("ada@example.org")
        id_ = str((await own_verifier.caller(lost["accessToken"])).session_id)
        for _ in range(2):
            answer = await ask(REVOKE, {"id": id_}, token=kept["accessToken"])
            assert answer["data"]["revokeSession"]["sessionId"] == id_
        assert await told(sessions, tenant) == 1
        assert code_of(await refreshed(ask, lost["refreshToken"])) == "REFRESH_TOKEN_INVALID"
        assert (await refreshed(ask, kept["refreshToken"]))["refreshToken"]

    async def test_of_somebody_else_is_answered_as_of_none(
        self, ask: Ask, enter: Enter, own_verifier: TokenVerifier
    ) -> None:
        ada, bob = await enter("ada@example.org"), await enter("bob@example.org")
        id_ = str((await own_verifier.caller(bob["accessToken"])).session_id)
        of_bob = await ask(REVOKE, {"id": id_}, token=ada["accessToken"])
        of_none = await ask(REVOKE, {"id": str(uuid7())}, token=ada["accessToken"])
        assert code_of(of_bob) == code_of(of_none) == "NOT_FOUND"
        assert of_bob == of_none

    async def test_of_anybody_is_for_who_manages_sessions(
        self, ask: Ask, enter: Enter, tenant: Tenant, own_verifier: TokenVerifier, token_of: Callable[[Caller], str]
    ) -> None:
        ada = await enter("ada@example.org")
        id_ = str((await own_verifier.caller(ada["accessToken"])).session_id)
        manager = token_of(tenant.caller("sessions:manage"))
        assert (await ask(REVOKE, {"id": id_}, token=manager))["data"]["revokeSession"]["sessionId"] == id_
        assert code_of(await refreshed(ask, ada["refreshToken"])) == "REFRESH_TOKEN_INVALID"

    async def test_of_all_others_leaves_this_one(
        self, ask: Ask, enter: Enter, sessions: Sessions, tenant: Tenant
    ) -> None:
        lost = [await enter("ada@example.org") for _ in range(2)]
        bob = await enter("bob@example.org")
        kept = await enter("ada@example.org")
        await ask(REVOKE_OTHERS, token=kept["accessToken"])
        assert await told(sessions, tenant) == 2
        for each in lost:
            assert code_of(await refreshed(ask, each["refreshToken"])) == "REFRESH_TOKEN_INVALID"
        for each in (kept, bob):
            assert (await refreshed(ask, each["refreshToken"]))["refreshToken"]


class TestForgetting:
    async def test_drops_what_ended_long_ago(self, enter: Enter, sessions: Sessions, tenant: Tenant) -> None:
        await enter("ada@example.org")
        await shift(sessions, tenant, expires_at=timedelta(days=-100), created_at=timedelta(days=-100))
        await enter("ada@example.org")
        async with unit_of_work(sessions, tenant.caller()) as session:
            await forgetting.forget_old(session)
        async with sessions.read(tenant.caller()) as session:
            assert await session.scalar(sa.select(sa.func.count()).select_from(SignInSession)) == 1
