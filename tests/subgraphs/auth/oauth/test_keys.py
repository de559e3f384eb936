"""Apps that have keys: they prove by them who they are, and that a request is theirs. RFC 7523, RFC 9101."""

import time
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.auth.oauth.conftest import REDIRECT_URI, REGISTER, App, Flow, Person, Register, Server, returned
from tests.subgraphs.conftest import code_of

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Signer:
    """An app that has one key."""

    def __init__(self, server: Server, key: ECKey) -> None:
        self.server, self.key = server, key
        self.app = App("", None)

    @property
    def jwks(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}

    def signed(self, claims: dict[str, Any], key: Any = None, alg: str = "ES256") -> str:
        said = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": alg}, said, key or self.key, algorithms=[alg])

    def assertion(self, key: Any = None, alg: str = "ES256", **changes: Any) -> str:
        """A sound one, with other claims; None leaves one out."""
        now, me = int(time.time()), self.app.id
        usual: dict[str, Any] = {"iss": me, "sub": me, "aud": self.server.issuer, "exp": now + 60, "jti": str(uuid4())}
        return self.signed({**usual, **changes}, key, alg)

    async def ask(self, assertion: str, **fields: str) -> Response:
        sent = {"client_assertion_type": ASSERTION, "client_assertion": assertion, **fields}
        return await self.server.http.post(self.server.url("token"), data=sent)

    def request(self, flow: Flow, key: Any = None, **changes: Any) -> dict[str, str]:
        """An authorization request that is signed."""
        about = {"iss": self.app.id, "aud": self.server.issuer, "exp": int(time.time()) + 60}
        return {"client_id": self.app.id, "request": self.signed({**about, **flow.asked(), **changes}, key)}


@pytest.fixture
async def signer(server: Server, register: Register) -> Signer:
    """Registered."""
    made = Signer(server, ECKey.generate_key("P-256"))
    grants = ["authorization_code", "client_credentials"]
    made.app = await register(grantTypes=grants, jwks=made.jwks, authenticatesByKey=True)
    assert made.app.secret is None
    return made


async def test_an_app_proves_by_its_key_who_it_is(server: Server, signer: Signer) -> None:
    fields = {"grant_type": "client_credentials", "scope": "learn"}
    good = signer.assertion()
    assert (await signer.ask(good, **fields)).status_code == 200
    now, other = int(time.time()), ECKey.generate_key("P-256")
    wrong = [
        good,  # a second time
        signer.assertion(key=other),
        signer.assertion(sub=str(uuid4())),
        signer.assertion(iss=str(uuid4())),
        signer.assertion(aud="https://other.example"),
        signer.assertion(exp=now - 120),
        signer.assertion(exp=now + 86_400),
        signer.assertion(exp=None),
        signer.assertion(jti=None),
        signer.assertion(key=OctKey.import_key("x" * 32), alg="HS256"),
        "a.b.c",
        "e30.e30.",
    ]
    told = [(await signer.ask(each, **fields)).json()["error"] for each in wrong]
    assert told == ["invalid_client"] * len(wrong)
    stranger = await signer.ask(signer.assertion(), **fields, client_id=str(uuid4()))
    assert stranger.json()["error"] == "invalid_client"
    assert (await server.tokens(signer.app, **fields)).json()["error"] == "invalid_client"


async def test_a_signed_request_counts_alone(server: Server, signer: Signer, person: Person) -> None:
    flow = Flow(signer.app)
    asked = {**signer.request(flow), "scope": "openid learn courses:write", "redirect_uri": "https://evil.example/"}
    back = returned(await person.consent(asked))
    assert back["state"] == flow.state
    answer = await signer.ask(signer.assertion(), **flow.redemption(back["code"]))
    assert answer.json()["scope"] == "openid learn"


async def test_a_request_that_is_not_signed_right_is_answered_to_nobody(signer: Signer, person: Person) -> None:
    flow, now = Flow(signer.app), int(time.time())
    wrong = [
        signer.request(flow, key=ECKey.generate_key("P-256")),
        signer.request(flow, aud="https://other.example"),
        signer.request(flow, iss=str(uuid4())),
        signer.request(flow, client_id=str(uuid4())),
        signer.request(flow, exp=now - 120),
        signer.request(flow, exp=None),
        signer.request(flow, exp=now + 86_400),
        signer.request(flow, request="e30.e30."),
        signer.request(flow, request_uri="https://evil.example/"),
        signer.request(flow, state="a\r\nb"),
        {**signer.request(flow), "request": "e30.e30."},
        {**signer.request(flow), "request_uri": "urn:x"},
    ]
    for asked in wrong:
        answer = await person.open(asked)
        assert (answer.status_code, "location" in answer.headers) == (400, False), asked


async def test_keys_that_are_none_are_refused(ask: Ask, owner_token: str) -> None:
    strong = ECKey.generate_key("P-256")
    wrong: list[Any] = [
        {},
        {"keys": []},
        {"keys": ["x"]},
        {"keys": [strong.as_dict(private=True)]},
        {"keys": [OctKey.import_key("x" * 32).as_dict(private=True)]},
        {"keys": [{"kty": "RSA", "e": "AQAB", "n": "A" * 171}]},
        {"keys": [{"kty": "RSA", "e": "AQAB", "n": "A" * 9000}]},
        {"keys": [ECKey.generate_key("P-384").as_dict(private=False)]},
        {"keys": [strong.as_dict(private=False)] * 6},
        {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]},
        "https://evil.example/keys",
    ]
    for jwks in wrong:
        asked = {"name": "Planner", "scopes": ["learn"], "redirectUris": [REDIRECT_URI], "jwks": jwks}
        assert code_of(await ask(REGISTER, {"input": asked}, token=owner_token)) == "BAD_USER_INPUT", jwks
