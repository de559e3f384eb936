"""The gateway's policies: whose requests come through, what subgraphs get to see, and when a subscription ends."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any
from uuid import uuid4

import pytest

from router.compose import Subgraph
from router.execute import InProcessTransport
from router.serve import Hooks, create_app
from router.serve.errors import Refused
from router.serve.request import GraphQLRequest, RequestContext
from shared.caller import TenantId, UserId
from shared.jwks import LocalKeys
from shared.tokens import LEEWAY_SECONDS, LIFETIME_SECONDS, TokenIssuer, TokenVerifier, generate_signing_key
from studium.embedded import CannotStart
from studium.gateway import Gateway, GatewayParts, authenticating
from studium.supergraph import composed, first
from tests.router.serve.streams.asgi import requested

SDL = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
type Query { greeting: String }
type Subscription { tick: Int }
"""


@pytest.fixture
def issuer() -> TokenIssuer:
    return TokenIssuer(generate_signing_key())


@pytest.fixture
def gateway() -> Gateway:
    """Over one subgraph that ticks for ever."""

    async def execute(
        query: str, variables: Mapping[str, Any] | None, operation: str | None, headers: Mapping[str, str]
    ) -> Mapping[str, Any]:
        return {"data": {"greeting": headers.get("authorization", "nobody")}}

    async def subscribe(
        query: str, variables: Mapping[str, Any] | None, operation: str | None, headers: Mapping[str, str]
    ) -> AsyncGenerator[Mapping[str, Any]]:
        for number in range(1_000_000):
            yield {"data": {"tick": number}}
            await asyncio.sleep(0.01)

    source = composed([Subgraph("ticker", "", SDL)])
    return GatewayParts().gateway(source, {"ticker": InProcessTransport(execute, subscribe)})


def token(issuer: TokenIssuer) -> str:
    issued = issuer.issue(TenantId(uuid4()), UserId(uuid4()), uuid4(), role="LEARNER", scopes=["learn"])
    return issued.access_token


class TestAuthentication:
    async def test_a_token_is_verified_and_forwarded(self, gateway: Gateway, issuer: TokenIssuer) -> None:
        authenticate = authenticating(TokenVerifier(LocalKeys(issuer.public_keys)))
        bearer = f"Bearer {token(issuer)}"
        context = await authenticate({"authorization": bearer, "cookie": "theirs"}, None)
        assert context.headers == {"authorization": bearer}
        answer = await gateway.execute(GraphQLRequest("{ greeting }"), context)
        assert answer.as_json() == {"data": {"greeting": bearer}}

    async def test_the_router_knows_who_asks(self, issuer: TokenIssuer) -> None:
        verifier = TokenVerifier(LocalKeys(issuer.public_keys))
        given = token(issuer)
        caller = await verifier.caller(given)
        context = await authenticating(verifier)({"authorization": f"Bearer {given}"}, None)
        assert context.principal == caller
        assert context.identity is not None
        assert (context.identity.subject, context.identity.tenant) == (str(caller.user_id), str(caller.tenant_id))
        assert context.identity.scopes == {"learn"}
        assert context.identity.expires == pytest.approx(time.time() + LIFETIME_SECONDS + LEEWAY_SECONDS, abs=3600)

    async def test_the_router_knows_an_app_that_calls_for_itself(self, issuer: TokenIssuer) -> None:
        url, client, now = "https://learn.example", str(uuid4()), issuer.now()
        claims = {"iss": f"{url}/t/north", "aud": "studium", "sub": client, "client_id": client, "tid": str(uuid4())}
        more = {"sid": str(uuid4()), "role": "SERVICE", "scope": "learn", "iat": now, "exp": now + 60}
        given = issuer.sign({**claims, **more}, type_="at+jwt")
        verifier = TokenVerifier(LocalKeys(issuer.public_keys), public_url=url)
        context = await authenticating(verifier)({"authorization": f"Bearer {given}"}, None)
        assert context.identity is not None
        assert (context.identity.subject, context.identity.client) == (client, client)

    @pytest.mark.parametrize("claim", ["jwt", "caller", "claims", "tenant", "roles"])
    async def test_what_a_websocket_says_of_itself_does_not_count(self, issuer: TokenIssuer, claim: str) -> None:
        authenticate = authenticating(TokenVerifier(LocalKeys(issuer.public_keys)))
        assert await authenticate({}, {claim: {"sub": "root", "role": "OWNER"}}) == RequestContext()

    async def test_a_websocket_may_give_it_when_it_begins(self, issuer: TokenIssuer) -> None:
        authenticate = authenticating(TokenVerifier(LocalKeys(issuer.public_keys)))
        bearer = f"Bearer {token(issuer)}"
        context = await authenticate({"authorization": "Bearer stale"}, {"Authorization": bearer})
        assert context.headers == {"authorization": bearer}

    async def test_without_a_token_the_visitor_is_anonymous(self, issuer: TokenIssuer) -> None:
        authenticate = authenticating(TokenVerifier(LocalKeys(issuer.public_keys)))
        assert await authenticate({"cookie": "theirs"}, {}) == RequestContext()

    @pytest.mark.parametrize("given", ["Bearer forged", "Basic b2xnYTpodXNo", "Bearer "])
    async def test_anything_else_is_refused(self, issuer: TokenIssuer, given: str) -> None:
        authenticate = authenticating(TokenVerifier(LocalKeys(issuer.public_keys)))
        with pytest.raises(Refused) as refused:
            await authenticate({"authorization": given}, None)
        assert refused.value.status == 401
        assert refused.value.errors[0]["extensions"]["code"] == "UNAUTHENTICATED"


class TestSubscriptions:
    async def test_end_when_the_token_does(self, gateway: Gateway) -> None:
        signing_key = generate_signing_key()
        nearly_over = time.time() - LIFETIME_SECONDS - LEEWAY_SECONDS + 2
        issuer = TokenIssuer(signing_key, clock=lambda: nearly_over)
        authenticate = authenticating(TokenVerifier(LocalKeys(issuer.public_keys)))
        app = create_app(gateway, hooks=Hooks(authenticate), graphiql=False)
        body = {"query": "subscription { tick }"}
        bearer = f"Bearer {token(issuer)}"
        async with requested(app, body=body, accept="text/event-stream", authorization=bearer) as answer:
            events = (await answer.rest()).split(b"\n\n")
        assert events[1] == b'event: next\ndata: {"data":{"tick":0}}'
        assert events[-3].endswith(
            b'{"message":"The access token has expired.","extensions":{"code":"UNAUTHENTICATED"}}]}'
        )


class TestComposition:
    def test_subgraphs_that_do_not_compose_are_refused_with_the_reasons(self) -> None:
        broken = SDL.replace("greeting: String", "greeting: Missing")
        with pytest.raises(CannotStart) as refused:
            first([Subgraph("ticker", "", broken)])
        assert "INVALID_GRAPHQL" in refused.value.details[0]
