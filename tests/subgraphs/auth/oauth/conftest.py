"""A tenant's authorization server over HTTP, apps, and a person with a browser."""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from secrets import token_urlsafe
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from httpx2 import USE_CLIENT_DEFAULT, ASGITransport, AsyncClient, Response

from shared.graphql.app import SubgraphApp
from shared.roles import Role
from tests.subgraphs.auth.conftest import AddAccount, Ask
from tests.tenants import Tenant

PUBLIC_URL: Final = "http://127.0.0.1:4000"
REDIRECT_URI: Final = "https://app.example/back"
EMAIL: Final = "ada@example.org"
PASSWORD: Final = "correct horse battery"
REGISTER: Final = """mutation ($input: RegisterOAuthAppInput!) {
  registerOAuthApp(input: $input) { app { id name scopes } clientSecret userErrors { code } }
}"""
_SIGN_IN: Final = "mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }"
_HIDDEN: Final = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')

Fields: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True)
class App:
    """A registered app."""

    id: str
    secret: str | None = field(repr=False)

    @property
    def credentials(self) -> tuple[str, str]:
        """For HTTP Basic."""
        return self.id, self.secret or ""

    def named(self) -> Fields:
        """What a public app sends instead."""
        return {"client_id": self.id}


@dataclass
class Server:
    """One tenant's authorization server."""

    tenant: Tenant
    http: AsyncClient

    @property
    def issuer(self) -> str:
        return f"{PUBLIC_URL}/t/{self.tenant.slug}"

    def url(self, endpoint: str) -> str:
        return f"/t/{self.tenant.slug}/oauth/{endpoint}"

    async def post(self, endpoint: str, by: App | None = None, **fields: str) -> Response:
        """Send a form; `by` an app, with its secret if it has one."""
        if by is not None and by.secret is None:
            fields = {**by.named(), **fields}
        auth = by.credentials if by is not None and by.secret else USE_CLIENT_DEFAULT
        return await self.http.post(self.url(endpoint), data=fields, auth=auth)

    async def tokens(self, by: App, **fields: str) -> Response:
        return await self.post("token", by, **fields)

    async def refreshed(self, by: App, token: str, **fields: str) -> Response:
        return await self.tokens(by, grant_type="refresh_token", refresh_token=token, **fields)

    async def is_active(self, by: App, token: str) -> bool:
        return (await self.post("introspect", by, token=token)).json()["active"]


@dataclass
class Person:
    """Somebody with a browser, who signs in and consents where they are asked."""

    server: Server
    browser: AsyncClient

    async def open(self, asked: Mapping[str, str]) -> Response:
        return await self.browser.get(f"{self.server.url('authorize')}?{urlencode(asked)}")

    async def send(self, page: Response, **fields: str) -> Response:
        """Send the form of a page, with what is typed and pressed."""
        return await self.browser.post(self.server.url("authorize"), data={**hidden_in(page), **fields})

    async def sign_in(self, page: Response, password: str = PASSWORD) -> Response:
        return await self.send(page, action="sign-in", email=EMAIL, password=password)

    async def consent(self, asked: Mapping[str, str]) -> Response:
        """Go all the way; the answer sends the browser back to the app."""
        page = await self.open(asked)
        if 'value="sign-in"' in page.text:
            page = await self.sign_in(page)
        return await self.send(page, action="allow") if 'value="allow"' in page.text else page


@dataclass
class Flow:
    """An authorization request of an app, and what it needs to redeem the answer."""

    app: App
    scope: str = "openid learn"
    verifier: str = field(default_factory=lambda: token_urlsafe(48))
    state: str = field(default_factory=lambda: token_urlsafe(16))

    def asked(self, **changes: str | None) -> Fields:
        """The parameters; None leaves one out."""
        usual: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.app.id,
            "redirect_uri": REDIRECT_URI,
            "scope": self.scope,
            "state": self.state,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in {**usual, **changes}.items() if value is not None}

    def redemption(self, code: str, **changes: str) -> Fields:
        """The parameters of the token request."""
        usual = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        return {**usual, "code_verifier": self.verifier, **changes}


def hidden_in(page: Response) -> Fields:
    """The fields of a page's form that nobody sees."""
    return {name: unescape(value) for name, value in _HIDDEN.findall(page.text)}


def challenge_of(verifier: str) -> str:
    """Source: RFC 7636, section 4.2."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


Register: TypeAlias = Callable[..., Awaitable[App]]


def returned(response: Response) -> Fields:
    """What the app is told by the browser that comes back."""
    assert response.status_code == 303, response.text
    return {name: value for name, [value] in parse_qs(urlsplit(response.headers["location"]).query).items()}


def client(auth: SubgraphApp) -> AsyncClient:
    """Asks the subgraph by HTTP."""
    return AsyncClient(transport=ASGITransport(auth.app), base_url=PUBLIC_URL)


@pytest.fixture
async def server(auth: SubgraphApp, tenant: Tenant) -> AsyncGenerator[Server]:
    """The tenant's."""
    async with client(auth) as http:
        yield Server(tenant, http)


@pytest.fixture
async def person(auth: SubgraphApp, server: Server, add_account: AddAccount) -> AsyncGenerator[Person]:
    """An instructor of the tenant, not signed in."""
    await add_account(server.tenant, EMAIL, PASSWORD, Role.INSTRUCTOR)
    async with client(auth) as browser:
        yield Person(server, browser)


@pytest.fixture
async def owner_token(ask: Ask, tenant: Tenant, add_account: AddAccount) -> str:
    """Of the tenant's owner, in a session of their own."""
    await add_account(tenant, "owner@example.org", PASSWORD, Role.OWNER)
    asked = {"tenant": tenant.slug, "email": "owner@example.org", "password": PASSWORD}
    return (await ask(_SIGN_IN, {"input": asked}))["data"]["signIn"]["session"]["accessToken"]


@pytest.fixture
def register(ask: Ask, owner_token: str) -> Register:
    """Register an app, with changes to what is usual."""

    async def registered(**changes: Any) -> App:
        usual = {"name": "Planner", "scopes": ["openid", "email", "learn", "courses:write"]}
        asked = {**usual, "redirectUris": [REDIRECT_URI], **changes}
        done = (await ask(REGISTER, {"input": asked}, token=owner_token))["data"]["registerOAuthApp"]
        assert done["userErrors"] == []
        return App(done["app"]["id"], done["clientSecret"])

    return registered


@pytest.fixture
async def app(register: Register) -> App:
    """A confidential app."""
    return await register()


@pytest.fixture
async def granted(server: Server, person: Person, app: App) -> dict[str, Any]:
    """The tokens of an app that a person has consented to."""
    flow = Flow(app)
    code = returned(await person.consent(flow.asked()))["code"]
    answer = await server.tokens(app, **flow.redemption(code))
    assert answer.status_code == 200, answer.text
    return answer.json()
