"""Which tokens are accepted, by the rows of RFC 8725, and what they say."""

import time
from base64 import urlsafe_b64encode
from typing import Any

import orjson
import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from router.serve.access.identity import Identity
from router.serve.access.tokens import ExpiredToken, InvalidToken, TokenVerifier, TrustedIssuer
from tests.router.serve.access.issuing import AUDIENCE, ISSUER, Issuer, claims, sign, signing_key, trusting


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


def encoded(value: Any) -> str:
    return urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


async def refused(verifier: TokenVerifier, token: str) -> bool:
    with pytest.raises(InvalidToken) as caught:
        await verifier.identity(token)
    return type(caught.value) is InvalidToken


class TestAccepted:
    async def test_a_token_becomes_an_identity(self, issuer: Issuer) -> None:
        given = claims()
        found = await issuer.verifier().identity(sign(issuer.keys[0], given))
        assert found == Identity(
            subject="ada",
            tenant="acme",
            client="web",
            scopes=frozenset({"read", "write"}),
            claims=given,
            expires=given["exp"] + 30,
        )

    async def test_a_list_of_scopes_is_read_as_well(self, issuer: Issuer) -> None:
        found = await issuer.verifier().identity(issuer.token(scope=None, scp=["a", "b"]))
        assert found.scopes == {"a", "b"}

    async def test_one_of_several_audiences_is_enough(self, issuer: Issuer) -> None:
        assert await issuer.verifier().identity(issuer.token(aud=["elsewhere", AUDIENCE]))

    async def test_a_remembered_token_needs_no_signature_again(self, issuer: Issuer) -> None:
        verifier, token = issuer.verifier(), issuer.token()
        assert await verifier.identity(token) is await verifier.identity(token)

    @pytest.mark.parametrize(
        ("key", "algorithm"),
        [
            (RSAKey.generate_key(2048, {"kid": "k"}), "RS256"),
            (RSAKey.generate_key(2048, {"kid": "k"}), "PS256"),
            (ECKey.generate_key("P-384", {"kid": "k"}), "ES384"),
            (OKPKey.generate_key("Ed25519", {"kid": "k"}), "Ed25519"),
        ],
    )
    async def test_any_asymmetric_algorithm_will_do(self, key: Any, algorithm: str) -> None:
        issuer = Issuer([key])
        verifier = TokenVerifier([(trusting(), issuer.published(algorithm))])
        assert await verifier.identity(sign(key, claims(), alg=algorithm))

    async def test_symmetric_keys_are_used_only_where_that_is_configured(self) -> None:
        key = OctKey.generate_key(256, {"kid": "k"})
        issuer = Issuer([key])
        token = sign(key, claims(), alg="HS256")
        assert await refused(issuer.verifier(), token)
        assert await issuer.verifier(algorithms=("HS256",)).identity(token)

    async def test_tokens_without_a_key_id_are_verified_by_the_only_key(self, issuer: Issuer) -> None:
        token = sign(issuer.keys[0], claims(), kid=None)
        assert await issuer.verifier().identity(token)
        issuer.keys.append(signing_key("two"))
        assert await refused(issuer.verifier(), token)

    async def test_types_can_be_configured(self, issuer: Issuer) -> None:
        untyped, plain = (sign(issuer.keys[0], claims(), typ=typ) for typ in (None, "JWT"))
        verifier = issuer.verifier(types=("jwt", ""))
        assert await verifier.identity(untyped)
        assert await verifier.identity(plain)


class TestRefused:
    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://other.example"},
            {"iss": ISSUER + "/"},
            {"iss": None},
            {"iss": ["a"]},
            {"aud": "elsewhere"},
            {"aud": None},
            {"aud": {AUDIENCE: 1}},
            {"exp": None},
            {"exp": "tomorrow"},
            {"exp": True},
            {"nbf": time.time() + 3600},
            {"iat": time.time() + 3600},
            {"sub": None},
            {"sub": 7},
            {"org": None},
            {"org": ["acme"]},
            {"scope": [1]},
        ],
    )
    async def test_claims_must_be_in_order(self, issuer: Issuer, changes: dict[str, Any]) -> None:
        assert await refused(issuer.verifier(), issuer.token(**changes))

    @pytest.mark.parametrize(
        "header",
        [
            {"typ": "JWT"},
            {"typ": None},
            {"typ": 1},
            {"kid": "unknown"},
            {"kid": ["one"]},
            {"jwk": signing_key("own").as_dict(private=False)},
            {"jku": "https://attacker.example/jwks"},
            {"x5u": "https://attacker.example/x5u"},
            {"x5c": ["MIIB"]},
            {"zip": "DEF"},
            {"crit": ["exp"], "exp": 1},
            {"crit": []},
            {"crit": ["b64"], "b64": False},
        ],
    )
    async def test_headers_must_be_in_order(self, issuer: Issuer, header: dict[str, Any]) -> None:
        assert await refused(issuer.verifier(), sign(issuer.keys[0], claims(), **header))

    async def test_an_unsigned_token_is_none(self, issuer: Issuer) -> None:
        for alg in ("none", "None", "nOnE"):
            header = encoded({"alg": alg, "kid": "one", "typ": "at+jwt"})
            assert await refused(issuer.verifier(), f"{header}.{encoded(claims())}.")

    async def test_a_public_key_is_no_shared_secret(self) -> None:
        key = RSAKey.generate_key(2048, {"kid": "k"})
        secret = OctKey.import_key({"kty": "oct", "k": encoded(key.as_dict(private=False)), "kid": "k"})
        verifier = Issuer([key]).verifier(algorithms=("RS256", "HS256"))
        assert await refused(verifier, sign(secret, claims(), alg="HS256"))

    async def test_another_key_with_the_same_id_does_not_sign(self, issuer: Issuer) -> None:
        assert await refused(issuer.verifier(), sign(signing_key("one"), claims()))

    async def test_an_algorithm_other_than_the_keys_is_refused(self, issuer: Issuer) -> None:
        key = ECKey.generate_key("P-384", {"kid": "one"})
        assert await refused(issuer.verifier(), sign(key, claims(), alg="ES384"))

    async def test_another_issuers_key_does_not_sign(self, issuer: Issuer) -> None:
        other = Issuer([signing_key("two")])
        trusted = (trusting(), issuer.published()), (trusting(issuer="https://two.example"), other.published())
        verifier = TokenVerifier(trusted)
        assert await verifier.identity(sign(other.keys[0], claims(iss="https://two.example")))
        assert await refused(verifier, sign(other.keys[0], claims()))

    async def test_expiry_has_its_leeway_and_a_message_of_its_own(self, issuer: Issuer) -> None:
        verifier = issuer.verifier()
        assert await verifier.identity(issuer.token(exp=time.time() - 20))
        with pytest.raises(ExpiredToken):
            await verifier.identity(issuer.token(exp=time.time() - 40))

    async def test_a_remembered_token_expires(self, issuer: Issuer) -> None:
        now = time.time()
        verifier = TokenVerifier([(trusting(), issuer.published())], clock=lambda: now)
        token = issuer.token()
        assert await verifier.identity(token)
        now += 400
        with pytest.raises(ExpiredToken):
            await verifier.identity(token)

    async def test_a_large_token_is_not_even_parsed(self, issuer: Issuer) -> None:
        assert await refused(issuer.verifier(), "e" * 100_000_000)
        assert issuer.reads == 0

    @pytest.mark.parametrize(
        "token",
        ["", ".", "..", "...", "a.b.c", "e30.e30.", "\ud800.a.b", "ü.a.b", "a.b.c.d.e", "W10.W10.", "bnVsbA..", " "],
    )
    async def test_what_is_no_token_is_refused(self, issuer: Issuer, token: str) -> None:
        assert await refused(issuer.verifier(), token)


class TestConfiguration:
    @pytest.mark.parametrize(
        "changes", [{"audiences": ()}, {"issuer": ""}, {"algorithms": ()}, {"algorithms": ("none",)}]
    )
    def test_what_would_accept_any_token_is_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"An issuer of tokens|cannot be signed with none"):
            trusting(**changes)

    def test_symmetric_algorithms_are_off(self) -> None:
        assert not any(each.startswith("HS") for each in TrustedIssuer("i", "f", ("a",)).algorithms)
