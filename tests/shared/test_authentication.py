"""How somebody proved who they are: in their tokens, and through the router."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from router.serve import TokenSigner
from shared.authentication import ONE_TIME_CODE, PASSWORD, SEVERAL_FACTORS, Authentication
from shared.caller import TenantId, UserId
from shared.errors import Unauthenticated
from shared.ids import uuid7
from shared.jwks import LocalKeys
from shared.router_tokens import RouterTokenVerifier, keys_of, public_keys
from shared.tokens import TYPE, TokenIssuer, TokenVerifier, generate_signing_key
from studium.gateway import identify
from studium.trust import signer

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def issuer() -> TokenIssuer:
    """Signs tokens."""
    return TokenIssuer(generate_signing_key())


class TestAuthentication:
    def test_one_factor_is_worth_less_than_two_kinds(self) -> None:
        assert Authentication.of(NOW, [PASSWORD]).level == "aal1"
        assert Authentication.of(NOW, [PASSWORD, ONE_TIME_CODE, SEVERAL_FACTORS]).level == "aal2"


class TestTokens:
    async def test_say_it_of_the_caller(self, issuer: TokenIssuer) -> None:
        token = issuer.issue(
            TenantId(uuid7()),
            UserId(uuid7()),
            uuid7(),
            role="LEARNER",
            scopes=["learn"],
            authentication=Authentication.of(NOW, [PASSWORD]),
        )
        caller = await TokenVerifier(LocalKeys(issuer.public_keys)).caller(token.access_token)
        assert (caller.auth_time, caller.acr) == (int(NOW.timestamp()), "aal1")

    async def test_need_not_say_it(self, issuer: TokenIssuer) -> None:
        token = issuer.issue(TenantId(uuid7()), UserId(uuid7()), uuid7(), role="LEARNER", scopes=["learn"])
        caller = await TokenVerifier(LocalKeys(issuer.public_keys)).caller(token.access_token)
        assert (caller.auth_time, caller.acr) == (None, None)

    @pytest.mark.parametrize("claims", [{"auth_time": "now"}, {"auth_time": True}, {"acr": 2}])
    async def test_are_refused_if_they_say_it_in_another_form(
        self, issuer: TokenIssuer, claims: dict[str, object]
    ) -> None:
        said = {
            "iss": "studium",
            "aud": "studium",
            "sub": str(uuid7()),
            "tid": str(uuid7()),
            "sid": str(uuid7()),
            "role": "LEARNER",
            "scope": "",
            "iat": issuer.now(),
            "exp": issuer.now() + 60,
        }
        with pytest.raises(Unauthenticated):
            await TokenVerifier(LocalKeys(issuer.public_keys)).caller(issuer.sign({**said, **claims}, type_=TYPE))


class TestRouter:
    @pytest.mark.parametrize(
        "said", [{"auth_time": 1_700_000_000, "acr": "aal2"}, {"impersonator_id": UserId(uuid7())}, {}]
    )
    async def test_tells_subgraphs_what_the_callers_token_says(
        self, issuer: TokenIssuer, said: dict[str, object]
    ) -> None:
        key = generate_signing_key()
        token = issuer.issue(TenantId(uuid7()), UserId(uuid7()), uuid7(), role="LEARNER", scopes=["learn"])
        caller = await TokenVerifier(LocalKeys(issuer.public_keys)).caller(token.access_token)
        caller = replace(caller, **said)
        signing: TokenSigner = signer(key)
        carried = signing.token(identify(caller, token.expires_at.timestamp()), "auth")
        assert await RouterTokenVerifier("auth", keys_of(public_keys(key))).caller(carried) == caller
