"""The auth subgraph at a real address, for software that asks by nothing but HTTP."""

from collections.abc import AsyncGenerator

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.graphql.app import SubgraphApp
from shared.jwks import LocalKeys
from shared.passwords import Passwords
from shared.tokens import TokenIssuer, TokenVerifier
from subgraphs.auth.app import create
from subgraphs.auth.settings import AuthSettings
from tests.router.serve.server import serving
from tests.subgraphs.auth.conftest import CREDENTIALS_KEY, SIGNING_KEY
from tests.subgraphs.conftest import started
from tests.tenants import Control


class Site:
    """Has its address before it has an application, which wants to know it."""

    def __init__(self) -> None:
        self.address = ""
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)

    @property
    def url(self) -> str:
        return f"http://{self.address}"


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    """Where the subgraph is reached."""
    made = Site()
    async with serving(made) as address:
        made.address = address
        yield made


@pytest.fixture
def own_verifier(site: Site) -> TokenVerifier:
    """Verifies what the platform issues there, and the tenants' authorization servers."""
    return TokenVerifier(LocalKeys(TokenIssuer(SIGNING_KEY).public_keys), public_url=site.url)


@pytest.fixture
async def auth(
    site: Site, control: Control, own_verifier: TokenVerifier, quick_passwords: Passwords
) -> AsyncGenerator[SubgraphApp]:
    """The subgraph, started, at the site."""
    settings = AuthSettings(
        database_url=control.login_url("auth"),
        signing_key=SIGNING_KEY,
        credentials_key=CREDENTIALS_KEY,
        public_url=site.url,
    )
    async with started(create(settings, verifier=own_verifier, passwords=quick_passwords)) as subgraph:
        site.app = subgraph.app
        yield subgraph
