"""Where the platform's servers are, read from the environment (`STUDIUM_…`) at the edge and passed down.

A server that is not named is embedded: started, supervised and reached by the platform itself.
"""

import re
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.tenancy.names import MAIN


def _with_scheme(*schemes: str) -> AfterValidator:
    def check(url: SecretStr) -> SecretStr:
        """The value is never put in the message: it may hold a password."""
        if urlsplit(url.get_secret_value()).scheme not in schemes:
            allowed = " or ".join(f"{scheme}://" for scheme in schemes)
            raise ValueError(f"must be a URL that starts with {allowed}")
        return url

    return AfterValidator(check)


def _public(url: str) -> str:
    """Other people's software reaches it: by https, or on this machine."""
    parts = urlsplit(url)
    here = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or here):
        raise ValueError("must be a URL that starts with https://, or with http:// for this machine alone")
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be a URL without a path")
    return f"{parts.scheme}://{parts.netloc}"


def _named(servers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    wrong = [name for name in servers if name == MAIN or not _SERVER_NAME.fullmatch(name)]
    if wrong:
        raise ValueError(f"has servers named other than by small letters, digits and hyphens, or {MAIN!r}: {wrong}")
    return servers


_SERVER_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

DatabaseUrl = Annotated[SecretStr, _with_scheme("postgresql", "postgres")]
DatabaseServers = Annotated[dict[str, DatabaseUrl], AfterValidator(_named)]
MongoUrl = Annotated[SecretStr, _with_scheme("mongodb", "mongodb+srv")]
RedisUrl = Annotated[SecretStr, _with_scheme("redis", "rediss", "unix")]
HttpUrl = Annotated[SecretStr, _with_scheme("http", "https")]
PublicUrl = Annotated[str, AfterValidator(_public)]
Secret = Annotated[SecretStr, Field(min_length=32)]

ENV_PREFIX: Final = "STUDIUM_"


class PlatformSettings(BaseSettings):
    """The servers and secrets of the whole platform; a subgraph is given only its own part."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True)

    database_url: DatabaseUrl | None = None
    """PostgreSQL, as its administrator; an embedded server if it is not set."""
    database_servers: DatabaseServers = Field(default_factory=dict[str, DatabaseUrl])
    """Other servers that tenants may be on, by name, as a JSON object; `database_url` is the main one."""
    mongo_url: MongoUrl | None = None
    """MongoDB, a replica set; an embedded server if it is not set."""
    redis_url: RedisUrl | None = None
    """Redis or Valkey; an embedded server if it is not set."""
    elasticsearch_url: HttpUrl | None = None
    """Where lessons are searched by words; files in the folder of data if it is not set."""
    elasticsearch_api_key: SecretStr | None = None
    """For it, where the URL names no user."""
    pinecone_host: HttpUrl | None = None
    """Where lessons are searched by meaning, as `https://` and the host of an index; PostgreSQL if it is not set."""
    pinecone_api_key: SecretStr | None = None
    """For it."""
    secret: Secret | None = None
    """Root of every derived key and database password."""
    signing_key: SecretStr | None = None
    """The P-256 private keys that sign tokens, as PEM: one, or a ring of them (`shared.signing_keys`)."""
    data: Path = Path(".studium")
    """Folder of the embedded servers' files, the generated secret and the generated signing key."""
    breached_passwords: Path | None = None
    """Folder of range files (Have I Been Pwned's format) of passwords that nobody may choose."""
    mail_url: SecretStr | None = None
    """Where mail is handed over: `smtp://user:password@host:587`, `smtps://…` or `file:///…` for a folder; files in the
    folder of data if it is not set."""
    mail_sender: str = "Studium <studium@localhost>"
    """Whom mails come from."""
    client_url: str | None = None
    """Where the pages begin that links in mails lead to; the platform's own address if it is not set."""
    otlp_endpoint: str | None = None
    """Where traces and metrics are sent, by OTLP over HTTP; nowhere if it is not set."""
    private_identity_providers: bool = False
    """Whether identity providers may be asked that are not public, or without TLS: where they are neighbours."""
    public_url: PublicUrl | None = None
    """Where people and their software reach the platform: `https://learn.example`. Tenants' issuers begin with it."""
