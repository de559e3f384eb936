"""Refused attempts are in the audit: by their account, and no more often than twice an hour."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from subgraphs.auth import consumers
from subgraphs.auth.service.refusals import NOBODY
from subgraphs.auth.service.throttles import FREE_ATTEMPTS
from tests.subgraphs.auth.audit.test_chain import entries
from tests.subgraphs.auth.audit.test_sign_in import SIGN_IN
from tests.subgraphs.auth.conftest import AddAccount, Ask
from tests.tenants import Tenant

TOPIC = "auth.access-refused.v1"


@pytest.fixture
def told(sessions: Sessions, tenant: Tenant) -> Any:
    """Handle what was told, some time after it happened."""
    handler = consumers.mailing(None)[TOPIC]  # pyright: ignore[reportArgumentType] - no mail is sent for these

    async def handle(later: timedelta = timedelta(0)) -> list[dict[str, Any]]:
        async with unit_of_work(sessions, tenant.caller()) as session:
            rows = list(await session.scalars(sa.select(OutboxRow).where(OutboxRow.topic == TOPIC)))
            events = [{**row.payload, "occurred_at": (datetime.now(UTC) + later).isoformat()} for row in rows]
            for row in rows:
                await session.delete(row)
        for event in events:
            async with unit_of_work(sessions, tenant.caller()) as session:
                await handler.handle(session, msgspec.convert(event, handler.payload))
        return events

    return handle


async def test_by_account_and_hour_and_when_others_are_slowed_down(
    ask: Ask, tenant: Tenant, sessions: Sessions, add_account: AddAccount, told: Any
) -> None:
    account = await add_account(tenant, "ada@example.org", "correct horse")

    async def guess(email: str) -> None:
        await ask(SIGN_IN, {"input": {"tenant": tenant.slug, "email": email, "password": "wrong horse"}})

    for _ in range(FREE_ATTEMPTS + 2):  # the last two are not even looked at
        await guess("ada@example.org")
    await guess("nobody@example.org")
    await guess("nobody-else@example.org")
    assert len(await told()) == FREE_ATTEMPTS + 2
    kept = [(entry.action, entry.subject_id, entry.actor_id) for entry in await entries(sessions, tenant.caller())]
    assert sorted(kept) == sorted(
        [
            ("signInRefused", str(account.user_id), "sign-in"),
            ("signInSlowed", str(account.user_id), "sign-in"),
            ("signInRefused", NOBODY, "sign-in"),
        ]
    )
    await guess("nobody@example.org")
    await told(timedelta(hours=2))
    assert len(await entries(sessions, tenant.caller())) == len(kept) + 1
