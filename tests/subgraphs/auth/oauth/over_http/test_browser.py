"""A real browser goes all the way: it signs its person in, by a passkey too, asks them, and returns to an app."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from shared.database import Sessions, unit_of_work
from shared.roles import Role
from subgraphs.auth.models import Passkey
from tests.browser import CHROMIUM, browsing
from tests.router.serve.server import serving
from tests.subgraphs.auth.conftest import AddAccount
from tests.subgraphs.auth.oauth.conftest import EMAIL, PASSWORD, Flow, Register, Server
from tests.subgraphs.auth.oauth.over_http.conftest import Site
from tests.subgraphs.auth.webauthn.authenticator import Authenticator
from tests.tenants import Tenant

READ = "document.body.innerText"


async def welcomed(_: Request) -> HTMLResponse:
    return HTMLResponse("<!doctype html><title>The app</title>")


def filled(**fields: str) -> str:
    """Fill in a form and press its first button."""
    typed = [f"document.getElementById('{name}').value = {json.dumps(value)}" for name, value in fields.items()]
    return "; ".join([*typed, "document.querySelector('button').click()"])


async def add_passkey(sessions: Sessions, tenant: Tenant, user_id: UUID) -> Authenticator:
    """Let somebody have a passkey; the browser gets its key later."""
    made = Authenticator()
    passkey = Passkey(
        user_id=user_id,
        credential_id=made.credential_id,
        public_key=made.cose(),
        sign_count=0,
        verifies_user=False,
        backup_eligible=False,
        backed_up=False,
        transports=[],
        name="Key",
    )
    async with unit_of_work(sessions, tenant.caller()) as session:
        session.add(passkey)
    return made


def as_browsers_take_it(made: Authenticator) -> dict[str, Any]:
    """Source: Chrome DevTools Protocol, WebAuthn.Credential."""
    key = made.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return {
        "credentialId": b64encode(made.credential_id).decode(),
        "isResidentCredential": False,
        "rpId": "localhost",
        "privateKey": b64encode(key).decode(),
        "signCount": 0,
    }


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on the path")
async def test_a_browser_signs_in_consents_and_returns(
    site: Site,
    server: Server,
    register: Register,
    add_account: AddAccount,
    sessions: Sessions,
    tenant: Tenant,
    tmp_path: Path,
) -> None:
    account = await add_account(tenant, EMAIL, PASSWORD, Role.INSTRUCTOR)
    made = await add_passkey(sessions, tenant, account.user_id)
    app = await register(redirectUris=["http://127.0.0.1/back"])
    flow = Flow(app)
    async with serving(Starlette(routes=[Route("/back", welcomed)])) as elsewhere:
        back_at = f"http://{elsewhere}/back"
        asked = urlencode(flow.asked(redirect_uri=back_at))
        here = site.url.replace("127.0.0.1", "localhost")  # browsers use passkeys at no address
        async with browsing(f"{here}{server.url('authorize')}?{asked}", tmp_path) as page:
            authenticator = await page.add_authenticator()
            credential = as_browsers_take_it(made)
            await page.command("WebAuthn.addCredential", authenticatorId=authenticator, credential=credential)
            assert "Sign in" in await page.evaluate(READ)
            await page.follow(filled(email=EMAIL, password=PASSWORD))
            await page.follow("document.getElementById('use-passkey').click()")
            assert "Planner wants to act for you" in await page.evaluate(READ)
            await page.follow(filled())
            location: str = await page.evaluate("location.href")
    address = urlsplit(location)
    back = dict(parse_qsl(address.query))
    assert (address.netloc, back["state"]) == (elsewhere, flow.state)
    answer = await server.tokens(app, **flow.redemption(back["code"], redirect_uri=back_at))
    assert answer.status_code == 200
