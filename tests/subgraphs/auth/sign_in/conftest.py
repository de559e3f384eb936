"""Signing in, as often as a test wants to."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeAlias

import pytest
import sqlalchemy as sa

from shared.data_keys import DataKeys, LocalMasterKey
from shared.database import Sessions, unit_of_work
from subgraphs.auth.models import SignInSession
from subgraphs.auth.service.codes import SignInCodes
from tests.subgraphs.auth.conftest import CREDENTIALS_KEY, AddAccount, Ask
from tests.tenants import Tenant

CODES = SignInCodes.create(CREDENTIALS_KEY)
KEYS = DataKeys(LocalMasterKey([CREDENTIALS_KEY]), subgraph="auth")
PASSWORD = "correct horse"
SIGN_IN = """mutation ($input: SignInInput!) {
  signIn(input: $input) {
    session { accessToken refreshToken deviceToken }
    challenge { code methods }
    userErrors { code }
  }
}"""

Enter: TypeAlias = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def enter(ask: Ask, add_account: AddAccount, tenant: Tenant) -> Enter:
    """Sign a person in, whose account is opened when they come first; gives the session."""
    known: set[str] = set()

    async def sign_in(email: str, **changes: Any) -> dict[str, Any]:
        if email not in known:
            known.add(email)
            await add_account(tenant, email, PASSWORD)
        answer = await ask(SIGN_IN, {"input": {"tenant": tenant.slug, "email": email, "password": PASSWORD, **changes}})
        return answer["data"]["signIn"]["session"]

    return sign_in


async def shift(sessions: Sessions, tenant: Tenant, **times: timedelta) -> None:
    """Set times of all sessions, counted from now."""
    values = {name: sa.func.now() + by for name, by in times.items()}
    async with unit_of_work(sessions, tenant.caller()) as session:
        await session.execute(sa.update(SignInSession).values(values))
