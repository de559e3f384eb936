"""A provisioning client of a tenant."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, TypeAlias

import pytest
from httpx2 import ASGITransport, AsyncClient

from shared.caller import Caller
from shared.graphql.app import SubgraphApp
from tests.subgraphs.conftest import SignIn
from tests.tenants import Tenant

PROVISION: Final = "users:provision"
USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

Connect: TypeAlias = Callable[[Tenant, Caller | None], AbstractAsyncContextManager[AsyncClient]]


def person(user_name: str, /, **more: Any) -> dict[str, Any]:
    """A person as a directory describes them."""
    return {
        "schemas": [USER],
        "userName": user_name,
        "emails": [{"value": f"{user_name}@example.org", "primary": True}],
        **more,
    }


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    """Operations on a resource."""
    return {"schemas": [PATCH], "Operations": list(operations)}


@pytest.fixture
def connect(users: SubgraphApp, signed_in: SignIn) -> Connect:
    """A client of a tenant's provisioning, as a caller or as nobody."""

    @asynccontextmanager
    async def connected(tenant: Tenant, by: Caller | None) -> AsyncGenerator[AsyncClient]:
        headers = {"content-type": "application/scim+json", **(signed_in(by) if by else {})}
        base = f"http://studium/t/{tenant.slug}/scim/v2"
        async with AsyncClient(transport=ASGITransport(users.app), base_url=base, headers=headers) as client:
            yield client

    return connected


@pytest.fixture
async def scim(connect: Connect, tenant: Tenant) -> AsyncGenerator[AsyncClient]:
    """The client of the tenant's directory."""
    async with connect(tenant, tenant.caller(PROVISION)) as client:
        yield client
