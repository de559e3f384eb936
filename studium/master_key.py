"""The master key that wraps the tenants' data keys: where this process has it from."""

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import HttpUrl
from shared.tls import is_verified
from studium.embedded.errors import CannotStart
from studium.settings import StudiumSettings

if TYPE_CHECKING:
    from shared.data_keys import MasterKey


class MasterKeySettings(BaseSettings):
    """The ways to give it; without any it is derived from the platform's secret. Keys beside a KMS unwrap alone."""

    model_config = SettingsConfigDict(
        env_prefix="STUDIUM_", env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    master_keys: SecretStr | None = None
    """Secrets of 32 characters or more with blanks between, the newest first: it wraps, the others still unwrap."""
    master_key_file: Path | None = None
    """A file with the same."""
    kms_url: HttpUrl | None = None
    """A service with the API of AWS KMS, which holds the key and never gives it away."""
    kms_region: str = "us-east-1"
    """The service's region, which its requests are signed for."""
    kms_key_id: str = "alias/studium"
    """Which key of the service's."""
    kms_access_key_id: str = ""
    """Who asks it."""
    kms_secret_access_key: SecretStr = SecretStr("")
    """What its requests are signed with."""
    previous_secrets: SecretStr | None = None
    """What the platform's secret was before, the newest first with blanks between: what was sealed with these opens."""

    def before(self) -> list[SecretStr]:
        """The platform's secrets before the present one, the newest first."""
        given = self.previous_secrets.get_secret_value().split() if self.previous_secrets else []
        return [SecretStr(each) for each in given]


def create_master_key(settings: StudiumSettings, own: MasterKeySettings) -> "MasterKey":
    """The master key of this process.

    Raises:
        CannotStart: keys are given in two ways, or are too short, or their file cannot be read, or a KMS would be
            talked to in the clear where that is not allowed.
    """
    if own.master_keys is not None and own.master_key_file is not None:
        raise CannotStart("Name one of STUDIUM_MASTER_KEYS and STUDIUM_MASTER_KEY_FILE, not both.")
    held = _local(settings, own)
    if own.kms_url is None:
        return held
    url = own.kms_url.get_secret_value().rstrip("/")
    if settings.require_tls and not is_verified(url):
        raise CannotStart("STUDIUM_REQUIRE_TLS does not let STUDIUM_KMS_URL be used as it is: data keys go there.")
    return _kms(url, own, older=held)


def _kms(url: str, own: MasterKeySettings, *, older: "MasterKey") -> "MasterKey":
    """A key of a KMS. What was wrapped by keys held here, before there was the KMS, still unwraps."""
    from shared.data_keys.aws_signature import AwsCredentials
    from shared.data_keys.kms import Kms, KmsMasterKey

    credentials = AwsCredentials(own.kms_access_key_id, own.kms_secret_access_key.get_secret_value())
    return KmsMasterKey(Kms(url, own.kms_region, own.kms_key_id, credentials), older=older)


def _local(settings: StudiumSettings, own: MasterKeySettings) -> "MasterKey":
    """Keys held here. What was wrapped while there was none but the platform's secret still unwraps."""
    from shared.crypto import derive_key
    from shared.data_keys import LocalMasterKey
    from studium.keys import given

    derived = [
        SecretStr(derive_key(secret, "data-keys").hex()) for secret in (given(settings.secret, "SECRET"), *own.before())
    ]
    try:
        if own.master_key_file is not None:
            return LocalMasterKey.read_file(own.master_key_file, older=derived)
        if own.master_keys is not None:
            return LocalMasterKey.read(own.master_keys, older=derived)
    except (OSError, ValueError) as error:
        raise CannotStart(f"The master key cannot be used: {error}.") from error
    return LocalMasterKey(derived)
