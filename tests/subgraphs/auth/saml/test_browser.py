"""A real browser takes the request to a school on another site, and brings the answer back by that site's form."""

from collections.abc import AsyncGenerator
from html import escape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.graphql.app import SubgraphApp
from shared.passwords import Passwords
from shared.tokens import TokenVerifier
from subgraphs.auth.app import create
from subgraphs.auth.settings import AuthSettings
from tests.browser import CHROMIUM, browsing
from tests.router.serve.server import serving
from tests.subgraphs.auth.conftest import CREDENTIALS_KEY, SIGNING_KEY, AddAccount
from tests.subgraphs.auth.saml.conftest import Configure
from tests.subgraphs.auth.saml.identity_provider import SchoolProvider, encoded, provider_metadata
from tests.subgraphs.conftest import started
from tests.tenants import Control, Tenant


class Site:
    """Has its address before it has an application, which wants to know it."""

    address = ""
    app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    """Where the subgraph is reached."""
    made = Site()
    async with serving(made) as made.address:
        yield made


@pytest.fixture
async def auth(
    site: Site, control: Control, own_verifier: TokenVerifier, quick_passwords: Passwords
) -> AsyncGenerator[SubgraphApp]:
    """The subgraph, started, at the site."""
    settings = AuthSettings(
        database_url=control.login_url("auth"),
        signing_key=SIGNING_KEY,
        credentials_key=CREDENTIALS_KEY,
        public_url=f"http://{site.address}",
    )
    async with started(create(settings, verifier=own_verifier, passwords=quick_passwords)) as subgraph:
        site.app = subgraph.app
        yield subgraph


class School:
    """The school's own site, which signs everybody in as Ada."""

    def __init__(self, own: str, folder: Path) -> None:
        self.own = own
        self.url = ""
        self._folder = folder

    async def sso(self, request: Request) -> HTMLResponse:
        async with aiohttp.ClientSession() as http, http.get(f"{self.own}/metadata") as metadata:
            provider = SchoolProvider(self._folder, await metadata.text(), sso_url=self.url)
        asked, state = provider.asked(str(request.url))
        answer = encoded(provider.answer(f"{self.own}/metadata", f"{self.own}/acs", asked.id))
        return HTMLResponse(
            f'<!doctype html><form method="post" action="{escape(asked.assertion_consumer_service_url)}">'
            f'<input type="hidden" name="SAMLResponse" value="{answer}">'
            f'<input type="hidden" name="RelayState" value="{escape(state)}"></form>'
        )


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on the path")
async def test_a_browser_goes_to_the_school_and_comes_back_with_a_code(
    site: Site, configure: Configure, add_account: AddAccount, tenant: Tenant, tmp_path: Path
) -> None:
    await add_account(tenant, "ada@school.example", "correct horse")
    home = f"http://{site.address}"
    school = School(f"{home}/t/{tenant.slug}/saml/school", tmp_path)
    async with serving(Starlette(routes=[Route("/sso", school.sso)])) as elsewhere:
        school.url = f"http://localhost:{elsewhere.partition(':')[2]}/sso"
        await configure(metadataXml=provider_metadata("school", sso_url=school.url), returnUris=[f"{home}/signed-in"])
        begun = f"{school.own}?return_uri={home}/signed-in"
        async with browsing(begun, tmp_path / "profile") as page:
            assert (await page.evaluate("location.href")).startswith(school.url)
            await page.follow("document.forms[0].submit()")
            location: str = await page.evaluate("location.href")
    came = urlsplit(location)
    assert f"{came.scheme}://{came.netloc}{came.path}" == f"{home}/signed-in"
    assert list(parse_qs(came.fragment)) == ["code"]
