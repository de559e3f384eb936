"""People of a tenant who can be given roles, and callers that hold permissions."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

import pytest

from shared.authentication import Authentication
from shared.caller import Caller
from shared.database import Sessions, unit_of_work
from shared.ids import uuid7
from shared.permissions.catalogue import PERMISSIONS
from shared.roles import Role
from shared.tokens import TokenIssuer
from subgraphs.auth.store.accounts import AccountStore
from tests.subgraphs.auth.conftest import SIGNING_KEY
from tests.tenants import Tenant

Person: TypeAlias = Callable[..., Awaitable[Caller]]


@pytest.fixture
def person(sessions: Sessions, tenant: Tenant) -> Person:
    """Somebody of the tenant with an account, who calls themselves and holds scopes."""

    async def add(*scopes: str, role: Role = Role.LEARNER) -> Caller:
        user_id = uuid7()
        email = f"{user_id}@example.org"
        async with unit_of_work(sessions, tenant.caller()) as session:
            await AccountStore(session).add(user_id=user_id, email=email, sealed_password_hash="none", role=role)
        return calling(tenant, user_id, *scopes)

    return add


@pytest.fixture
async def owner(person: Person) -> Caller:
    """Somebody who holds every permission in the tenant."""
    return await person(*PERMISSIONS, role=Role.OWNER)


@pytest.fixture
def token_of() -> Callable[[Caller], str]:
    """The token of a session that a caller has opened themselves."""

    def issue(caller: Caller) -> str:
        assert caller.session_id is not None
        issued = TokenIssuer(SIGNING_KEY).issue(
            caller.tenant_id,
            caller.require_user(),
            caller.session_id,
            role=caller.role,
            scopes=caller.scopes,
            authentication=Authentication.of(datetime.now(UTC), ["pwd"]),
        )
        return issued.access_token

    return issue


def calling(tenant: Tenant, user_id: UUID, *scopes: str) -> Caller:
    """A person who calls in a session of their own."""
    return replace(tenant.caller(*scopes, user_id=user_id), auth_time=0)
