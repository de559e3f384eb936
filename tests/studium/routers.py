"""A router of the platform over some of its subgraphs, in this process, on the test servers.

Those that it does not have cannot be reached; without their schemas there would be no graph.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette

from router.compose import Subgraph
from router.execute import HttpTransport
from router.serve.life.draining import Draining
from shared.caller import UserId
from shared.ids import uuid7
from shared.permissions.catalogue import BUILT_IN
from shared.roles import Role
from shared.router_tokens import keys_of, public_keys
from shared.tokens import TokenIssuer, generate_signing_key
from studium.composition import Parts, create_subgraph, running
from studium.router_parts import RouterParts
from studium.router_policies import read_policies
from studium.router_process import transports_to
from studium.settings import StudiumSettings
from studium.supergraph import first
from studium.trust import signing
from tests.tenants import Control, Tenant

KEY = generate_signing_key()
ROUTER_KEY = generate_signing_key()
HERE = ("auth", "courses")
AWAY = ("content",)
SCHEMA = Path(__file__).parents[2] / "schema" / "subgraphs"
_ISSUER = TokenIssuer(KEY)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in."""

    tenant: Tenant
    user_id: UserId
    token: str


def person(tenant: Tenant, role: Role = Role.LEARNER) -> Person:
    """A new one."""
    user = UserId(uuid7())
    issued = _ISSUER.issue(tenant.id, user, uuid7(), role=role, scopes=BUILT_IN[role])
    return Person(tenant, user, issued.access_token)


@dataclass(frozen=True, slots=True)
class TestedRouter:
    """One that answers."""

    __test__ = False

    app: Starlette
    client: httpx2.AsyncClient

    async def ask(self, query: str, who: Person | None = None, host: str = "router", **variables: Any) -> Any:
        """The answer, with its status as `status`, and as `kept` what it says of the cache."""
        headers = {} if who is None else {"authorization": f"Bearer {who.token}"}
        body = {"query": query, "variables": variables}
        answer = await self.client.post("/graphql", json=body, headers={**headers, "host": host})
        return {**answer.json(), "status": answer.status_code, "kept": answer.headers.get("cache-status", "")}


def settings_for(control: Control, config: Path | None = None) -> StudiumSettings:
    servers = control.servers
    return StudiumSettings.model_validate(
        {
            "database_url": servers.database,
            "redis_url": servers.redis,
            "mongo_url": servers.mongo,
            "secret": control.secret,
            "signing_key": KEY,
            "router_config": config,
        }
    )


@asynccontextmanager
async def routing(control: Control, config: Path | None = None) -> AsyncGenerator[TestedRouter]:
    """A router, with a file of its own if there is one."""
    settings = settings_for(control, config)
    inside = replace(Parts.create(settings), router_keys=keys_of(public_keys(ROUTER_KEY)))
    apps = [create_subgraph(name, inside) for name in HERE]
    parts = RouterParts(settings, read_policies(settings.router_config), inside.verifier)
    transports = transports_to(apps, parts.calls(signing(ROUTER_KEY)))
    composed = [Subgraph(app.name, "", app.sdl) for app in apps]
    for name in AWAY:
        transports[name] = HttpTransport("http://127.0.0.1:1/graphql")
        composed.append(Subgraph(name, "", (SCHEMA / f"{name}.graphql").read_text()))
    gateway = parts.first_engine(first(composed), transports)
    app = parts.app(gateway, Draining(), running(inside, apps))
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://router") as client,
    ):
        yield TestedRouter(app, client)
