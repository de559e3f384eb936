"""People of a school, who sign in and act in each other's names."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import pytest

from shared.roles import Role
from tests.subgraphs.auth.conftest import AddAccount, Ask
from tests.tenants import Tenant

PASSWORD = "correct horse"
SIGN_IN = """mutation ($input: SignInInput!) {
  signIn(input: $input) { session { accessToken refreshToken } userErrors { code } }
}"""
START = """mutation ($input: StartImpersonationInput!) {
  startImpersonation(input: $input) {
    impersonation { id user { id } impersonator { id } reason endedAt } session { accessToken refreshToken }
    userErrors { code }
  }
}"""
STOP = """mutation ($input: StopImpersonationInput!) {
  stopImpersonation(input: $input) { impersonation { id endedAt } userErrors { code } }
}"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in."""

    id: UUID
    token: str
    ask: Ask

    async def wants(self, document: str, **given: Any) -> dict[str, Any]:
        """The whole answer to a mutation with that input."""
        return await self.ask(document, {"input": given}, token=self.token)

    async def impersonates(self, other: "Person", reason: str = "Ticket 7") -> dict[str, Any]:
        """What came of it."""
        answer = await self.wants(START, userId=str(other.id), reason=reason)
        return answer["data"]["startImpersonation"]

    async def acting_for(self, other: "Person") -> "Person":
        """The other person, as whom this one acts."""
        begun = await self.impersonates(other)
        assert begun["userErrors"] == []
        return Person(other.id, begun["session"]["accessToken"], self.ask)


Enter: TypeAlias = Callable[..., Awaitable[Person]]


@pytest.fixture
def enter(ask: Ask, add_account: AddAccount, tenant: Tenant) -> Enter:
    """A person of the tenant with a role, in a session of their own."""

    async def signed_in(name: str, role: Role = Role.LEARNER) -> Person:
        email = f"{name}@example.org"
        account = await add_account(tenant, email, PASSWORD, role)
        answer = await ask(SIGN_IN, {"input": {"tenant": tenant.slug, "email": email, "password": PASSWORD}})
        return Person(account.user_id, answer["data"]["signIn"]["session"]["accessToken"], ask)

    return signed_in


@pytest.fixture
async def olga(enter: Enter) -> Person:
    """The owner."""
    return await enter("olga", Role.OWNER)


@pytest.fixture
async def lena(enter: Enter) -> Person:
    """A learner."""
    return await enter("lena")
