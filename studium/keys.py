"""The keys of a process: how it verifies tokens, and what it seals with."""

from typing import TypeVar

from pydantic import SecretStr

from shared.crypto import derive_key
from shared.jwks import PublishedKeys
from shared.signing_keys import KeyRing
from shared.tokens import TokenVerifier
from studium.embedded.errors import CannotStart
from studium.embedded.ports import LOOPBACK
from studium.master_key import MasterKeySettings
from studium.settings import StudiumSettings

Given = TypeVar("Given")


def credentials_key(settings: StudiumSettings) -> SecretStr:
    """Seals password hashes on their way, and signs what people are handed while they sign in."""
    return _credentials(given(settings.secret, "SECRET"))


def credentials_keys(settings: StudiumSettings) -> list[SecretStr]:
    """The same, and those of the secrets before; the newest first."""
    return [credentials_key(settings), *map(_credentials, MasterKeySettings().before())]


def _credentials(secret: SecretStr) -> SecretStr:
    return SecretStr(derive_key(secret, "credentials").hex())


def create_verifier(settings: StudiumSettings) -> TokenVerifier:
    """Verifies with the keys this process signs with, or with the published ones."""
    if settings.signing_key is not None:
        return TokenVerifier(KeyRing(settings.signing_key), public_url=public_url(settings))
    return TokenVerifier(PublishedKeys(given(settings.jwks_url, "JWKS_URL")), public_url=public_url(settings))


def public_url(settings: StudiumSettings) -> str:
    """Where the platform is reached; without the setting, by this machine alone."""
    return settings.public_url or f"http://{LOOPBACK}:{settings.port}"


def given(value: Given | None, name: str) -> Given:
    """The value of a setting that this process cannot do without.

    Raises:
        CannotStart: it is not set.
    """
    if value is None:
        raise CannotStart(f"STUDIUM_{name} is not set; `studium up` sets it for the processes it starts.")
    return value
