"""A person's browser at a tenant's authorization server: it signs in, consents, and keeps its cookies."""

import hashlib
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from html import unescape
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from studium.demo import PASSWORD
from tests.isolation.client import Client
from tests.isolation.world import Inhabitants, tenant_called

REDIRECT: Final = "https://app.example/back"
SCOPES: Final = ("openid", "offline_access", "users:provision")
VERIFIER: Final = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
"""Source: RFC 7636, appendix B."""
_CHALLENGE: Final = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
_HIDDEN: Final = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')


def asked(app: str) -> dict[str, str]:
    """What an app asks a person for."""
    given = {"response_type": "code", "client_id": app, "redirect_uri": REDIRECT, "scope": " ".join(SCOPES)}
    return given | {"state": "here", "code_challenge": _CHALLENGE, "code_challenge_method": "S256"}


@dataclass
class Browser:
    """The browser of a tenant's owner.

    Attributes:
        app: the id of the app that sends it here.
        cookies: those that it was given.
        form: what stands unseen in the form of the last page.
    """

    client: Client
    one: Inhabitants
    app: str
    cookies: dict[str, str] = field(default_factory=dict[str, str])
    form: dict[str, str] = field(default_factory=dict[str, str])

    async def code(self) -> str:
        """Go the whole way; the code that the app is given in the end."""
        page, returned = await self._send("GET", f"?{urlencode({**asked(self.app), 'prompt': 'consent'})}")
        if 'value="sign-in"' in page:
            email = tenant_called(self.one.slug).owner.email
            page, returned = await self._send("POST", "", action="sign-in", email=email, password=PASSWORD)
        assert 'value="allow"' in page, page
        _, returned = await self._send("POST", "", action="allow")
        return returned["code"]

    async def _send(self, method: str, query: str, **fields: str) -> tuple[str, dict[str, str]]:
        """The page that comes, and what the app is told if the browser is sent back to it."""
        url = f"http://{self.client.address.router}/t/{self.one.slug}/oauth/authorize{query}"
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        form = {**self.form, **fields} if method == "POST" else None
        async with self.client.http.request(method, url, data=form, headers=headers, allow_redirects=False) as answer:
            self._keep(answer)
            page = await answer.text()
            if found := _HIDDEN.findall(page):
                self.form = {name: unescape(value) for name, value in found}
            told = parse_qs(urlsplit(answer.headers.get("location", "")).query)
            return page, {name: value for name, [value] in told.items()}

    def _keep(self, answer: aiohttp.ClientResponse) -> None:
        self.cookies |= {name: morsel.value for name, morsel in answer.cookies.items()}
