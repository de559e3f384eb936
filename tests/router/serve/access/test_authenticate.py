"""Clients show their tokens over HTTP and WebSocket; nothing else they say of themselves counts."""

import logging
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from router.serve import Engine, Hooks, Refused, RequestContext, TokenAuthentication, by_token, create_app
from router.serve.request import Authenticate
from tests.router.serve.access.issuing import Issuer, claims, sign, signing_key, trusting


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


def authenticate(issuer: Issuer, **changes: Any) -> Authenticate:
    return by_token(TokenAuthentication((trusting(),), **changes), issuer.verifier())


@pytest.fixture
async def client(engine: Engine, issuer: Issuer) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client of a router that lets nobody in without a token."""
    app = create_app(engine, hooks=Hooks(authenticate(issuer, anonymous=False)))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
        yield client


class TestOverHttp:
    async def test_a_token_gets_in(self, client: httpx2.AsyncClient, issuer: Issuer) -> None:
        headers = {"authorization": f"bearer {issuer.token()}"}
        answer = await client.post("/graphql", json={"query": "{ book(id: 1) { id } }"}, headers=headers)
        assert answer.json() == {"data": {"book": {"id": "1"}}}

    @pytest.mark.parametrize(
        ("header", "code", "challenge"),
        [
            (None, "UNAUTHENTICATED", "Bearer"),
            ("Basic YTpi", "UNAUTHENTICATED", 'Bearer error="invalid_request"'),
            ("Bearer ", "UNAUTHENTICATED", 'Bearer error="invalid_request"'),
            ("Bearer forged", "INVALID_TOKEN", 'Bearer error="invalid_token"'),
        ],
    )
    async def test_a_refusal_is_401_with_a_challenge(
        self, client: httpx2.AsyncClient, header: str | None, code: str, challenge: str
    ) -> None:
        headers = {} if header is None else {"authorization": header}
        answer = await client.post("/graphql", json={"query": "{ whoami }"}, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith(challenge)
        assert answer.json()["errors"][0]["extensions"]["code"] == code
        assert "data" not in answer.json()

    async def test_operators_learn_why_and_clients_do_not(
        self, client: httpx2.AsyncClient, issuer: Issuer, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Each reason once in a while, with the id of the key, and nothing else of the token."""
        tokens = {
            "malformed": "c4n4ry",
            "signature": sign(signing_key("one"), claims()),
            "unknown_key": sign(issuer.keys[0], claims(), kid="elsewhere"),
            "unknown_issuer": issuer.token(iss="https://c4n4ry.example"),
            "audience": issuer.token(aud="c4n4ry"),
            "type": sign(issuer.keys[0], claims(), typ="c4n4ry"),
            "forbidden_header": sign(issuer.keys[0], claims(), jku="https://c4n4ry.example"),
            "not_yet_valid": issuer.token(nbf=time.time() + 3600),
            "claims": sign(issuer.keys[0], {name: value for name, value in claims().items() if name != "sub"}),
            "expired": issuer.token(exp=1),
            "too_large": "c4n4ry" * 2_000,
        }
        with caplog.at_level(logging.INFO, "router.serve.access.refusals"):
            for token in [*tokens.values()] * 3:
                headers = {"authorization": f"Bearer {token}"}
                answer = await client.post("/graphql", json={"query": "{ whoami }"}, headers=headers)
                assert answer.status_code == 401
                assert "signature" not in answer.text
        told = [record.getMessage() for record in caplog.records]
        assert [each.split(" (")[0] for each in told] == [f"Access tokens refused: {reason}" for reason in tokens]
        assert "key id elsewhere" in told[2]
        assert not any("c4n4ry" in each or token in each for each in told for token in tokens.values())

    async def test_an_expired_token_says_so(self, client: httpx2.AsyncClient, issuer: Issuer) -> None:
        headers = {"authorization": f"Bearer {issuer.token(exp=1)}"}
        answer = await client.post("/graphql", json={"query": "{ whoami }"}, headers=headers)
        assert answer.json()["errors"][0]["extensions"]["code"] == "TOKEN_EXPIRED"
        assert "expired" in answer.headers["www-authenticate"]

    async def test_without_keys_it_is_not_the_clients_fault(self, client: httpx2.AsyncClient, issuer: Issuer) -> None:
        issuer.down = True
        headers = {"authorization": f"Bearer {issuer.token()}"}
        answer = await client.post("/graphql", json={"query": "{ whoami }"}, headers=headers)
        assert answer.status_code == 503


class TestContext:
    async def test_anonymous_clients_have_no_identity(self, issuer: Issuer) -> None:
        assert await authenticate(issuer)({}, None) == RequestContext()

    async def test_headers_are_forwarded_only_where_that_is_configured(self, issuer: Issuer) -> None:
        headers = {"authorization": f"Bearer {issuer.token()}", "x-locale": "de"}
        context = await authenticate(issuer, forward=("X-Locale",))(headers, None)
        assert context.headers == {"x-locale": "de"}
        assert context.identity is not None

    async def test_another_header_may_carry_the_token(self, issuer: Issuer) -> None:
        known = authenticate(issuer, header="X-Token", scheme="Token")
        context = await known({"x-token": f"Token {issuer.token()}"}, None)
        assert context.identity is not None


class TestOverWebSocket:
    async def test_a_parameter_carries_the_token_and_wins_over_the_handshake(self, issuer: Issuer) -> None:
        headers = {"authorization": f"Bearer {issuer.token(sub='bob')}"}
        context = await authenticate(issuer)(headers, {"Authorization": f"Bearer {issuer.token()}"})
        assert context.identity is not None
        assert context.identity.subject == "ada"

    async def test_decoded_claims_are_not_looked_at(self, issuer: Issuer) -> None:
        parameters = {"jwt": {"sub": "root", "exp": 9e9}, "claims": {"sub": "root"}, "roles": ["admin"], "identity": {}}
        context = await authenticate(issuer)({}, parameters)
        assert context.identity is None
        with pytest.raises(Refused, match="required"):
            await authenticate(issuer, anonymous=False)({}, parameters)

    @pytest.mark.parametrize("value", [{"sub": "root"}, ["Bearer", "x"], 7, "", "Bearer"])
    async def test_a_token_is_text(self, issuer: Issuer, value: object) -> None:
        with pytest.raises(Refused, match="given as"):
            await authenticate(issuer)({}, {"authorization": value})


async def test_the_configuration_makes_a_verifier_that_reads_a_file(issuer: Issuer, tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(await issuer.load())
    context = await by_token(TokenAuthentication((trusting(jwks=str(file)),)))(
        {"authorization": f"Bearer {issuer.token()}"}, None
    )
    assert context.identity is not None
