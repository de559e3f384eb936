"""Invitations after they were sent: listed, and taken back."""

from typing import Any

import pytest

from shared.caller import Caller
from tests.subgraphs.conftest import Ask, code_of
from tests.tenants import Tenant

INVITE = "mutation ($input: InviteUsersInput!) { inviteUsers(input: $input) { invitations { id code email } } }"
INVITATIONS = """query ($first: Int! = 20, $after: String) {
  invitations(first: $first, after: $after) {
    edges { node { email revokedAt claimedAt } } pageInfo { endCursor hasNextPage }
  }
}"""
REVOKE = """mutation ($input: RevokeInvitationInput!) {
  revokeInvitation(input: $input) { invitation { revokedAt } userErrors { code } }
}"""
SIGN_UP = """mutation ($input: SignUpInput!) {
  signUp(input: $input) { user { status } userErrors { code } }
}"""


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
    asked = {"input": {**person, "password": "plain tin whistle 41", "invitation": invitation["code"]}}
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
