"""What the content subgraph reads from its environment."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import DatabaseServers, DatabaseUrl, HttpUrl, MongoUrl, RedisUrl


class ContentSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="STUDIUM_CONTENT_", frozen=True, hide_input_in_errors=True)

    database_url: DatabaseUrl
    """The subgraph's own login role, in its own database: handled events, and vectors unless they are in Pinecone."""
    database_servers: DatabaseServers = Field(default_factory=dict[str, SecretStr])
    """The same login on the other servers that tenants may be on, by name."""
    mongo_url: MongoUrl
    redis_url: RedisUrl
    search_folder: Path
    """Where the embedded search index is, unless it is in Elasticsearch; one process owns it."""
    elasticsearch_url: HttpUrl | None = None
    elasticsearch_api_key: SecretStr | None = None
    pinecone_host: HttpUrl | None = None
    pinecone_api_key: SecretStr | None = None
    pool_size: int = 8
