"""What the auth subgraph reads from its environment."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import DatabaseServers, DatabaseUrl, PublicUrl


class AuthSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="STUDIUM_AUTH_", frozen=True, hide_input_in_errors=True)

    database_url: DatabaseUrl
    """The subgraph's own login role, in its own database."""
    database_servers: DatabaseServers = Field(default_factory=dict[str, SecretStr])
    """The same login on the other servers that tenants may be on, by name."""
    signing_key: SecretStr
    """PEM of the P-256 private key that signs access tokens."""
    credentials_key: SecretStr
    """Opens the password hashes, which are sealed wherever they are kept or sent."""
    earlier_credentials_keys: Sequence[SecretStr] = ()
    """Those before it, the newest first: what was sealed with them opens, and recovery codes go on working."""
    breached_passwords: Path | None = None
    """Folder of range files of passwords that nobody may choose."""
    public_url: PublicUrl = "http://127.0.0.1:4000"
    """Where people and their software reach the platform."""
    webauthn_origins: tuple[str, ...] = ()
    """Of pages under the same domain, beside those at the public URL, that may ask for passkeys: a client of its own
    host. As a JSON list."""
    private_identity_providers: bool = False
    """Whether identity providers may be asked that are not public, or without TLS: where they are neighbours."""
    pool_size: int = 8
