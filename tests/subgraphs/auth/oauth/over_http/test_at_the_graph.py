"""What an app's access token is good for at the graph, behind the router."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient

from router.compose import Subgraph
from router.execute import InProcessTransport
from router.serve import Hooks, create_app
from shared.graphql.app import SubgraphApp
from shared.ids import uuid7
from shared.roles import Role
from shared.tokens import TokenIssuer, TokenVerifier
from studium.dpop import Proofs, RequestsNamed, UsedHere
from studium.gateway import GatewayParts, authenticating
from studium.supergraph import composed
from tests.subgraphs.auth.conftest import SIGNING_KEY, AddAccount
from tests.subgraphs.auth.oauth.conftest import EMAIL, PASSWORD, App, Flow, Person, Register, Server, client, returned
from tests.subgraphs.auth.oauth.dpop import Holder
from tests.subgraphs.auth.oauth.over_http.conftest import Site
from tests.tenants import Tenant

APPS = "{ oauthApps { edges { node { name } } } }"
REMOVE = "mutation ($input: RemoveOAuthAppInput!) { removeOAuthApp(input: $input) { appId userErrors { code } } }"


class Graph:
    """The graph behind a router."""

    def __init__(self, http: AsyncClient) -> None:
        self._http = http

    async def ask(self, token: str, query: str = APPS, **variables: Any) -> dict[str, Any]:
        return await self.send({"Authorization": f"Bearer {token}"}, query, **variables)

    async def send(self, headers: dict[str, str], query: str = APPS, **variables: Any) -> dict[str, Any]:
        """What is answered to a request with other headers."""
        body = {"query": query, "variables": variables}
        return (await self._http.post("/graphql", json=body, headers=headers)).json()

    async def code(self, token: str, query: str = APPS, **variables: Any) -> str:
        """Of the only error."""
        [error] = (await self.ask(token, query, **variables))["errors"]
        return error["extensions"]["code"]


@pytest.fixture
async def graph(auth: SubgraphApp, own_verifier: TokenVerifier) -> AsyncGenerator[Graph]:
    """Of the auth subgraph alone."""
    transport = InProcessTransport(auth.service.execute, auth.service.subscribe)
    gateway = GatewayParts().gateway(composed([Subgraph("auth", "", auth.sdl)]), {"auth": transport})
    proofs = Proofs("http://graph.example", UsedHere())
    app = create_app(gateway, hooks=Hooks(authenticating(own_verifier, proofs=proofs)), graphiql=False)
    app.add_middleware(RequestsNamed)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://graph.example") as http:
        yield Graph(http)


@pytest.fixture
async def owner(auth: SubgraphApp, server: Server, add_account: AddAccount) -> AsyncGenerator[Person]:
    """Who may do everything, with a browser."""
    await add_account(server.tenant, EMAIL, PASSWORD, Role.OWNER)
    async with client(auth) as browser:
        yield Person(server, browser)


async def tokens_of(server: Server, person: Person, app: App, scope: str) -> dict[str, Any]:
    flow = Flow(app, scope=scope)
    code = returned(await person.consent(flow.asked()))["code"]
    return (await server.tokens(app, **flow.redemption(code))).json()


async def test_an_app_does_what_its_scope_says_and_nothing_else(
    graph: Graph, server: Server, owner: Person, register: Register
) -> None:
    app = await register(scopes=["openid", "learn", "apps:manage"])
    tokens = await tokens_of(server, owner, app, "openid learn apps:manage")
    [edge] = (await graph.ask(tokens["access_token"]))["data"]["oauthApps"]["edges"]
    assert edge["node"]["name"] == "Planner"
    by_hand = {"input": {"id": app.id}}  # what people do themselves is for no app, whatever its scope
    assert await graph.code(tokens["access_token"], REMOVE, **by_hand) == "FORBIDDEN"
    narrowed = (await server.refreshed(app, tokens["refresh_token"], scope="openid learn")).json()["access_token"]
    own = ("{ sessions { edges { node { id } } } }", "{ mfa { recoveryCodesLeft } }", "{ authorizedApps { name } }")
    ending = (
        "mutation { revokeOtherSessions(input: {}) { sessionId } }",
        "mutation { signOut(input: {}) { sessionId } }",
    )
    for query in (APPS, *own, "{ impersonations { edges { node { id } } } }", *ending):
        assert await graph.code(narrowed, query) == "FORBIDDEN", query
    for wrong in (tokens["id_token"], tokens["refresh_token"]):
        assert await graph.code(wrong) == "UNAUTHENTICATED"


async def test_tokens_for_others_or_of_others_are_refused(graph: Graph, site: Site, tenant: Tenant) -> None:
    issuer, url, now = TokenIssuer(SIGNING_KEY), f"{site.url}/t/{tenant.slug}", TokenIssuer(SIGNING_KEY).now()
    good: dict[str, Any] = {
        "iss": url,
        "aud": "studium",
        "sub": str(uuid7()),
        "client_id": str(uuid7()),
        "tid": str(tenant.id),
    }
    good |= {"sid": str(uuid7()), "role": "OWNER", "scope": "apps:manage", "iat": now, "exp": now + 60}
    assert "data" in await graph.ask(issuer.sign(good, type_="at+jwt"))
    wrong = [
        {"aud": "https://other.example/graphql"},
        {"aud": ["studium", "https://other.example/graphql"]},
        {"iss": "https://other.example/t/north"},
        {"iss": f"{url}/more"},
        {"exp": now - 120},
    ]
    for changes in wrong:
        assert await graph.code(issuer.sign({**good, **changes}, type_="at+jwt")) == "UNAUTHENTICATED", changes
    assert await graph.code(issuer.sign(good, type_="JWT")) == "UNAUTHENTICATED"


async def test_a_token_that_is_issued_to_a_key_is_good_with_the_key_alone(
    graph: Graph, site: Site, tenant: Tenant
) -> None:
    issuer, holder, url = TokenIssuer(SIGNING_KEY), Holder(), "http://graph.example/graphql"
    now = issuer.now()
    claims = {"iss": f"{site.url}/t/{tenant.slug}", "aud": "studium", "sub": str(uuid7()), "client_id": str(uuid7())}
    more = {"tid": str(tenant.id), "sid": str(uuid7()), "role": "OWNER", "scope": "apps:manage"}
    plain = {**claims, **more, "iat": now, "exp": now + 60}
    token, unbound = (issuer.sign({**plain, **each}, type_="at+jwt") for each in ({"cnf": {"jkt": holder.jkt}}, {}))
    good = {"Authorization": f"DPoP {token}", "DPoP": holder.proof("POST", url, token=token)}
    assert "data" in await graph.send(good)
    wrong = [
        good,  # a second time
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"DPoP {token}"},
        {"Authorization": f"Bearer {token}", "DPoP": holder.proof("POST", url, token=token)},
        {"Authorization": f"DPoP {token}", "DPoP": Holder().proof("POST", url, token=token)},
        {
            "Authorization": f"DPoP {token}",
            "DPoP": holder.proof("GET", url, token=token),
            "studium-request": "GET /graphql",
        },
        {"Authorization": f"DPoP {token}", "DPoP": holder.proof("POST", "http://graph.example/t", token=token)},
        {"Authorization": f"DPoP {token}", "DPoP": holder.proof("POST", url, token=unbound)},
        {"Authorization": f"DPoP {unbound}", "DPoP": holder.proof("POST", url, token=unbound)},
    ]
    for headers in wrong:
        [error] = (await graph.send(headers))["errors"]
        assert error["extensions"]["code"] == "DPOP_PROOF_INVALID", headers
    other = issuer.sign({**plain, "cnf": {"x5t#S256": "x"}}, type_="at+jwt")
    assert await graph.code(other) == "UNAUTHENTICATED"  # bound by means that nobody looks at here
