"""An app of others', which acts for people: Authlib's client, and a browser that fills in our pages."""

import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Final
from urllib.parse import urlsplit

from authlib.integrations.httpx_client import AsyncOAuth2Client
from httpx import AsyncClient, Response

from tests.patience import PATIENCE_SECONDS

REDIRECT_URI: Final = "https://reader.example/back"
_Client: Any = AsyncOAuth2Client  # Authlib has no types
_HIDDEN: Final = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')


@dataclass(frozen=True, slots=True)
class App:
    """A registered app; `issuer` is the tenant's."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)

    async def token_for(self, email: str, password: str, scope: str) -> dict[str, Any]:
        """What the app gets from a person who signs in with a password and allows everything."""
        async with AsyncClient(timeout=PATIENCE_SECONDS) as outside:
            metadata = (await outside.get(f"{self.issuer}/.well-known/openid-configuration")).json()
        assert metadata["issuer"] == self.issuer
        verifier = secrets.token_urlsafe(48)
        async with _Client(
            self.client_id,
            self.client_secret,
            scope=scope,
            redirect_uri=REDIRECT_URI,
            code_challenge_method="S256",
            timeout=PATIENCE_SECONDS,
        ) as client:
            url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
            answer = await _allowed(url, email, password)
            return await client.fetch_token(
                metadata["token_endpoint"], authorization_response=answer, state=state, code_verifier=verifier
            )


async def _allowed(url: str, email: str, password: str) -> str:
    """The address that a browser is sent back to once its person has signed in and allowed it."""
    async with AsyncClient(timeout=PATIENCE_SECONDS) as browser:
        page = await browser.get(url)
        page = await _send(browser, page, action="sign-in", email=email, password=password)
        page = await _send(browser, page, action="allow")
    back = page.headers["location"]
    assert back.startswith(REDIRECT_URI)
    return back


async def _send(browser: AsyncClient, page: Response, **typed: str) -> Response:
    assert page.is_success, page.text
    hidden = {name: unescape(value) for name, value in _HIDDEN.findall(page.text)}
    parts = urlsplit(str(page.url))
    return await browser.post(f"{parts.scheme}://{parts.netloc}{parts.path}", data={**hidden, **typed})
