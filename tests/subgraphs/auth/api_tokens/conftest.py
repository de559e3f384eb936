"""People who are signed in, and what they ask of their programs' tokens."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from shared.caller import Caller
from shared.database import Sessions, unit_of_work
from shared.ids import uuid7
from shared.permissions.catalogue import BUILT_IN
from shared.roles import Role
from subgraphs.auth.store.accounts import SignInSessionStore
from tests.subgraphs.auth.conftest import AddAccount
from tests.tenants import Tenant

SignedIn: TypeAlias = Callable[..., Awaitable[Caller]]


@pytest.fixture
def signed_in(sessions: Sessions, add_account: AddAccount) -> SignedIn:
    """Somebody of a tenant with an account and an open session."""

    async def sign_in(tenant: Tenant, role: Role = Role.OWNER) -> Caller:
        account = await add_account(tenant, f"{uuid7().hex}@example.org", "correct horse", role)
        async with unit_of_work(sessions, tenant.caller()) as session:
            session_id = await SignInSessionStore(session).add(account.user_id)
        caller = tenant.caller(*BUILT_IN[role], user_id=account.user_id, role=role)
        return replace(caller, session_id=session_id, auth_time=int(time.time()))

    return sign_in


def asked(**changes: Any) -> dict[str, Any]:
    """The variables of `createApiToken`."""
    return {"input": {"name": "Timetable", "scopes": ["learn"], **changes}}
