"""People who are signed in, and what they ask of their programs' tokens."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest

from shared.authentication import PASSWORD, Authentication
from shared.caller import Caller
from shared.database import Sessions, unit_of_work
from shared.ids import uuid7
from shared.permissions.catalogue import BUILT_IN
from shared.roles import Role
from shared.tokens import TokenIssuer
from subgraphs.auth.store.accounts import SignInSessionStore
from tests.subgraphs.auth.conftest import SIGNING_KEY, AddAccount
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


@pytest.fixture
def token_of() -> Callable[[Caller], str]:
    """A token for a caller, which says when they have proved who they are."""

    def issue(caller: Caller) -> str:
        assert caller.session_id is not None
        proof = None
        if caller.auth_time is not None:
            proof = Authentication.of(datetime.fromtimestamp(caller.auth_time, UTC), [PASSWORD])
        issued = TokenIssuer(SIGNING_KEY).issue(
            caller.tenant_id,
            caller.require_user(),
            caller.session_id,
            role=caller.role,
            scopes=caller.scopes,
            authentication=proof,
        )
        return issued.access_token

    return issue


def asked(**changes: Any) -> dict[str, Any]:
    """The variables of `createApiToken`."""
    return {"input": {"name": "Timetable", "scopes": ["learn"], **changes}}
