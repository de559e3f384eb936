"""Invitations: mailed, accepted, mailed again, listed, and taken back."""

import re
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from shared.caller import Caller
from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.mail import FolderMailer
from shared.tenancy.registry import Registry
from subgraphs.users.consumers import InvitationSent, mailing
from subgraphs.users.models import Invitation
from subgraphs.users.service.invitations import MOST_SENT, RESEND_AFTER
from subgraphs.users.service.mailing import InvitationPost, invitation_codes
from tests.subgraphs.conftest import Ask, code_of
from tests.tenants import Control, Tenant

INVITE = "mutation ($input: InviteUsersInput!) { inviteUsers(input: $input) { invitations { id code email } } }"
INVITATIONS = """query ($first: Int! = 20, $after: String) {
  invitations(first: $first, after: $after) {
    edges { node { email revokedAt claimedAt } } pageInfo { endCursor hasNextPage }
  }
}"""
REVOKE = """mutation ($input: RevokeInvitationInput!) {
  revokeInvitation(input: $input) { invitation { revokedAt } userErrors { code } }
}"""
ACCEPT = """mutation ($input: AcceptInvitationInput!) {
  acceptInvitation(input: $input) { user { id displayName status } userErrors { code } }
}"""
RESEND = """mutation ($input: ResendInvitationInput!) {
  resendInvitation(input: $input) { invitation { code expiresAt } userErrors { code } }
}"""
SIGN_UP = """mutation ($input: SignUpInput!) {
  signUp(input: $input) { user { status } userErrors { code } }
}"""


PASSWORD = "plain tin whistle 41"

Delivered: TypeAlias = Callable[[], Any]


def taken_out(folder: Path) -> dict[str, dict[str, list[str]]]:
    """What the links in the mails of a folder say, by address."""
    links: dict[str, dict[str, list[str]]] = {}
    for path in folder.glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=default)
        url = next(re.finditer(r"https://\S+", mail.get_content())).group()
        links[mail["To"]] = parse_qs(urlsplit(url).fragment)
        path.unlink()
    return links


@pytest.fixture
async def delivered(control: Control, sessions: Sessions, tenant: Tenant, tmp_path: Path) -> AsyncGenerator[Delivered]:
    """Mail what is to be mailed; returns what the links in the mails say, by address."""
    registry, secret = Registry.create(control.login_url("users")), SecretStr("k" * 64)
    post = InvitationPost(
        FolderMailer(tmp_path), "a@example.org", invitation_codes(secret), registry, "https://learn.example.org"
    )
    send = mailing(post)["users.invitation-sent.v1"].handle

    async def deliver() -> dict[str, dict[str, list[str]]]:
        asked = sa.select(OutboxRow).where(OutboxRow.topic == "users.invitation-sent.v1")
        async with unit_of_work(sessions, tenant.caller()) as session:
            for row in list(await session.scalars(asked)):
                await send(session, InvitationSent(UUID(row.payload["invitation_id"])))
                await session.delete(row)
        return taken_out(tmp_path)

    yield deliver
    await registry.aclose()


@pytest.fixture
def inviter(tenant: Tenant) -> Caller:
    """Whoever invites people."""
    return tenant.caller("users:invite")


async def invite(ask: Ask, inviter: Caller, *emails: str) -> list[dict[str, Any]]:
    """Invite people; returns their invitations."""
    answer = await ask(INVITE, {"input": {"emails": list(emails), "role": "LEARNER"}}, by=inviter)
    return answer["data"]["inviteUsers"]["invitations"]


async def sign_up(ask: Ask, tenant: Tenant, invitation: dict[str, Any]) -> dict[str, Any]:
    """Sign up with an invitation."""
    person = {"tenant": tenant.slug, "email": invitation["email"], "displayName": "Ada"}
    asked = {"input": {**person, "password": PASSWORD, "invitation": invitation["code"]}}
    return (await ask(SIGN_UP, asked))["data"]["signUp"]


class TestInvitations:
    async def test_are_listed_from_the_newest_on(self, ask: Ask, inviter: Caller) -> None:
        await invite(ask, inviter, "ada@example.org", "bob@example.org", "eve@example.org")
        first = (await ask(INVITATIONS, {"first": 2}, by=inviter))["data"]["invitations"]
        rest = await ask(INVITATIONS, {"after": first["pageInfo"]["endCursor"]}, by=inviter)
        pages = [first, rest["data"]["invitations"]]
        assert [[edge["node"]["email"] for edge in page["edges"]] for page in pages] == [
            ["eve@example.org", "bob@example.org"],
            ["ada@example.org"],
        ]

    async def test_are_for_those_who_invite(self, ask: Ask, tenant: Tenant) -> None:
        assert code_of(await ask(INVITATIONS, by=tenant.caller("users:read"))) == "FORBIDDEN"


class TestRole:
    async def test_is_no_more_than_the_caller_could_give(self, ask: Ask, inviter: Caller, tenant: Tenant) -> None:
        for role in ("OWNER", "INSTRUCTOR"):
            asked = {"input": {"emails": ["eve@example.org"], "role": role}}
            assert code_of(await ask(INVITE, asked, by=inviter)) == "FORBIDDEN"
        granter = tenant.caller("users:invite", "roles:manage")
        asked = {"input": {"emails": ["ada@example.org"], "role": "OWNER"}}
        [made] = (await ask(INVITE, asked, by=granter))["data"]["inviteUsers"]["invitations"]
        assert made["code"]
        seen = await ask("{ invitations { edges { node { email code } } } }", by=inviter)
        assert [edge["node"] for edge in seen["data"]["invitations"]["edges"]] == [
            {"email": "ada@example.org", "code": None}
        ]


class TestRevoked:
    async def test_is_good_for_nothing(self, ask: Ask, inviter: Caller, tenant: Tenant) -> None:
        [invitation] = await invite(ask, inviter, "ada@example.org")
        asked = {"input": {"id": invitation["id"]}}
        first = await ask(REVOKE, asked, by=inviter)
        assert first["data"]["revokeInvitation"]["invitation"]["revokedAt"]
        assert await ask(REVOKE, asked, by=inviter) == first
        assert (await sign_up(ask, tenant, invitation))["userErrors"] == [{"code": "INVITATION_INVALID"}]

    async def test_after_it_was_used_is_refused(
        self, ask: Ask, inviter: Caller, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("subgraphs.users.service.sign_up.ACCOUNT_WAIT_SECONDS", 0.05)
        [invitation] = await invite(ask, inviter, "ada@example.org")
        assert (await sign_up(ask, tenant, invitation))["user"] == {"status": "ACTIVE"}
        answer = await ask(REVOKE, {"input": {"id": invitation["id"]}}, by=inviter)
        assert answer["data"]["revokeInvitation"]["userErrors"] == [{"code": "INVITATION_CLAIMED"}]

    async def test_of_another_tenant_is_not_there(
        self, ask: Ask, inviter: Caller, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        [invitation] = await invite(ask, inviter, "ada@example.org")
        asked = {"input": {"id": invitation["id"]}}
        assert code_of(await ask(REVOKE, asked, by=other_tenant.caller("users:invite"))) == "NOT_FOUND"
        assert code_of(await ask(REVOKE, asked, by=tenant.caller("users:read"))) == "FORBIDDEN"


class TestAccepted:
    @pytest.fixture(autouse=True)
    def impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody opens accounts here."""
        monkeypatch.setattr("subgraphs.users.service.sign_up.ACCOUNT_WAIT_SECONDS", 0.05)

    async def accept(self, ask: Ask, tenant: Tenant, code: str, **more: Any) -> dict[str, Any]:
        given = {"tenant": tenant.slug, "code": code, "password": PASSWORD, **more}
        return (await ask(ACCEPT, {"input": given}))["data"]["acceptInvitation"]

    async def test_by_the_mailed_link_makes_the_person_active(
        self, ask: Ask, inviter: Caller, tenant: Tenant, delivered: Delivered
    ) -> None:
        await invite(ask, inviter, "ada@example.org")
        said = (await delivered())["ada@example.org"]
        assert said["tenant"] == [tenant.slug]
        answer = await self.accept(ask, tenant, said["code"][0], displayName="Ada", idempotencyKey="1")
        assert (answer["user"]["displayName"], answer["user"]["status"]) == ("Ada", "ACTIVE")
        assert await self.accept(ask, tenant, said["code"][0], displayName="Ada", idempotencyKey="1") == answer
        assert (await self.accept(ask, tenant, said["code"][0]))["userErrors"] == [{"code": "INVITATION_INVALID"}]

    async def test_with_a_code_of_nobody_or_of_another_tenant_is_refused(
        self, ask: Ask, inviter: Caller, other_tenant: Tenant
    ) -> None:
        [invitation] = await invite(ask, inviter, "ada@example.org")
        for code in ("made-up", invitation["code"]):
            assert (await self.accept(ask, other_tenant, code))["userErrors"] == [{"code": "INVITATION_INVALID"}]

    async def test_with_a_password_that_names_the_person_is_refused(
        self, ask: Ask, inviter: Caller, tenant: Tenant
    ) -> None:
        [invitation] = await invite(ask, inviter, "ada.lovelace@example.org")
        answer = await self.accept(ask, tenant, invitation["code"], password="ada.lovelace")
        assert answer["userErrors"] == [{"code": "WEAK_PASSWORD"}]


class TestResent:
    async def test_is_mailed_again_until_it_was_enough(
        self, ask: Ask, inviter: Caller, tenant: Tenant, sessions: Sessions, delivered: Delivered
    ) -> None:
        [invitation] = await invite(ask, inviter, "ada@example.org")
        asked = {"input": {"id": invitation["id"]}}

        async def resend() -> list[dict[str, str]]:
            return (await ask(RESEND, asked, by=inviter))["data"]["resendInvitation"]["userErrors"]

        assert set(await delivered()) == {"ada@example.org"}
        assert await resend() == [{"code": "INVITATION_SENT_ENOUGH"}]
        for _ in range(MOST_SENT - 1):
            await self.age(sessions, tenant, sent_at=datetime.now(UTC) - RESEND_AFTER)
            assert await resend() == []
            assert set(await delivered()) == {"ada@example.org"}
        await self.age(sessions, tenant, sent_at=datetime.now(UTC) - RESEND_AFTER)
        assert await resend() == [{"code": "INVITATION_SENT_ENOUGH"}]

    async def test_counts_anew_after_it_had_expired(
        self, ask: Ask, inviter: Caller, tenant: Tenant, sessions: Sessions
    ) -> None:
        [invitation] = await invite(ask, inviter, "ada@example.org")
        long_ago = datetime.now(UTC) - timedelta(days=30)
        await self.age(sessions, tenant, sent_at=long_ago, expires_at=long_ago)
        answer = await ask(RESEND, {"input": {"id": invitation["id"]}}, by=inviter)
        again = answer["data"]["resendInvitation"]["invitation"]
        assert again["code"] == invitation["code"]
        assert datetime.fromisoformat(again["expiresAt"]) > datetime.now(UTC)

    async def test_after_it_was_taken_back_is_refused_and_nothing_is_mailed(
        self, ask: Ask, inviter: Caller, tenant: Tenant, other_tenant: Tenant, delivered: Delivered
    ) -> None:
        [invitation] = await invite(ask, inviter, "ada@example.org")
        asked = {"input": {"id": invitation["id"]}}
        await ask(REVOKE, asked, by=inviter)
        assert await delivered() == {}
        answer = await ask(RESEND, asked, by=inviter)
        assert answer["data"]["resendInvitation"]["userErrors"] == [{"code": "INVITATION_REVOKED"}]
        assert code_of(await ask(RESEND, asked, by=other_tenant.caller("users:invite"))) == "NOT_FOUND"
        assert code_of(await ask(RESEND, asked, by=tenant.caller("users:read"))) == "FORBIDDEN"

    async def age(self, sessions: Sessions, tenant: Tenant, **values: datetime) -> None:
        """Let time go by for the invitation."""
        async with unit_of_work(sessions, tenant.caller()) as session:
            await session.execute(sa.update(Invitation).values(**values))
