"""The auth subgraph, running, with a worker that makes the tenants it signs up."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest
from pydantic import SecretStr

from shared.authentication import PASSWORD, Authentication
from shared.caller import Caller
from shared.crypto import Sealer
from shared.database import Sessions, unit_of_work
from shared.graphql.app import SubgraphApp
from shared.ids import uuid7
from shared.jwks import LocalKeys
from shared.passwords import Passwords
from shared.roles import Role
from shared.tenancy.onboarding import Onboarding
from shared.tenancy.provision import Provisioner
from shared.tokens import TokenIssuer, TokenVerifier, generate_signing_key
from subgraphs.auth.app import create
from subgraphs.auth.models import Account
from subgraphs.auth.service.accounts import install_owner
from subgraphs.auth.settings import AuthSettings
from subgraphs.auth.store.accounts import AccountStore
from tests.tenants import Control, Tenant

CREDENTIALS_KEY = SecretStr("k" * 64)
SIGNING_KEY = generate_signing_key()

Ask: TypeAlias = Callable[..., Awaitable[dict[str, Any]]]
AddAccount: TypeAlias = Callable[..., Awaitable[Account]]


@pytest.fixture
def own_verifier() -> TokenVerifier:
    """Verifies the tokens this subgraph issues."""
    return TokenVerifier(LocalKeys(TokenIssuer(SIGNING_KEY).public_keys))


@pytest.fixture
def reach() -> Mapping[str, Any]:
    """Settings: where the subgraph is reached, and whom it may reach, if that matters."""
    return {}


@pytest.fixture
async def auth(
    control: Control, own_verifier: TokenVerifier, quick_passwords: Passwords, reach: Mapping[str, Any]
) -> AsyncGenerator[SubgraphApp]:
    """The subgraph, started."""
    url = control.login_url("auth")
    settings = AuthSettings(database_url=url, signing_key=SIGNING_KEY, credentials_key=CREDENTIALS_KEY, **reach)
    subgraph = create(settings, verifier=own_verifier, passwords=quick_passwords)
    await subgraph.start()
    yield subgraph
    await subgraph.aclose()


@pytest.fixture
async def sessions(control: Control) -> AsyncGenerator[Sessions]:
    """Sessions of the subgraph's login role."""
    opened = Sessions.create(control.login_url("auth"), subgraph="auth")
    yield opened
    await opened.aclose()


@pytest.fixture
async def worker(control: Control, sessions: Sessions) -> AsyncGenerator[None]:
    """Makes every tenant that is signed up."""
    async with control.admin() as admin:
        onboarding = Onboarding(Provisioner(admin, control.migrations), sessions, install_owner)
        running = asyncio.create_task(onboarding.run())
        yield
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


@pytest.fixture
def ask(auth: SubgraphApp) -> Ask:
    """A question to the subgraph, with an access token or without."""

    async def answer(
        query: str, variables: Mapping[str, Any] | None = None, *, token: str | None = None
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await auth.service.execute(query, variables, headers=headers)

    return answer


@pytest.fixture
def token_of() -> Callable[[Caller], str]:
    """A token for a caller, signed with the subgraph's key; it says when they have proved who they are."""

    def issue(caller: Caller) -> str:
        proof = None
        if caller.auth_time is not None:
            proof = Authentication.of(datetime.fromtimestamp(caller.auth_time, UTC), [PASSWORD])
        issued = TokenIssuer(SIGNING_KEY).issue(
            caller.tenant_id,
            caller.require_user(),
            caller.session_id or uuid7(),
            role=caller.role,
            scopes=caller.scopes,
            authentication=proof,
        )
        return issued.access_token

    return issue


@pytest.fixture
def add_account(sessions: Sessions, quick_passwords: Passwords) -> AddAccount:
    """Open an account in a tenant, with a password."""

    async def add(tenant: Tenant, email: str, password: str, role: Role = Role.LEARNER) -> Account:
        user_id = uuid7()
        sealed = Sealer.create(CREDENTIALS_KEY, "password-hash").seal(
            await quick_passwords.hash(password), context=str(user_id)
        )
        async with unit_of_work(sessions, tenant.caller()) as session:
            account = await AccountStore(session).add(
                user_id=user_id, email=email, sealed_password_hash=sealed, role=role
            )
        assert account
        return account

    return add
