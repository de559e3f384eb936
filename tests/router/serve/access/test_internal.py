"""Subgraphs are told by the router who asks, in tokens for each of them alone."""

import time
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from router.execute import InProcessTransport
from router.serve import Engine, GraphQLRequest, Identity, RequestContext
from router.serve.access.internal import InternalTokens, TokenSigner
from router.serve.traffic import CallHooks, steered
from tests.router.serve.access.guarded_graph import guarded_sdl

PEM = ECKey.generate_key("P-256").as_pem(private=True).decode()
ADA = Identity("ada", "acme", "web", frozenset({"read", "write"}), {"role": "OWNER", "other": 1}, expires=5_000.0)


def read(signer: TokenSigner, token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    keys = KeySet.import_key_set(dict(signer.jwks()))  # pyright: ignore[reportArgumentType]  # a key set
    found = jws.deserialize_compact(token, keys, algorithms=["ES256", "Ed25519"])
    return found.headers(), orjson.loads(found.payload or b"")


class TestTokens:
    def test_a_token_says_who_asks_whom_and_until_when(self) -> None:
        signer = TokenSigner(PEM, InternalTokens(carried=("role", "missing")), clock=lambda: 1_000.0)
        header, claims = read(signer, signer.token(ADA, "books"))
        assert (header["alg"], header["typ"]) == ("ES256", "router+jwt")
        assert claims == {
            "iss": "router",
            "aud": "books",
            "iat": 1000,
            "exp": 1060,
            "sub": "ada",
            "tenant": "acme",
            "client_id": "web",
            "scope": "read write",
            "until": 5000.0,
            "role": "OWNER",
        }

    def test_an_anonymous_callers_token_is_about_nobody(self) -> None:
        signer = TokenSigner(PEM, clock=lambda: 1_000.0)
        assert read(signer, signer.token(None, "books"))[1] == {
            "iss": "router",
            "aud": "books",
            "iat": 1000,
            "exp": 1060,
        }

    def test_a_token_does_not_outlive_the_callers_own(self) -> None:
        signer = TokenSigner(PEM, clock=lambda: 4_990.0)
        assert read(signer, signer.token(ADA, "books"))[1]["exp"] == 5_000

    def test_a_token_is_used_for_half_of_its_life_by_one_caller_for_one_subgraph(self) -> None:
        now = 1_000.0
        signer = TokenSigner(PEM, clock=lambda: now)
        first = signer.token(ADA, "books")
        same = Identity("ada", "acme", "web", frozenset({"write", "read"}), dict(ADA.claims), expires=5_000.0)
        assert signer.token(same, "books") is first
        others = [
            signer.token(identity, "books")
            for identity in (None, Identity("ada", "other"), Identity("ada", "acme", scopes=frozenset({"read"})))
        ]
        assert len({first, *others, signer.token(ADA, "films")}) == 5
        now += 30
        assert signer.token(ADA, "books") != first

    def test_ed25519_will_do(self) -> None:
        signer = TokenSigner(OKPKey.generate_key("Ed25519").as_pem(private=True).decode())
        assert read(signer, signer.token(None, "books"))[0]["alg"] == "Ed25519"

    @pytest.mark.parametrize(
        "pem",
        [
            "",
            ECKey.generate_key("P-256").as_pem(private=False).decode(),
            ECKey.generate_key("P-384").as_pem(private=True).decode(),
            RSAKey.generate_key(2048).as_pem(private=True).decode(),
        ],
        ids=["none", "a public one", "of another curve", "of another family"],
    )
    def test_other_keys_are_refused(self, pem: str) -> None:
        with pytest.raises(ValueError, match="P-256 or Ed25519"):
            TokenSigner(pem)

    def test_the_published_keys_are_public(self) -> None:
        assert "d" not in TokenSigner(PEM).jwks()["keys"][0]


class TestRequests:
    async def test_every_request_has_a_token_of_its_own_subgraph_and_not_the_callers(self) -> None:
        seen: list[Mapping[str, str]] = []

        async def execute(_query: str, _variables: Any, _name: str | None, headers: Mapping[str, str]) -> Any:
            seen.append(headers)
            return {"data": {"motto": "!"}}

        signer = TokenSigner(PEM)
        hooks = CallHooks(before=(signer,))
        names = ("people", "spending")
        transports = {name: steered(InProcessTransport(execute), hooks=hooks) for name in names}
        engine = Engine.from_sdl(guarded_sdl(), transports)
        given = {"authorization": "Bearer own", "router-authorization": "Bearer forged", "x-locale": "de"}
        identity = Identity("ada", expires=time.time() + 900)
        for each in (identity, None):
            await engine.execute(GraphQLRequest("{ motto }"), RequestContext(given, identity=each))
        about = [read(signer, each["router-authorization"].removeprefix("Bearer "))[1] for each in seen]
        assert [(each["aud"], each.get("sub")) for each in about] == [("people", "ada"), ("people", None)]
        assert all("authorization" not in each and each["x-locale"] == "de" for each in seen)
