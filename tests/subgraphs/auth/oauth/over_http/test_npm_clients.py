"""Relying parties that we have not written complete their flows: openid-client and oauth4webapi, of npm."""

import asyncio
import json
from asyncio.subprocess import PIPE

import pytest

from shared.roles import Role
from subgraphs.auth.service.oauth import DEVICE_CODE
from tests.clients.outcomes import HERE, node
from tests.subgraphs.auth.conftest import AddAccount, Ask
from tests.subgraphs.auth.oauth.conftest import EMAIL, PASSWORD, REDIRECT_URI, App, Register
from tests.subgraphs.auth.oauth.over_http.conftest import Site
from tests.subgraphs.auth.oauth.test_registration import CREATE
from tests.tenants import Tenant

pytestmark = pytest.mark.xdist_group("clients")

SCENARIOS = 13


def told(app: App) -> dict[str, str | None]:
    return {"id": app.id, "secret": app.secret}


async def test_every_flow_is_completed(
    site: Site, tenant: Tenant, register: Register, add_account: AddAccount, ask: Ask, owner_token: str
) -> None:
    await add_account(tenant, EMAIL, PASSWORD, Role.INSTRUCTOR)
    asked = {"scopes": ["openid", "email", "learn"]}
    made = (await ask(CREATE, {"input": asked}, token=owner_token))["data"]["createAppRegistrationToken"]
    world = {
        "registrationToken": made["token"],
        "issuer": f"{site.url}/t/{tenant.slug}",
        "redirectUri": REDIRECT_URI,
        "email": EMAIL,
        "password": PASSWORD,
        "app": told(await register()),
        "publicApp": told(await register(name="Phone", confidential=False)),
        "device": told(await register(confidential=False, redirectUris=[], grantTypes=["refresh_token", DEVICE_CODE])),
        "machine": told(await register(name="Sync", grantTypes=["client_credentials"], redirectUris=[])),
    }
    process = await asyncio.create_subprocess_exec(
        node(), str(HERE / "oauth" / "run.mjs"), stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    out, problems = await process.communicate(json.dumps(world).encode())
    assert process.returncode == 0, problems.decode()
    outcomes: dict[str, str | None] = json.loads(out)
    assert not (wrong := "\n".join(f"{name}: {problem}" for name, problem in outcomes.items() if problem)), wrong
    assert len(outcomes) == SCENARIOS
