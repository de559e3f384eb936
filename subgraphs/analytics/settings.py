"""What the analytics subgraph reads from its environment."""

from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import DatabaseUrl


class AnalyticsSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="STUDIUM_ANALYTICS_", frozen=True, hide_input_in_errors=True)

    database_url: DatabaseUrl
    """The subgraph's own login role, in its own database."""
    pool_size: int = 8
