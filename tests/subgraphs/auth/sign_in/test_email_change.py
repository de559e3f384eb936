"""Changing one's address: confirmed where it leads, told where it led before, and taken back from there."""

import re
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import sqlalchemy as sa

from shared.data_keys import Protected
from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from shared.mail import FolderMailer
from shared.tenancy.registry import Registry
from shared.tokens import TokenVerifier
from subgraphs.auth.consumers import EmailChanging, mailing
from subgraphs.auth.models import (
    Account,
    EmailChange,
    FederatedIdentity,
    IdentityProvider,
    MfaChallenge,
    OAuthApp,
    OAuthGrant,
    Passkey,
    SignInSession,
    TotpFactor,
)
from subgraphs.auth.service.accounts import utc_now
from subgraphs.auth.service.mailing import LinkPost, send_warning
from tests.subgraphs.auth.conftest import AddAccount, Ask
from tests.subgraphs.auth.sign_in.conftest import CODES, PASSWORD, SIGN_IN, Enter
from tests.subgraphs.auth.test_provisioned import account, handle
from tests.subgraphs.conftest import code_of
from tests.tenants import Control, Tenant

CHANGE = "mutation ($input: ChangeEmailInput!) { changeEmail(input: $input) { validMinutes userErrors { code } } }"
CONFIRM = """mutation ($input: ConfirmEmailChangeInput!) {
  confirmEmailChange(input: $input) { userId userErrors { code } }
}"""
UNDO = "mutation ($input: UndoEmailChangeInput!) { undoEmailChange(input: $input) { userId userErrors { code } } }"
ADA, NEW, BOB = "ada@example.org", "ada@new.example", "bob@example.org"
INVALID = {"userId": None, "userErrors": [{"code": "LINK_INVALID"}]}


class Change:
    """Ada, who wants another address, and the mail of everybody."""

    def __init__(self, ask: Ask, sessions: Sessions, tenant: Tenant, post: LinkPost, folder: Path) -> None:
        self.ask = ask
        self.sessions = sessions
        self.tenant = tenant
        self.post = post
        self._handlers = mailing(post)
        self._folder = folder

    async def request(self, token: str, email: str = NEW) -> dict[str, Any]:
        return await self.ask(CHANGE, {"input": {"newEmail": email}}, token=token)

    async def confirm(self, token: str, code: str) -> dict[str, Any]:
        return (await self.ask(CONFIRM, {"input": {"code": code}}, token=token))["data"]["confirmEmailChange"]

    async def undo(self, code: str) -> dict[str, Any]:
        given = {"tenant": self.tenant.slug, "code": code}
        return (await self.ask(UNDO, {"input": given}))["data"]["undoEmailChange"]

    async def told(self, topic: str) -> list[Mapping[str, Any]]:
        """What the others have been told since they were asked last."""
        asked = sa.delete(OutboxRow).where(OutboxRow.topic == f"auth.{topic}.v1").returning(OutboxRow.payload)
        async with unit_of_work(self.sessions, self.tenant.caller()) as session:
            return (await session.scalars(asked)).all()  # type: ignore[return-value]

    async def made(self) -> list[str]:
        """Let the users subgraph say that whoever has chosen an address has it now; the addresses."""
        chosen = await self.told("address-chosen")
        for each in chosen:
            await handle(self.sessions, self.tenant, "email-changed", user_id=str(each["user_id"]), email=each["email"])
        return [each["email"] for each in chosen]

    async def mailed(self) -> dict[str, str]:
        """The code of the mail to each address, or nothing if it has none."""
        for topic in ("email-change-requested", "email-changed"):
            for payload in await self.told(topic):
                async with unit_of_work(self.sessions, self.tenant.caller()) as session:
                    handler = self._handlers[f"auth.{topic}.v1"].handle
                    await handler(session, EmailChanging(UUID(payload["change_id"])))
        codes: dict[str, str] = {}
        for path in sorted(self._folder.glob("*.eml")):
            mail = message_from_bytes(path.read_bytes(), policy=default)
            url = next(re.finditer(r"https://\S+", mail.get_content())).group()
            codes[mail["To"]] = parse_qs(urlsplit(url).fragment).get("code", [""])[0]
            path.unlink()
        return codes


@pytest.fixture
async def change(
    ask: Ask, sessions: Sessions, tenant: Tenant, control: Control, tmp_path: Path
) -> AsyncGenerator[Change]:
    registry = Registry.create(control.login_url("auth"))
    post = LinkPost(FolderMailer(tmp_path), "studium@example.org", CODES, registry, "https://learn.example")
    yield Change(ask, sessions, tenant, post, tmp_path)
    await registry.aclose()


async def test_is_made_once_confirmed_and_taken_back_by_the_address_before(
    change: Change, enter: Enter, own_verifier: TokenVerifier, tenant: Tenant, sessions: Sessions
) -> None:
    token = (await enter(ADA))["accessToken"]
    ada = (await own_verifier.caller(token)).user_id
    assert (await change.request(token))["data"]["changeEmail"] == {"validMinutes": 60, "userErrors": []}
    codes = await change.mailed()
    assert (set(codes), codes[ADA]) == ({ADA, NEW}, "")
    assert (await account(sessions, tenant, ada)).email == ADA
    assert (await change.confirm(token, codes[NEW]))["userId"] == str(ada)
    assert await change.confirm(token, codes[NEW]) == INVALID
    assert await change.made() == [NEW]
    changed = await account(sessions, tenant, ada)
    assert (changed.email, changed.email_verified_at is None) == (NEW, False)
    way_back = await change.mailed()
    assert set(way_back) == {ADA}
    assert await change.undo(codes[NEW]) == INVALID
    assert (await change.undo(way_back[ADA]))["userId"] == str(ada)
    assert await change.undo(way_back[ADA]) == INVALID
    assert await change.made() == [ADA]
    restored = await account(sessions, tenant, ada)
    assert (restored.email, restored.email_verified_at is None, restored.sealed_password_hash) == (ADA, False, None)
    async with sessions.read(tenant.caller()) as session:
        assert None not in (await session.scalars(sa.select(SignInSession.ended_at))).all()


async def test_is_taken_back_with_all_that_came_after_it_and_only_in_time(
    change: Change, enter: Enter, sessions: Sessions, tenant: Tenant
) -> None:
    token, ways_back = (await enter(ADA))["accessToken"], list[str]()
    for before, after in ((ADA, NEW), (NEW, "thief@evil.example")):
        await change.request(token, after)
        await change.confirm(token, (await change.mailed())[after])
        await change.made()
        ways_back.append((await change.mailed())[before])
    later = sa.update(EmailChange).where(EmailChange.to_email != NEW)
    async with unit_of_work(sessions, tenant.caller()) as session:
        await session.execute(later.values(expires_at=sa.func.now() - timedelta(seconds=1)))
    assert await change.undo(ways_back[1]) == INVALID
    assert (await change.undo(ways_back[0]))["userErrors"] == []
    assert await change.made() == [ADA]


async def test_taken_back_lets_nobody_in_who_made_it_whoever_has_the_address_before(
    change: Change,
    enter: Enter,
    add_account: AddAccount,
    sessions: Sessions,
    tenant: Tenant,
    own_verifier: TokenVerifier,
) -> None:
    token = (await enter(ADA))["accessToken"]
    ada = (await own_verifier.caller(token)).require_user()
    long_ago, soon = utc_now() - timedelta(days=9), utc_now() + timedelta(hours=1)
    school, kept, app_id = _school(), uuid7(), uuid7()
    app = OAuthApp(
        id=app_id, name="Quiz", confidential=True, redirect_uris=[], scopes=[], grant_types=[], created_by=ada
    )
    await change.request(token)
    await change.confirm(token, (await change.mailed())[NEW])
    await change.made()
    code = (await change.mailed())[ADA]
    async with unit_of_work(sessions, tenant.caller()) as session:
        session.add_all([school, app])
        await session.flush()
        session.add_all(
            [
                _passkey(ada, kept, long_ago),
                _passkey(ada, uuid7(), utc_now()),
                TotpFactor(user_id=ada, sealed_secret=Protected("sealed"), confirmed_at=utc_now()),
                FederatedIdentity(provider_id=school.id, subject="thief", user_id=ada),
                MfaChallenge(user_id=ada, amr=["pwd"], way="PASSWORD", expires_at=soon),
                OAuthGrant(app_id=app_id, user_id=ada, scope="offline_access", expires_at=soon),
            ]
        )
    await add_account(tenant, ADA, PASSWORD)
    assert (await change.undo(code))["userErrors"] == []
    assert (await account(sessions, tenant, ada)).email.endswith(".invalid")
    async with unit_of_work(sessions, tenant.caller()) as session:
        await send_warning(session, change.post, ada, "A passkey was taken away")
    assert await change.mailed() == {}
    async with sessions.read(tenant.caller()) as session:
        assert (await session.scalars(sa.select(Passkey.id))).all() == [kept]
        for model in (TotpFactor, FederatedIdentity):
            assert (await session.scalars(sa.select(model))).all() == []
        assert await session.scalar(sa.select(OAuthGrant.ended_at))
        assert (await session.scalars(sa.select(MfaChallenge.expires_at))).one() <= utc_now()


async def test_is_not_taken_back_once_others_have_changed_the_address(
    change: Change, enter: Enter, sessions: Sessions, tenant: Tenant, own_verifier: TokenVerifier
) -> None:
    token = (await enter(ADA))["accessToken"]
    ada = (await own_verifier.caller(token)).require_user()
    await change.request(token)
    await change.confirm(token, (await change.mailed())[NEW])
    await change.made()
    code = (await change.mailed())[ADA]
    await handle(sessions, tenant, "email-changed", user_id=str(ada), email="ada@school.example")
    assert await change.undo(code) == INVALID
    assert await change.told("address-chosen") == []


async def test_says_nothing_of_who_has_an_address_and_mails_them_nothing(
    change: Change, enter: Enter, add_account: AddAccount, tenant: Tenant
) -> None:
    token = (await enter(ADA))["accessToken"]
    await add_account(tenant, BOB, PASSWORD)
    free, taken = await change.request(token), await change.request(token, BOB)
    assert free == taken
    assert set(await change.mailed()) == {ADA}  # what was asked for before is forgotten


async def test_is_confirmed_by_nobody_else_not_too_late_and_from_the_address_it_was_asked_at(
    change: Change, enter: Enter, sessions: Sessions, tenant: Tenant, own_verifier: TokenVerifier
) -> None:
    token, stranger = (await enter(ADA))["accessToken"], (await enter(BOB))["accessToken"]
    await change.request(token)
    code = (await change.mailed())[NEW]
    assert await change.confirm(stranger, code) == INVALID
    assert await change.confirm(token, CODES.links.sign((await own_verifier.caller(token)).require_user())) == INVALID
    async with unit_of_work(sessions, tenant.caller()) as session:
        await session.execute(sa.update(EmailChange).values(expires_at=sa.func.now()))
    assert await change.confirm(token, code) == INVALID
    await change.request(token)
    code = (await change.mailed())[NEW]
    async with unit_of_work(sessions, tenant.caller()) as session:
        await session.execute(sa.update(Account).where(Account.email == ADA).values(email="ada@other.example"))
    assert await change.confirm(token, code) == INVALID
    assert await change.told("address-chosen") == []


async def test_is_refused_where_a_provider_speaks_for_the_address_and_to_the_same_one(
    change: Change, enter: Enter, sessions: Sessions, tenant: Tenant, own_verifier: TokenVerifier
) -> None:
    token = (await enter(ADA))["accessToken"]
    ada = (await own_verifier.caller(token)).require_user()
    assert code_of(await change.request(token, ADA.upper())) == "BAD_USER_INPUT"
    trusted = _school()
    async with unit_of_work(sessions, tenant.caller()) as session:
        session.add(trusted)
        await session.flush()
        session.add(FederatedIdentity(provider_id=trusted.id, subject="ada", user_id=ada))
    refused = (await change.request(token))["data"]["changeEmail"]
    assert refused == {"validMinutes": None, "userErrors": [{"code": "EMAIL_MANAGED"}]}
    given = {"tenant": tenant.slug, "email": ADA, "password": PASSWORD}
    assert (await change.ask(SIGN_IN, {"input": given}))["data"]["signIn"]["session"]


def _school() -> IdentityProvider:
    return IdentityProvider(
        alias="school",
        kind="OIDC",
        name="School",
        issuer="https://idp.example",
        client_id="studium",
        sealed_client_secret=Protected("sealed"),
        email_domains=["example.org"],
    )


def _passkey(user_id: UUID, passkey_id: UUID, at: datetime) -> Passkey:
    return Passkey(
        id=passkey_id,
        user_id=user_id,
        credential_id=passkey_id.bytes,
        public_key=b"key",
        sign_count=0,
        verifies_user=True,
        backup_eligible=False,
        backed_up=False,
        transports=[],
        name="Phone",
        created_at=at,
    )
