"""A tenant whose people change it, with a DNS that tests write."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

import pytest

from shared.caller import Caller
from shared.graphql.app import SubgraphApp
from shared.passwords import Passwords
from shared.tokens import TokenVerifier
from subgraphs.auth.app import create
from subgraphs.auth.settings import AuthSettings
from tests.registry import restored
from tests.subgraphs.auth.conftest import CREDENTIALS_KEY, SIGNING_KEY, Ask
from tests.tenants import Control, Tenant


@pytest.fixture
def records() -> dict[str, list[str]]:
    """The TXT records of the DNS, by name."""
    return {}


@pytest.fixture
async def auth(
    control: Control, own_verifier: TokenVerifier, quick_passwords: Passwords, records: Mapping[str, list[str]]
) -> AsyncGenerator[SubgraphApp]:
    """The subgraph, started, over that DNS."""

    async def look_up(name: str) -> Sequence[str]:
        return records.get(name, ())

    url = control.login_url("auth")
    settings = AuthSettings(database_url=url, signing_key=SIGNING_KEY, credentials_key=CREDENTIALS_KEY)
    subgraph = create(settings, verifier=own_verifier, passwords=quick_passwords, look_up=look_up)
    await subgraph.start()
    yield subgraph
    await subgraph.aclose()


@pytest.fixture(autouse=True)
async def _restored(control: Control, tenant: Tenant, other_tenant: Tenant) -> AsyncGenerator[None]:
    """The tenants are other tests' afterwards."""
    async with restored(control, tenant, other_tenant):
        yield


@pytest.fixture
def change(ask: Ask, token_of: Callable[[Caller], str], tenant: Tenant) -> Ask:
    """Send a mutation of one input as the tenant's owner, or as somebody else; the payload is answered."""

    async def send(field: str, input: Mapping[str, Any], shown: str, *, by: Caller | None = None) -> dict[str, Any]:
        name = f"{field[0].upper()}{field[1:]}Input"
        text = f"mutation($input: {name}!) {{ {field}(input: $input) {{ {shown} userErrors {{ code path }} }} }}"
        caller = by or tenant.caller("tenant:manage", role="OWNER")
        return await ask(text, {"input": dict(input)}, token=token_of(caller))

    return send
