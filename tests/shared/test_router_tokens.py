"""A subgraph answers the router alone: not a caller's own token, not another subgraph's, nothing stale or forged."""

import time
from typing import Any

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import ECKey
from pydantic import SecretStr

from router.serve import Identity, InternalTokens, TokenSigner
from shared.caller import Caller, TenantId, UserId
from shared.errors import Unauthenticated
from shared.ids import uuid7
from shared.router_tokens import (
    CARRIED,
    HEADER,
    ISSUER,
    LIFETIME_SECONDS,
    TENANT_CLAIM,
    TYPE,
    RouterTokenVerifier,
    keys_of,
    public_keys,
)
from shared.tokens import LEEWAY_SECONDS, TokenExpired, TokenInvalid, TokenIssuer, generate_signing_key

KEY = generate_signing_key()
TENANT, USER, SESSION = TenantId(uuid7()), UserId(uuid7()), uuid7()
CALLER = Caller(TENANT, USER, "OWNER", frozenset({"read", "write"}), SESSION)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time, for router and subgraph."""
    return Clock()


def signer(clock: Clock, key: SecretStr = KEY, **changes: Any) -> TokenSigner:
    usual: dict[str, Any] = {"issuer": ISSUER, "header": HEADER, "tenant_claim": TENANT_CLAIM, "carried": CARRIED}
    return TokenSigner(key.get_secret_value(), InternalTokens(**{**usual, **changes}), clock=clock)


def identity(clock: Clock, seconds: float = 3_600) -> Identity:
    carried = {"role": CALLER.role, "sid": str(SESSION)}
    return Identity(str(USER), str(TENANT), None, CALLER.scopes, carried, clock.now + seconds)


def verifier(clock: Clock) -> RouterTokenVerifier:
    return RouterTokenVerifier("courses", keys_of(public_keys(KEY)), clock=clock)


def bearing(token: str) -> dict[str, str]:
    return {HEADER: f"Bearer {token}"}


class TestAccepted:
    async def test_the_routers_token_names_its_caller(self, clock: Clock) -> None:
        subgraph, given = verifier(clock), signer(clock).token(identity(clock), "courses")
        assert await subgraph.presented(bearing(given)) == given
        assert await subgraph.caller(given) == CALLER

    async def test_an_anonymous_caller_is_let_in_as_nobody(self, clock: Clock) -> None:
        subgraph, given = verifier(clock), signer(clock).token(None, "courses")
        assert await subgraph.presented(bearing(given)) is None
        with pytest.raises(TokenInvalid):
            await subgraph.caller(given)

    async def test_a_caller_lasts_as_long_as_their_own_token(self, clock: Clock) -> None:
        subgraph, given = verifier(clock), signer(clock).token(identity(clock), "courses")
        await subgraph.presented(bearing(given))
        clock.now += 3_000
        assert await subgraph.caller(given) == CALLER
        with pytest.raises(TokenExpired):
            await subgraph.presented(bearing(given))
        clock.now += 601
        with pytest.raises(TokenExpired):
            await subgraph.caller(given)


class TestRefused:
    async def refused(self, clock: Clock, token: str) -> bool:
        with pytest.raises(TokenInvalid):
            await verifier(clock).presented(bearing(token))
        return True

    async def test_a_callers_own_token_does_not_do(self, clock: Clock) -> None:
        own = TokenIssuer(KEY, clock=clock).issue(TENANT, USER, SESSION, role="OWNER", scopes=["read"]).access_token
        assert await self.refused(clock, own)
        with pytest.raises(Unauthenticated, match="router alone"):
            await verifier(clock).presented({"authorization": f"Bearer {own}"})

    async def test_nothing_does_not_do(self, clock: Clock) -> None:
        with pytest.raises(Unauthenticated, match="router alone"):
            await verifier(clock).presented({})

    async def test_another_subgraphs_token_does_not_do(self, clock: Clock) -> None:
        assert await self.refused(clock, signer(clock).token(identity(clock), "users"))

    async def test_another_routers_token_does_not_do(self, clock: Clock) -> None:
        assert await self.refused(clock, signer(clock, issuer="router").token(None, "courses"))
        assert await self.refused(clock, signer(clock, generate_signing_key()).token(None, "courses"))

    async def test_a_stale_or_early_token_does_not_do(self, clock: Clock) -> None:
        subgraph, given = verifier(clock), signer(clock).token(None, "courses")
        clock.now -= LEEWAY_SECONDS + 2
        assert await self.refused(clock, given)
        clock.now += LIFETIME_SECONDS + 2 * LEEWAY_SECONDS + 3
        with pytest.raises(TokenExpired):
            await subgraph.presented(bearing(given))

    @pytest.mark.parametrize(
        "changes", [{"role": None}, {"sid": "x"}, {"tid": 1}, {"until": "x"}, {"aud": ["courses"]}]
    )
    async def test_claims_must_be_in_order(self, clock: Clock, changes: dict[str, Any]) -> None:

        key = ECKey.import_key(KEY.get_secret_value(), {"use": "sig"})
        key.ensure_kid()
        claims = {"iss": ISSUER, "aud": "courses", "iat": clock.now, "exp": clock.now + 60, "sub": str(USER)}
        claims |= {"tid": str(TENANT), "sid": str(SESSION), "role": "OWNER", "scope": "", "until": clock.now + 60}
        header = {"alg": "ES256", "kid": key.kid, "typ": TYPE}

        def signed(given: dict[str, Any]) -> str:
            return jws.serialize_compact(header, orjson.dumps(given), key, algorithms=["ES256"])

        assert await verifier(clock).presented(bearing(signed(claims)))
        assert await self.refused(clock, signed(claims | changes))

    @pytest.mark.parametrize("token", ["x", "a.b.c", "x" * 10_000])
    async def test_what_is_no_token_does_not_do(self, clock: Clock, token: str) -> None:
        assert await self.refused(clock, token)


def test_only_public_keys_are_handed_out() -> None:
    assert '"d"' not in public_keys(KEY)
