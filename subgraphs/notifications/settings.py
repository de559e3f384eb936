"""What the notifications subgraph reads from its environment."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import DatabaseServers, DatabaseUrl


class NotificationsSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="STUDIUM_NOTIFICATIONS_", frozen=True, hide_input_in_errors=True)

    database_url: DatabaseUrl
    """The subgraph's own login role, in its own database."""
    database_servers: DatabaseServers = Field(default_factory=dict[str, SecretStr])
    """The same login on the other servers that tenants may be on, by name."""
    pool_size: int = 8
