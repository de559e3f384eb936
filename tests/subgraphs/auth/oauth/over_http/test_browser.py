"""A real browser goes all the way: it signs its person in, asks them, and returns to an app elsewhere."""

import json
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from shared.roles import Role
from tests.browser import CHROMIUM, browsing
from tests.router.serve.server import serving
from tests.subgraphs.auth.conftest import AddAccount
from tests.subgraphs.auth.oauth.conftest import EMAIL, PASSWORD, Flow, Register, Server
from tests.subgraphs.auth.oauth.over_http.conftest import Site
from tests.tenants import Tenant

READ = "document.body.innerText"


async def welcomed(_: Request) -> HTMLResponse:
    return HTMLResponse("<!doctype html><title>The app</title>")


def filled(**fields: str) -> str:
    """Fill in a form and press its first button."""
    typed = [f"document.getElementById('{name}').value = {json.dumps(value)}" for name, value in fields.items()]
    return "; ".join([*typed, "document.querySelector('button').click()"])


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on the path")
async def test_a_browser_signs_in_consents_and_returns(
    site: Site, server: Server, register: Register, add_account: AddAccount, tenant: Tenant, tmp_path: Path
) -> None:
    await add_account(tenant, EMAIL, PASSWORD, Role.INSTRUCTOR)
    app = await register(redirectUris=["http://127.0.0.1/back"])
    flow = Flow(app)
    async with serving(Starlette(routes=[Route("/back", welcomed)])) as elsewhere:
        back_at = f"http://{elsewhere}/back"
        asked = urlencode(flow.asked(redirect_uri=back_at))
        async with browsing(f"{site.url}{server.url('authorize')}?{asked}", tmp_path) as page:
            assert "Sign in" in await page.evaluate(READ)
            await page.follow(filled(email=EMAIL, password=PASSWORD))
            assert "Planner wants to act for you" in await page.evaluate(READ)
            await page.follow(filled())
            location: str = await page.evaluate("location.href")
    address = urlsplit(location)
    back = dict(parse_qsl(address.query))
    assert (address.netloc, back["state"]) == (elsewhere, flow.state)
    answer = await server.tokens(app, **flow.redemption(back["code"], redirect_uri=back_at))
    assert answer.status_code == 200
