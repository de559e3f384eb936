"""What is believed of an OpenID provider's answers."""

import asyncio
import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from shared.outbound import Outbound, OutboundRefused
from subgraphs.auth.service.oidc_client import (
    KEEP_SECONDS,
    MAX_KEYS,
    REFETCH_SECONDS,
    RETRY_SECONDS,
    ClientCredentials,
    OidcClient,
    Proofs,
    ProviderRefused,
)

ISSUER = "https://id.example"
CLIENT = ClientCredentials("studium", "a secret")
PROOFS = Proofs("nonce", "verifier")
NOW = 1_700_000_000
KEY = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"}, private=True)
OTHER = ECKey.generate_key("P-256", {"kid": "two"}, private=True)
RSA = RSAKey.generate_key(2048, {"kid": "rsa"}, private=True)

Sign: TypeAlias = Callable[[Mapping[str, Any]], str]


class Provider(Outbound):
    """Answers what it is told to; everything else of the way out is real."""

    def __init__(self) -> None:
        super().__init__()
        self.metadata: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
        }
        self.keys: list[Any] = [KEY.as_dict(private=False), RSA.as_dict(private=False)]
        self.tokens: dict[str, Any] = {}
        self.asked: list[str] = []
        self.forms: list[tuple[dict[str, str], dict[str, str]]] = []

    async def get_json(self, url: str) -> dict[str, Any]:
        self.asked.append(url)
        return {"keys": self.keys} if url.endswith("/keys") else self.metadata

    async def post_form(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
        self.forms.append((dict(form), dict(headers)))
        return self.tokens


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(provider: Provider, clock: Clock) -> OidcClient:
    return OidcClient(provider, clock=clock)


def claims(**changes: Any) -> dict[str, Any]:
    """Of a good token; None leaves one out."""
    good = {"iss": ISSUER, "aud": "studium", "sub": "ada", "iat": NOW, "exp": NOW + 300, "nonce": "nonce", **changes}
    return {name: value for name, value in good.items() if value is not None}


def signed(said: Mapping[str, Any], key: Any = KEY, **header: Any) -> str:
    """A token of these claims, whatever its header says."""
    parts = [orjson.dumps({"alg": "ES256", "kid": key.kid, **header}), orjson.dumps(said)]
    message = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = jws.JWSRegistry.algorithms["ES256"].sign(message, key)
    return (message + b"." + urlsafe_b64encode(signature).rstrip(b"=")).decode()


async def ask(client: OidcClient) -> Mapping[str, Any]:
    return await client.claims(ISSUER, CLIENT, "code", "https://us.example/callback", PROOFS)


async def test_a_good_token_is_believed(client: OidcClient, provider: Provider) -> None:
    provider.tokens = {"id_token": signed(claims(email="ada@example.org"))}
    assert (await ask(client))["email"] == "ada@example.org"
    ((form, headers),) = provider.forms
    assert (form["code_verifier"], form["redirect_uri"]) == ("verifier", "https://us.example/callback")
    assert headers["Authorization"].startswith("Basic ")
    assert "client_secret" not in form


async def test_the_secret_goes_where_the_provider_wants_it(client: OidcClient, provider: Provider) -> None:
    provider.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    provider.tokens = {"id_token": signed(claims())}
    await ask(client)
    ((form, headers),) = provider.forms
    assert (form["client_secret"], headers) == ("a secret", {})


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "somebody else"},
        {"aud": ["studium", "somebody else"], "azp": "somebody else"},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "s" * 256},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": NOW - 3_600},
        {"exp": None},
        {"iat": NOW + 3_600},
        {"nbf": NOW + 3_600},
        {"at_hash": "somebody else's"},
    ],
)
async def test_a_token_that_says_anything_else_is_not(
    client: OidcClient, provider: Provider, changes: dict[str, Any]
) -> None:
    provider.tokens = {"id_token": signed(claims(**changes)), "access_token": "opaque"}
    with pytest.raises(ProviderRefused):
        await ask(client)


def _unsigned() -> str:
    """CVE-2026-28802."""
    message, _, _ = signed(claims(), alg="none").rpartition(".")
    return f"{message}."


def _by_its_public_key() -> str:
    """CVE-2024-37568."""
    message, _, _ = signed(claims(), KEY, alg="HS256", kid="rsa").rpartition(".")
    signature = hmac.digest(RSA.as_pem(private=False), message.encode(), hashlib.sha256)
    return f"{message}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _with_its_own_key() -> str:
    """CVE-2026-27962."""
    return signed(claims(), OTHER, jwk=OTHER.as_dict(private=False))


FORGED: Mapping[str, Callable[[], str]] = {
    "unsigned": _unsigned,
    "by its public key": _by_its_public_key,
    "with its own key": _with_its_own_key,
    "unknown crit": lambda: signed(claims(), crit=["unheard-of"], **{"unheard-of": True}),  # CVE-2025-59420
    "somebody else's key": lambda: signed(claims(), OTHER, kid="one"),
    "altered": lambda: signed(claims()) + "x",
    "huge": lambda: "a" * 100_000,  # CVE-2025-61920
    "dots": lambda: "...",
    "empty": lambda: "",
}


@pytest.mark.parametrize("how", FORGED)
async def test_a_token_that_nobody_could_verify_is_not(client: OidcClient, provider: Provider, how: str) -> None:
    provider.tokens = {"id_token": FORGED[how]()}
    with pytest.raises(ProviderRefused):
        await ask(client)


async def test_a_new_key_is_fetched_and_a_flood_of_unknown_ones_is_not(
    client: OidcClient, provider: Provider, clock: Clock
) -> None:
    provider.tokens = {"id_token": signed(claims())}
    await ask(client)
    provider.keys = [OTHER.as_dict(private=False)]
    provider.tokens = {"id_token": signed(claims(), OTHER)}
    for _ in range(5):
        with pytest.raises(ProviderRefused):
            await ask(client)
    assert provider.asked.count(f"{ISSUER}/keys") == 1
    clock.now += REFETCH_SECONDS
    assert (await ask(client))["sub"] == "ada"


async def test_only_what_is_public_of_a_key_is_read_and_only_of_keys_that_are_understood(
    client: OidcClient, provider: Provider
) -> None:
    mismatched = {**RSA.as_dict(private=True), "p": RSA.as_dict(private=True)["q"], "kid": "costly"}
    unknown: list[Any] = [{"kty": "EC", "crv": "P-1"}, {"kty": "AKP"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "none"]
    provider.keys = [mismatched, *unknown, KEY.as_dict(private=True)]
    provider.tokens = {"id_token": signed(claims())}
    assert (await ask(client))["sub"] == "ada"


async def test_more_keys_than_any_provider_has_are_not_read(client: OidcClient, provider: Provider) -> None:
    provider.keys = [KEY.as_dict(private=False)] * (MAX_KEYS + 1)
    provider.tokens = {"id_token": signed(claims())}
    with pytest.raises(ProviderRefused):
        await ask(client)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"issuer": "https://evil.example"}, ProviderRefused),
        ({"jwks_uri": None}, ProviderRefused),
        ({"token_endpoint": "http://id.example/token"}, OutboundRefused),
        ({"token_endpoint": "https://127.0.0.1/token"}, OutboundRefused),
        ({"jwks_uri": "https://[::1]/keys"}, OutboundRefused),
        ({"jwks_uri": "file:///etc/passwd"}, OutboundRefused),
    ],
)
async def test_metadata_that_leads_elsewhere_are_refused(
    client: OidcClient, provider: Provider, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    provider.metadata |= changes
    with pytest.raises(refusal):
        await client.metadata(ISSUER)


async def test_a_provider_that_cannot_be_asked_is_asked_once_in_a_while_whoever_begins(
    client: OidcClient, provider: Provider, clock: Clock
) -> None:
    provider.metadata["issuer"] = "https://evil.example"

    async def begin() -> None:
        with pytest.raises(ProviderRefused, match="another issuer"):
            await client.metadata(ISSUER)

    await asyncio.gather(*(begin() for _ in range(5)))
    assert len(provider.asked) == 1
    provider.metadata["issuer"] = ISSUER
    await begin()
    assert (await client.metadata(ISSUER, anew=True)).issuer == ISSUER  # who trusts it has mended it
    provider.metadata["issuer"] = "https://evil.example"
    clock.now += KEEP_SECONDS + 1
    await begin()
    provider.metadata["issuer"] = ISSUER
    clock.now += RETRY_SECONDS + 1
    await asyncio.gather(*(client.metadata(ISSUER) for _ in range(5)))
    assert len(provider.asked) == 4


async def test_the_clock_is_this_machines_by_default(provider: Provider) -> None:
    now = int(time.time())
    provider.tokens = {"id_token": signed(claims(iat=now, exp=now + 60))}
    assert (await ask(OidcClient(provider)))["sub"] == "ada"
