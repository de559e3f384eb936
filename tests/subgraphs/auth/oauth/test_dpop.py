"""Tokens that are issued to keys are good for nobody else. Source: RFC 9449."""

import time
from typing import Any

import orjson
import pytest
from httpx2 import Response
from joserfc import jws

from tests.subgraphs.auth.oauth.conftest import App, Flow, Person, Register, Server, returned
from tests.subgraphs.auth.oauth.dpop import Holder


class Software:
    """An app with a key, at the token endpoint."""

    def __init__(self, server: Server, app: App, holder: Holder) -> None:
        self.server, self.app, self.holder = server, app, holder
        self.nonce: str | None = None

    @property
    def url(self) -> str:
        return f"{self.server.issuer}/oauth/token"

    def proof(self, **claims: Any) -> str:
        said: dict[str, Any] = {"nonce": self.nonce, **claims}
        return self.holder.proof("POST", self.url, **said)

    async def ask(self, proof: str | None = None, **fields: str) -> Response:
        """Ask for tokens, with a proof; the nonce is taken over."""
        url, headers = self.server.url("token"), {"DPoP": proof or self.proof()}
        answer = await self.server.http.post(url, data=fields, auth=self.app.credentials, headers=headers)
        self.nonce = answer.headers.get("dpop-nonce", self.nonce)
        return answer

    async def redeem(self, flow: Flow, code: str) -> dict[str, Any]:
        """What a code is exchanged for, once a nonce is known."""
        assert (await self.ask(**flow.redemption(code))).json()["error"] == "use_dpop_nonce"
        answer = await self.ask(**flow.redemption(code))
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def software(server: Server, app: App) -> Software:
    """The app's, confidential."""
    return Software(server, app, Holder())


@pytest.fixture
async def code(software: Software, person: Person) -> str:
    """That it gets from the person."""
    return returned(await person.consent(Flow(software.app, verifier="v" * 64).asked()))["code"]


FLOW: dict[str, Any] = {"verifier": "v" * 64}


async def test_tokens_are_good_with_the_key_alone(server: Server, software: Software, code: str) -> None:
    tokens = await software.redeem(Flow(software.app, **FLOW), code)
    token, url = tokens["access_token"], f"{server.issuer}/oauth/userinfo"
    assert (tokens["token_type"], known_key(token)) == ("DPoP", software.holder.jkt)
    told = (await server.post("introspect", software.app, token=token)).json()
    assert (told["token_type"], told["cnf"]) == ("DPoP", {"jkt": software.holder.jkt})

    async def about(scheme: str, proof: str) -> int:
        headers = {"Authorization": f"{scheme} {token}", "DPoP": proof}
        return (await server.http.get(server.url("userinfo"), headers=headers)).status_code

    good = software.holder.proof("GET", url, token=token)
    assert [await about("DPoP", good), await about("DPoP", good)] == [200, 401]  # a proof is good once
    wrong = [
        software.holder.proof("POST", url, token=token),
        software.holder.proof("GET", url + "/more", token=token),
        software.holder.proof("GET", url),
        software.holder.proof("GET", url, token="another"),
        Holder().proof("GET", url, token=token),
        "",
    ]
    assert {await about("DPoP", proof) for proof in wrong} == {401}
    assert await about("Bearer", software.holder.proof("GET", url, token=token)) == 401


async def test_proofs_are_looked_at_by_the_letter(server: Server, software: Software, code: str) -> None:
    holder, flow = software.holder, Flow(software.app, **FLOW)
    await software.ask(**flow.redemption(code))
    private = {"jwk": holder.key.as_dict(private=True)}
    now = int(time.time())
    wrong = [
        software.proof(htm="GET"),
        software.proof(htu=f"{server.issuer}/oauth/par"),
        software.proof(htu="https://evil.example/"),
        software.proof(iat=now - 120),
        software.proof(iat=now + 120),
        software.proof(iat="now"),
        software.proof(jti=None),
        software.proof(htu=None),
        software.proof(header={"typ": "JWT"}),
        software.proof(header=private),
        software.proof(header={"jwk": Holder().key.as_dict(private=False)}),
        software.proof(header={"kid": "x"}),
        ".".join(["eyJhbGciOiJub25lIiwidHlwIjoiZHBvcCtqd3QifQ", software.proof().split(".")[1], ""]),
        "x" * 5000,
        "a.b.c",
    ]
    told = [(await software.ask(proof, **flow.redemption(code))).json()["error"] for proof in wrong]
    assert told == ["invalid_dpop_proof"] * len(wrong)
    for nonce in (None, "made-up"):
        refused = await software.ask(software.proof(nonce=nonce), **flow.redemption(code))
        assert (refused.status_code, refused.json()["error"]) == (400, "use_dpop_nonce")
    headers = [("DPoP", software.proof()), ("DPoP", software.proof())]
    twice = await server.http.post(server.url("token"), data=flow.redemption(code), headers=headers)
    assert twice.json()["error"] == "invalid_request"
    assert (await software.ask(**flow.redemption(code))).status_code == 200  # nothing of this has used up the code


async def test_a_refresh_token_goes_with_its_key(server: Server, software: Software, code: str) -> None:
    first = await software.redeem(Flow(software.app, **FLOW), code)
    fields = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    thief = Software(server, software.app, Holder())
    thief.nonce = software.nonce
    assert (await thief.ask(**fields)).json()["error"] == "invalid_dpop_proof"
    assert (await server.tokens(software.app, **fields)).json()["error"] == "invalid_dpop_proof"
    proof = software.proof()
    second = await software.ask(proof, **fields)
    assert second.json()["token_type"] == "DPoP"
    replayed = await software.ask(proof, grant_type="refresh_token", refresh_token=second.json()["refresh_token"])
    assert replayed.json()["error"] == "invalid_dpop_proof"
    again = await software.ask(grant_type="refresh_token", refresh_token=second.json()["refresh_token"])
    assert known_key(again.json()["access_token"]) == software.holder.jkt


async def test_a_code_may_be_for_one_key(server: Server, person: Person, register: Register) -> None:
    app, holder = await register(dpopBoundTokens=True), Holder()
    flow, software = Flow(app), Software(server, app, holder)
    code = returned(await person.consent(flow.asked(dpop_jkt=holder.jkt)))["code"]
    thief = Software(server, app, Holder())
    await thief.ask(**flow.redemption(code))
    software.nonce = thief.nonce
    assert (await thief.ask(**flow.redemption(code))).json()["error"] == "invalid_dpop_proof"
    assert (await server.tokens(app, **flow.redemption(code))).json()["error"] == "invalid_dpop_proof"
    assert (await software.ask(**flow.redemption(code))).json()["token_type"] == "DPoP"


def known_key(token: str) -> str:
    """The key that an access token names."""
    return orjson.loads(jws.extract_compact(token.encode()).payload or b"")["cnf"]["jkt"]
