"""The users subgraph, running, and people in it."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final, TypeAlias

import pytest
from pydantic import SecretStr

from shared.data_keys import DataKeys, LocalMasterKey
from shared.database import Sessions, unit_of_work
from shared.events import Hub
from shared.graphql.app import SubgraphApp
from shared.passwords import Passwords
from shared.roles import Role
from shared.tokens import TokenVerifier
from subgraphs.users.app import create
from subgraphs.users.models import User, UserStatus
from subgraphs.users.settings import UsersSettings
from subgraphs.users.store.people import UserStore
from tests.subgraphs.conftest import Ask, SignIn, asking, opened, started
from tests.tenants import Control, Tenant

AddUser: TypeAlias = Callable[..., Awaitable[User]]


CREDENTIALS_KEY: Final = SecretStr("k" * 64)


@pytest.fixture
def keys() -> DataKeys:
    """The tenants' data keys, as the subgraph opens them."""
    return DataKeys(LocalMasterKey([CREDENTIALS_KEY]), subgraph="users")


@pytest.fixture
async def users(
    control: Control, verifier: TokenVerifier, hub: Hub, quick_passwords: Passwords
) -> AsyncGenerator[SubgraphApp]:
    """The subgraph, started."""
    settings = UsersSettings(database_url=control.login_url("users"), credentials_key=CREDENTIALS_KEY)
    async with started(create(settings, verifier=verifier, hub=hub, passwords=quick_passwords)) as subgraph:
        yield subgraph


@pytest.fixture
async def sessions(control: Control) -> AsyncGenerator[Sessions]:
    """Sessions of the subgraph's login role."""
    async with opened(control, "users") as sessions:
        yield sessions


@pytest.fixture
def ask(users: SubgraphApp, signed_in: SignIn) -> Ask:
    """A question to the subgraph, by somebody signed in or, without `by`, by nobody in particular."""
    return asking(users, signed_in)


@pytest.fixture
def add_user(sessions: Sessions) -> AddUser:
    """Add a person to a tenant."""

    async def add(tenant: Tenant, email: str, **values: Any) -> User:
        defaults = {"display_name": "Ada", "role": Role.LEARNER, "status": UserStatus.ACTIVE}
        async with unit_of_work(sessions, tenant.caller()) as session:
            user = await UserStore(session).add(email=email, **{**defaults, **values})
        assert user
        return user

    return add
