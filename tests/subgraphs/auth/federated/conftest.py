"""A subgraph that trusts a neighbour, and an OpenID provider that others wrote."""

import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import closing
from dataclasses import replace
from socket import socket
from typing import Any, TypeAlias
from urllib.error import URLError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from httpx2 import ASGITransport, AsyncClient, Response

from shared.caller import Caller
from shared.graphql.app import SubgraphApp
from shared.ids import uuid7
from shared.permissions.catalogue import BUILT_IN
from shared.roles import Role
from tests.patience import PATIENCE_SECONDS
from tests.subgraphs.auth.conftest import Ask
from tests.tenants import Tenant

PUBLIC_URL = "http://127.0.0.1:4000"
RETURN_URI = "https://learn.example/signed-in"
CONFIGURE = """mutation ($input: ConfigureIdentityProviderInput!) {
  configureIdentityProvider(input: $input) {
    identityProvider { id alias issuer emailDomains enabled opensAccounts callbackUri version }
    userErrors { code path }
  }
}"""

Configure: TypeAlias = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture(scope="session")
def provider() -> Generator[str]:
    """The issuer of a running provider that believes whoever says who they are."""
    with closing(socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    issuer = f"http://localhost:{port}"
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603  # our own
        try:
            _wait(f"{issuer}/.well-known/openid-configuration", process)
            yield issuer
        finally:
            process.terminate()


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            urlopen(url, timeout=PATIENCE_SECONDS).close()  # noqa: S310  # our own, as above
        except (URLError, OSError):
            time.sleep(0.05)
        else:
            return
    pytest.fail("the provider did not start")


@pytest.fixture
def reach() -> Mapping[str, Any]:
    """Providers on this machine may be asked."""
    return {"public_url": PUBLIC_URL, "private_identity_providers": True}


@pytest.fixture
def owner(tenant: Tenant, token_of: Callable[[Caller], str]) -> str:
    """The token of the owner, who has just proved who they are."""
    return token_of(replace(tenant.caller(*BUILT_IN[Role.OWNER], role=Role.OWNER), auth_time=int(time.time())))


@pytest.fixture
def configure(ask: Ask, owner: str, provider: str) -> Configure:
    """Trusts the running provider, in this way or that."""

    async def trust(**changes: Any) -> dict[str, Any]:
        asked = {
            "alias": "school",
            "name": "School",
            "issuer": provider,
            "clientId": "studium",
            "clientSecret": "secret of the client",
            "returnUris": [RETURN_URI],
            "emailDomains": ["example.org"],
        }
        answer = await ask(CONFIGURE, {"input": {**asked, **changes}}, token=owner)
        return answer if answer.get("errors") else answer["data"]["configureIdentityProvider"]

    return trust


@pytest.fixture
async def browser(auth: SubgraphApp) -> AsyncGenerator[AsyncClient]:
    """A browser that keeps cookies and goes where it is told by hand."""
    async with AsyncClient(transport=ASGITransport(auth.app), base_url=PUBLIC_URL) as client:
        yield client


@pytest.fixture
async def outside() -> AsyncGenerator[AsyncClient]:
    async with AsyncClient() as client:
        yield client


class Person:
    """Somebody at the provider."""

    def __init__(self, outside: AsyncClient, issuer: str) -> None:
        self.subject = f"ada-{uuid7().hex[-12:]}@example.org"
        self.was_asked: dict[str, list[str]] = {}
        self._outside = outside
        self._issuer = issuer

    async def is_called(self, **claims: Any) -> None:
        known = {"email": self.subject, "email_verified": True, "name": "Ada", **claims}
        (await self._outside.put(f"{self._issuer}/users/{self.subject}", json=known)).raise_for_status()

    async def signs_in(self, browser: AsyncClient, tenant: Tenant, **more: str) -> Response:
        """Goes to the provider and comes back; gives where the browser goes on."""
        begun = await browser.get(f"/t/{tenant.slug}/federated/school", params={"return_uri": RETURN_URI, **more})
        assert begun.status_code == 303
        self.was_asked = parse_qs(urlsplit(begun.headers["location"]).query)
        at_provider = await self._outside.post(begun.headers["location"], data={"sub": self.subject})
        return await browser.get(at_provider.headers["location"])


@pytest.fixture
def ada(outside: AsyncClient, provider: str) -> Person:
    return Person(outside, provider)
