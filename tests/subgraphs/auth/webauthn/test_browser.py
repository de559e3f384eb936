"""A real browser makes a passkey and signs in with it, by the standard's own JSON forms."""

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from shared.passwords import Passwords
from shared.tokens import TokenVerifier
from subgraphs.auth.app import create
from subgraphs.auth.settings import AuthSettings
from tests.browser import CHROMIUM, browsing
from tests.router.serve.server import serving
from tests.subgraphs.auth.conftest import CREDENTIALS_KEY, SIGNING_KEY
from tests.subgraphs.auth.webauthn import test_sign_in
from tests.subgraphs.auth.webauthn.conftest import FINISH, START, SignedIn
from tests.subgraphs.auth.webauthn.test_sign_in import TokenOf
from tests.subgraphs.conftest import started
from tests.tenants import Control, Tenant

ASK = """
async (query, input, token) => {
  const headers = {"content-type": "application/json", ...(token ? {authorization: `Bearer ${token}`} : {})};
  const answer = await fetch("/graphql", {
    method: "POST", headers, body: JSON.stringify({query, variables: {input}}),
  });
  return Object.values((await answer.json()).data)[0];
}
"""
REGISTER = f"""
(async (start, finish, token) => {{
  const ask = {ASK};
  const {{ceremony}} = await ask(start, {{}}, token);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(ceremony.options);
  const credential = await navigator.credentials.create({{publicKey}});
  return await ask(finish, {{challengeId: ceremony.challengeId, credential: credential.toJSON()}}, token);
}})
"""
SIGN_IN = f"""
(async (start, finish, tenant) => {{
  const ask = {ASK};
  const {{ceremony}} = await ask(start, {{tenant}});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(ceremony.options);
  const credential = await navigator.credentials.get({{publicKey}});
  return await ask(finish, {{tenant, challengeId: ceremony.challengeId, credential: credential.toJSON()}});
}})
"""


class Pages:
    """A site that has a page, and answers what that asks of the graph."""

    def __init__(self) -> None:
        self.graph: Any = None
        self.app = Starlette(routes=[Route("/", self._page), Route("/graphql", self._ask, methods=["POST"])])

    async def _page(self, _: Request) -> HTMLResponse:
        return HTMLResponse("<!doctype html><title>Studium</title>")

    async def _ask(self, request: Request) -> JSONResponse:
        body = await request.json()
        return JSONResponse(await self.graph.execute(body["query"], body["variables"], headers=request.headers))


def call(function: str, *arguments: str) -> str:
    return f"{function}({', '.join(map(json.dumps, arguments))})"


def localhost(address: str) -> str:
    """By its name: browsers make passkeys for no address."""
    return f"http://{address.replace('127.0.0.1', 'localhost')}/"


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on the path")
async def test_a_browser_makes_a_passkey_and_signs_in_with_it_until_it_is_locked(
    control: Control,
    quick_passwords: Passwords,
    own_verifier: TokenVerifier,
    signed_in: SignedIn,
    token_of: TokenOf,
    tenant: Tenant,
    tmp_path: Path,
) -> None:
    ada, site = await signed_in(tenant), Pages()
    async with serving(site.app) as address:
        settings = AuthSettings(
            database_url=control.login_url("auth"),
            signing_key=SIGNING_KEY,
            credentials_key=CREDENTIALS_KEY,
            public_url=f"http://{address}",
        )
        subgraph = create(settings, verifier=own_verifier, passwords=quick_passwords)
        async with started(subgraph), browsing(localhost(address), tmp_path) as page:
            site.graph = subgraph.service
            authenticator = await page.add_authenticator()
            added = await page.evaluate(call(REGISTER, START, FINISH, token_of(ada)))
            assert (added["userErrors"], added["passkey"]["signsInAlone"]) == ([], True)
            entering = call(SIGN_IN, test_sign_in.START, test_sign_in.FINISH, tenant.slug)
            entered = await page.evaluate(entering)
            assert entered["userErrors"] == []
            caller = await own_verifier.caller(entered["session"]["accessToken"])
            assert (caller.user_id, caller.acr) == (ada.user_id, "aal2")
            await page.command("WebAuthn.setUserVerified", authenticatorId=authenticator, isUserVerified=False)
            locked = await page.evaluate(f"{entering}.then(() => 'entered', error => error.name)")
            assert locked == "NotAllowedError"
