"""Somebody is erased: all that they have open ends everywhere, and nothing by which they signed in is left."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from shared.api_tokens import digest, generate
from shared.data_keys import Protected
from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from shared.personal_data import EXPORT_REQUESTED, USER_ERASED, DataRequested
from subgraphs.auth.models import Account, ApiToken, Device, OAuthApp, OAuthGrant, SignInSession
from subgraphs.auth.service.leavers import ANSWERS
from tests.subgraphs.conftest import opened
from tests.tenants import Control, Tenant


async def told(sessions: Sessions, tenant: Tenant) -> list[OutboxRow]:
    """What the subgraph has told the others."""
    async with sessions.read(tenant.caller()) as session:
        return list(await session.scalars(sa.select(OutboxRow).order_by(OutboxRow.seq)))


async def test_an_export_has_no_secret_and_an_erasure_ends_sessions(control: Control, tenant: Tenant) -> None:
    ada, bob = uuid7(), uuid7()
    asked = DataRequested(tenant_id=tenant.id, request_id=uuid7(), user_id=ada)
    async with opened(control, "auth") as sessions:
        async with unit_of_work(sessions, tenant.caller()) as session:
            for person in (ada, bob):
                session.add(
                    Account(
                        user_id=person,
                        email=f"{person}@example.org",
                        sealed_password_hash=Protected("s3"),
                        role="LEARNER",
                    )
                )
                await session.flush()
                device = Device(user_id=person, name="Phone")
                session.add(device)
                await session.flush()
                session.add(SignInSession(user_id=person, device_id=device.id))
        for topic in (EXPORT_REQUESTED, USER_ERASED):
            async with unit_of_work(sessions, tenant.caller()) as session:
                await ANSWERS[topic].handle(session, asked)
        events = await told(sessions, tenant)
        async with sessions.read(tenant.caller()) as session:
            left = [
                (await session.scalars(sa.select(table.user_id))).all() for table in (Account, Device, SignInSession)
            ]
    assert left == [[bob], [bob], [bob]]
    assert [event.topic for event in events] == [
        "auth.personal-data-exported.v1",
        "auth.session-ended.v1",
        "auth.personal-data-erased.v1",
    ]
    assert {row["table"] for row in events[0].payload["rows"]} == {"accounts", "devices", "sessions"}
    assert "s3" not in str(events[0].payload)


async def test_an_erasure_ends_what_apps_and_programs_have_open_for_the_person(
    control: Control, tenant: Tenant
) -> None:
    ada, soon = uuid7(), datetime.now(UTC) + timedelta(days=1)
    nothing: dict[str, list[str]] = {"redirect_uris": [], "scopes": [], "grant_types": []}
    app = OAuthApp(id=uuid7(), name="App", confidential=False, created_by=ada, **nothing)
    grant = OAuthGrant(id=uuid7(), app_id=app.id, user_id=ada, scope="learn", expires_at=soon)
    token = ApiToken(
        digest=digest(generate(tenant.id)), user_id=ada, name="t", ending="abcd", scopes=[], expires_at=soon
    )
    async with opened(control, "auth") as sessions:
        async with unit_of_work(sessions, tenant.caller()) as session:
            for row in (Account(user_id=ada, email="ada@example.org", role="LEARNER"), app, grant, token):
                session.add(row)
                await session.flush()
        async with unit_of_work(sessions, tenant.caller()) as session:
            asked = DataRequested(tenant_id=tenant.id, request_id=uuid7(), user_id=ada)
            await ANSWERS[USER_ERASED].handle(session, asked)
        ended = [one.payload["session_id"] for one in await told(sessions, tenant) if "session-ended" in one.topic]
        async with sessions.read(tenant.caller()) as session:
            left = [list(await session.scalars(sa.select(table.user_id))) for table in (Account, OAuthGrant, ApiToken)]
    assert set(ended) == {str(grant.id), str(token.id)}
    assert left == [[], [], []]
