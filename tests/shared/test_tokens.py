"""Only what the issuer signed, for this audience, in time, names a caller."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from shared.caller import TenantId, UserId
from shared.errors import Unauthenticated
from shared.ids import uuid7
from shared.jwks import LocalKeys
from shared.tokens import (
    ALGORITHM,
    LEEWAY_SECONDS,
    LIFETIME_SECONDS,
    TokenExpired,
    TokenInvalid,
    TokenIssuer,
    TokenVerifier,
    generate_signing_key,
)

SIGNING_KEY = generate_signing_key()
TENANT, USER, SESSION = TenantId(uuid7()), UserId(uuid7()), uuid7()


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time, for issuer and verifier."""
    return Clock()


@pytest.fixture
def issuer(clock: Clock) -> TokenIssuer:
    """Signs tokens."""
    return TokenIssuer(SIGNING_KEY, clock=clock)


@pytest.fixture
def verifier(issuer: TokenIssuer, clock: Clock) -> TokenVerifier:
    """Verifies what `issuer` signs."""
    return TokenVerifier(LocalKeys(issuer.public_keys), clock=clock)


def issued(issuer: TokenIssuer) -> str:
    """A token of an instructor."""
    return issuer.issue(TENANT, USER, SESSION, role="INSTRUCTOR", scopes=["learn", "courses:write"]).access_token


def claims(**changes: Any) -> dict[str, Any]:
    """What a sound token says, with changes; None leaves a claim out."""
    now = int(time.time())
    sound: dict[str, Any] = {
        "iss": "studium",
        "aud": "studium",
        "sub": str(USER),
        "tid": str(TENANT),
        "sid": str(SESSION),
        "role": "OWNER",
        "scope": "learn",
        "iat": now,
        "exp": now + 60,
    }
    return {name: value for name, value in {**sound, **changes}.items() if value is not None}


def segment(raw: bytes) -> str:
    """A segment of a token."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def encoded(value: Any) -> str:
    """A segment that holds JSON."""
    return segment(json.dumps(value).encode())


def signed(payload: Any, **header: Any) -> str:
    """A token signed with the real key, by hand: the library would refuse some of these headers."""
    key = ECKey.import_key(SIGNING_KEY.get_secret_value())
    key.ensure_kid()
    shape = {"alg": ALGORITHM, "kid": key.kid, "typ": "at+jwt", **header}
    head = encoded({name: value for name, value in shape.items() if value is not None})
    content = f"{head}.{segment(payload) if isinstance(payload, bytes) else encoded(payload)}"
    private = serialization.load_pem_private_key(SIGNING_KEY.get_secret_value().encode(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(private.sign(content.encode(), ec.ECDSA(SHA256())))
    return f"{content}.{segment(r.to_bytes(32) + s.to_bytes(32))}"


class TestSound:
    async def test_names_the_caller(self, issuer: TokenIssuer, verifier: TokenVerifier) -> None:
        caller = await verifier.caller(issued(issuer))
        assert (caller.tenant_id, caller.user_id, caller.session_id) == (TENANT, USER, SESSION)
        assert caller.role == "INSTRUCTOR"
        assert caller.scopes == {"learn", "courses:write"}

    async def test_is_verified_once(self, issuer: TokenIssuer, verifier: TokenVerifier) -> None:
        token = issued(issuer)
        assert await verifier.caller(token) is await verifier.caller(token)

    async def test_forgets_the_oldest_when_it_remembers_too_many(self, issuer: TokenIssuer) -> None:
        verifier = TokenVerifier(LocalKeys(issuer.public_keys), remember=2)
        tokens = [issued(issuer) for _ in range(3)]
        first = [await verifier.caller(token) for token in tokens]
        assert await verifier.caller(tokens[2]) is first[2]
        assert await verifier.caller(tokens[0]) is not first[0]

    async def test_is_good_until_it_expires(self, issuer: TokenIssuer, verifier: TokenVerifier, clock: Clock) -> None:
        token = issued(issuer)
        await verifier.caller(token)
        clock.now += LIFETIME_SECONDS + LEEWAY_SECONDS - 2
        await verifier.caller(token)
        clock.now += 3
        with pytest.raises(TokenExpired):
            await verifier.caller(token)

    async def test_expired_is_refused_when_first_seen(
        self, issuer: TokenIssuer, verifier: TokenVerifier, clock: Clock
    ) -> None:
        token = issued(issuer)
        clock.now += LIFETIME_SECONDS + LEEWAY_SECONDS + 1
        with pytest.raises(TokenExpired):
            await verifier.caller(token)


class TestForged:
    @pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "a.b.c.d", "é.é.é", "x" * 9000, "\ud800"])
    async def test_garbage(self, verifier: TokenVerifier, token: str) -> None:
        with pytest.raises(TokenInvalid):
            await verifier.caller(token)

    async def test_signed_by_another_key(self, verifier: TokenVerifier) -> None:
        with pytest.raises(TokenInvalid):
            await verifier.caller(issued(TokenIssuer(generate_signing_key())))

    async def test_signed_by_another_key_under_our_kid(self, issuer: TokenIssuer, verifier: TokenVerifier) -> None:
        stranger = ECKey.generate_key("P-256", {"kid": issuer.jwks()["keys"][0]["kid"]})
        header = {"alg": ALGORITHM, "kid": stranger.kid, "typ": "at+jwt"}
        forged = jws.serialize_compact(header, json.dumps(claims()).encode(), stranger, algorithms=[ALGORITHM])
        with pytest.raises(TokenInvalid):
            await verifier.caller(forged)

    async def test_changed_claims(self, issuer: TokenIssuer, verifier: TokenVerifier) -> None:
        header, _, signature = issued(issuer).split(".")
        with pytest.raises(TokenInvalid):
            await verifier.caller(f"{header}.{encoded(claims(role='OWNER'))}.{signature}")

    @pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", ""])
    async def test_unsigned(self, issuer: TokenIssuer, verifier: TokenVerifier, algorithm: str) -> None:
        header = {"alg": algorithm, "kid": issuer.jwks()["keys"][0]["kid"], "typ": "at+jwt"}
        with pytest.raises(TokenInvalid):
            await verifier.caller(f"{encoded(header)}.{encoded(claims())}.")

    async def test_public_key_used_as_a_shared_secret(self, issuer: TokenIssuer, verifier: TokenVerifier) -> None:
        published = issuer.public_keys.keys[0]
        assert isinstance(published, ECKey)
        content = f"{encoded({'alg': 'HS256', 'kid': published.kid, 'typ': 'at+jwt'})}.{encoded(claims())}"
        mac = hmac.digest(published.as_pem(private=False), content.encode(), "sha256")
        with pytest.raises(TokenInvalid):
            await verifier.caller(f"{content}.{segment(mac)}")

    async def test_a_key_of_its_own(self, verifier: TokenVerifier) -> None:
        key = ECKey.import_key(SIGNING_KEY.get_secret_value())
        with pytest.raises(TokenInvalid):
            await verifier.caller(signed(claims(), jwk=key.as_dict(private=False)))

    async def test_another_algorithm(self, issuer: TokenIssuer, verifier: TokenVerifier) -> None:
        key = RSAKey.generate_key(2048)
        header = {"alg": "RS256", "kid": issuer.jwks()["keys"][0]["kid"], "typ": "at+jwt"}
        forged = jws.serialize_compact(header, json.dumps(claims()).encode(), key, algorithms=["RS256"])
        with pytest.raises(TokenInvalid):
            await verifier.caller(forged)

    @pytest.mark.parametrize(
        "header",
        [
            {"typ": "JWT"},
            {"typ": None},
            {"kid": None},
            {"kid": "other"},
            {"kid": 7},
            {"crit": ["b64"], "b64": False},
            {"x5u": "http://x"},
        ],
    )
    async def test_a_header_we_do_not_sign(self, verifier: TokenVerifier, header: dict[str, Any]) -> None:
        with pytest.raises(TokenInvalid):
            await verifier.caller(signed(claims(), **header))


class TestClaims:
    async def test_the_sound_ones_pass(self, verifier: TokenVerifier) -> None:
        assert (await verifier.caller(signed(claims()))).user_id == USER

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "elsewhere"},
            {"iss": None},
            {"aud": "elsewhere"},
            {"aud": None},
            {"aud": ["studium"]},
            {"sub": None},
            {"sub": "ada"},
            {"tid": None},
            {"tid": 7},
            {"sid": None},
            {"role": None},
            {"role": 7},
            {"scope": None},
            {"scope": ["learn"]},
            {"exp": None},
            {"exp": "tomorrow"},
            {"exp": True},
            {"exp": 99999999999.5},
            {"iat": None},
            {"iat": 99999999999},
            {"nbf": 99999999999},
            {"nbf": "now"},
        ],
    )
    async def test_others_do_not(self, verifier: TokenVerifier, changes: dict[str, Any]) -> None:
        with pytest.raises(Unauthenticated):
            await verifier.caller(signed(claims(**changes)))

    @pytest.mark.parametrize("payload", [b"", b"[]", b"7", b"null", b"{", b"\xff", b'{"iss":"studium"}'])
    async def test_a_payload_that_holds_none(self, verifier: TokenVerifier, payload: bytes) -> None:
        with pytest.raises(TokenInvalid):
            await verifier.caller(signed(payload))


class TestAppsOfOthers:
    """Tokens of a tenant's authorization server."""

    URL = "https://learn.example"
    CLIENT = str(uuid7())

    @pytest.fixture
    def public(self, issuer: TokenIssuer) -> TokenVerifier:
        """Knows where the tenants' authorization servers are."""
        return TokenVerifier(LocalKeys(issuer.public_keys), public_url=self.URL)

    async def test_an_app_calls_for_a_person(self, public: TokenVerifier) -> None:
        token = signed(claims(iss=f"{self.URL}/t/north", client_id=self.CLIENT))
        caller = await public.caller(token)
        assert (caller.user_id, str(caller.client_id)) == (USER, self.CLIENT)

    async def test_an_app_calls_for_itself(self, public: TokenVerifier) -> None:
        token = signed(claims(iss=f"{self.URL}/t/north", client_id=self.CLIENT, sub=self.CLIENT))
        caller = await public.caller(token)
        assert (caller.user_id, str(caller.client_id)) == (None, self.CLIENT)

    @pytest.mark.parametrize(
        "other", [f"{URL}/t/", f"{URL}/t/a/b", URL, "https://learn.example.evil/t/north", f"{URL}/t/north/", 7, None]
    )
    async def test_another_issuer(self, public: TokenVerifier, other: object) -> None:
        with pytest.raises(TokenInvalid):
            await public.caller(signed(claims(iss=other, client_id=self.CLIENT)))

    async def test_none_where_there_are_no_authorization_servers(self, verifier: TokenVerifier) -> None:
        with pytest.raises(TokenInvalid):
            await verifier.caller(signed(claims(iss=f"{self.URL}/t/north")))

    async def test_an_identity_token_is_no_access_token(self, public: TokenVerifier) -> None:
        with pytest.raises(TokenInvalid):
            await public.caller(signed(claims(iss=f"{self.URL}/t/north", client_id=self.CLIENT), typ="JWT"))

    async def test_a_client_that_is_no_identifier(self, public: TokenVerifier) -> None:
        with pytest.raises(TokenInvalid):
            await public.caller(signed(claims(client_id="app")))
