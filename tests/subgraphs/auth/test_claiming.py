"""Nobody waits in an account under somebody else's address until its person comes by a trusted provider."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from shared.data_keys import Protected
from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from subgraphs.auth.models import Account, IdentityProvider, Passkey, SignInSession
from subgraphs.auth.service.federated_begun import Asked, WayBack
from subgraphs.auth.service.federated_people import Person, admit_person
from tests.subgraphs.conftest import opened
from tests.tenants import Control, Tenant


async def come_by_provider(sessions: Sessions, tenant: Tenant, account: Account) -> None:
    """A provider that speaks for the account's address brings whose it is."""
    known = {"alias": "school", "kind": "OIDC", "name": "S", "issuer": "https://i.example", "client_id": "c"}
    provider = IdentityProvider(id=uuid7(), sealed_client_secret=Protected("s"), **known)
    person = Person("subject", "Ada", account.email)
    async with unit_of_work(sessions, tenant.caller()) as session:
        session.add(provider)
        await session.flush()
        asked = Asked.now(provider, "", WayBack("https://learn.example"), datetime.now(UTC))
        await admit_person(session, provider, asked, person)


@pytest.mark.parametrize("verified", [False, True])
async def test_an_account_keeps_its_ways_in_only_if_its_address_was_proved(
    control: Control, tenant: Tenant, *, verified: bool
) -> None:
    ada, now = uuid7(), datetime.now(UTC)
    account = Account(
        user_id=ada,
        email="ada@example.org",
        sealed_password_hash=Protected("s3"),
        role="LEARNER",
        email_verified_at=now if verified else None,
    )
    flags = {"verifies_user": True, "backup_eligible": False, "backed_up": False, "transports": list[str]()}
    passkey = Passkey(user_id=ada, credential_id=b"1", public_key=b"1", name="Phone", sign_count=0, **flags)
    async with opened(control, "auth") as sessions:
        async with unit_of_work(sessions, tenant.caller()) as session:
            for row in (account, SignInSession(user_id=ada), passkey):
                session.add(row)
                await session.flush()
        await come_by_provider(sessions, tenant, account)
        async with sessions.read(tenant.caller()) as session:
            left = await session.get_one(Account, ada)
            passkeys = list(await session.scalars(sa.select(Passkey.id)))
            ended = list(await session.scalars(sa.select(SignInSession.ended_at)))
            told = set(await session.scalars(sa.select(OutboxRow.topic)))
    assert left.email_verified_at is not None
    assert [left.sealed_password_hash is not None, len(passkeys) == 1, ended == [None]] == [verified] * 3
    assert told == (set() if verified else {"auth.passkey-removed.v1", "auth.session-ended.v1"})
