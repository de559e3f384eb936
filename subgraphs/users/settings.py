"""What the users subgraph reads from its environment."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import DatabaseServers, DatabaseUrl, PublicUrl


class UsersSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="STUDIUM_USERS_", frozen=True, hide_input_in_errors=True)

    database_url: DatabaseUrl
    """The subgraph's own login role, in its own database."""
    database_servers: DatabaseServers = Field(default_factory=dict[str, SecretStr])
    """The same login on the other servers that tenants may be on, by name."""
    credentials_key: SecretStr
    """Seals what is told to the auth subgraph, and signs invitations."""
    breached_passwords: Path | None = None
    """Folder of range files of passwords that nobody may choose."""
    public_url: PublicUrl = "http://127.0.0.1:4000"
    """Where people and their software reach the platform."""
    pool_size: int = 8
