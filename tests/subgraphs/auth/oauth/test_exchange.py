"""Token exchange: an app of support acts in a person's name, for somebody who could do so themselves."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from httpx2 import Response

from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from shared.jwks import LocalKeys
from shared.roles import Role
from shared.tokens import TokenIssuer, TokenVerifier
from subgraphs.auth.models import Account, OAuthGrant
from subgraphs.auth.service.oauth import TOKEN_EXCHANGE
from subgraphs.auth.service.oauth_exchange import ACCESS_TOKEN, PERSON
from tests.subgraphs.auth.audit.test_chain import entries
from tests.subgraphs.auth.conftest import SIGNING_KEY, AddAccount
from tests.subgraphs.auth.oauth.conftest import PUBLIC_URL, App, Flow, Person, Register, Server, returned

SCOPES = ["openid", "learn", "users:read", "people:impersonate"]


@pytest.fixture
async def desk(server: Server, person: Person, register: Register, sessions: Sessions) -> tuple[App, str]:
    """Support's app, and the token that it has of an owner who is on duty."""
    async with unit_of_work(sessions, server.tenant.caller()) as session:
        await session.execute(sa.update(Account).values(role=Role.OWNER))
    app = await register(
        name="Support", scopes=SCOPES, grantTypes=["authorization_code", "refresh_token", TOKEN_EXCHANGE]
    )
    flow = Flow(app, scope="learn users:read people:impersonate")
    answer = await server.tokens(app, **flow.redemption(returned(await person.consent(flow.asked()))["code"]))
    return app, answer.json()["access_token"]


@pytest.fixture
async def lena(server: Server, add_account: AddAccount) -> Account:
    """A learner."""
    return await add_account(server.tenant, "lena@example.org", "correct horse")


async def exchanged(server: Server, app: App, token: str, subject: object, **changes: str) -> Response:
    """What the token endpoint answers."""
    usual = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": str(subject),
        "subject_token_type": PERSON,
        "actor_token": token,
        "actor_token_type": ACCESS_TOKEN,
        "reason": "Ticket 7",
    }
    return await server.tokens(app, **{**usual, **changes})


async def acting(server: Server, desk: tuple[App, str], subject: object) -> dict[str, Any]:
    answer = await exchanged(server, *desk, subject)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_token_names_both_and_does_what_all_of_them_may(
    server: Server, desk: tuple[App, str], lena: Account, sessions: Sessions
) -> None:
    given = await acting(server, desk, lena.user_id)
    assert (given["scope"], given["issued_token_type"]) == ("learn", ACCESS_TOKEN)
    assert given["expires_in"] <= 600
    assert "refresh_token" not in given
    verifier = TokenVerifier(LocalKeys(TokenIssuer(SIGNING_KEY).public_keys), public_url=PUBLIC_URL)
    actor, caller = [await verifier.caller(token) for token in (desk[1], given["access_token"])]
    assert (caller.user_id, caller.impersonator_id, str(caller.client_id)) == (lena.user_id, actor.user_id, desk[0].id)
    told = (await server.post("introspect", desk[0], token=given["access_token"])).json()
    assert (told["sub"], told["act"]) == (str(lena.user_id), {"sub": str(actor.user_id)})
    entry = (await entries(sessions, server.tenant.caller()))[-1]
    assert (entry.action, entry.actor_id, entry.subject_id) == (
        "startImpersonation",
        str(actor.user_id),
        str(lena.user_id),
    )
    again = await exchanged(server, desk[0], given["access_token"], uuid7())
    assert again.json()["error"] == "invalid_grant"  # no chains


async def test_what_is_not_right_is_refused(server: Server, desk: tuple[App, str], lena: Account) -> None:
    refused: list[tuple[dict[str, str], str]] = [
        ({"reason": ""}, "invalid_request"),
        ({"subject_token": "somebody"}, "invalid_request"),
        ({"subject_token": str(uuid7())}, "invalid_grant"),
        ({"subject_token_type": ACCESS_TOKEN}, "invalid_request"),
        ({"actor_token": "made-up"}, "invalid_grant"),
        ({"audience": "https://elsewhere.example"}, "invalid_target"),
        ({"scope": "courses:write"}, "invalid_scope"),
        ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
    ]
    for changes, error in refused:
        answer = await exchanged(server, *desk, lena.user_id, **changes)
        assert (answer.status_code, answer.json()["error"]) == (400, error), changes


async def test_nobody_gains_by_it(
    server: Server, desk: tuple[App, str], lena: Account, register: Register, sessions: Sessions, owner_token: str
) -> None:
    app, token = desk
    other = await register(
        name="Other", scopes=SCOPES, grantTypes=["client_credentials", TOKEN_EXCHANGE], redirectUris=[]
    )
    assert (await exchanged(server, other, token, lena.user_id)).json()["error"] == "invalid_grant"
    assert (await exchanged(server, app, owner_token, lena.user_id)).json()["error"] == "invalid_grant"
    plain = await register(name="Plain")
    assert (await exchanged(server, plain, token, lena.user_id)).json()["error"] == "unauthorized_client"
    async with unit_of_work(sessions, server.tenant.caller()) as session:
        demoted = sa.update(Account).where(Account.email == "ada@example.org").values(role=Role.INSTRUCTOR)
        await session.execute(demoted)
    assert (await exchanged(server, app, token, lena.user_id)).json()["error"] == "access_denied"  # may not any more
    async with unit_of_work(sessions, server.tenant.caller()) as session:
        await session.execute(sa.update(OAuthGrant).values(auth_time=OAuthGrant.auth_time - timedelta(minutes=11)))
    stale = await exchanged(server, app, token, lena.user_id)
    assert "prompt=login" in stale.json()["error_description"]


async def test_it_ends_with_the_family_of_whoever_acts(
    server: Server, desk: tuple[App, str], lena: Account, sessions: Sessions
) -> None:
    given = await acting(server, desk, lena.user_id)
    sid = (await server.post("introspect", desk[0], token=given["access_token"])).json()["sid"]
    await server.post("revoke", desk[0], token=desk[1])
    assert not await server.is_active(desk[0], given["access_token"])
    async with sessions.read(server.tenant.caller()) as session:
        told = sa.select(OutboxRow.payload["session_id"].astext).where(OutboxRow.topic == "auth.session-ended.v1")
        assert UUID(sid) in {UUID(each) for each in await session.scalars(told)}
