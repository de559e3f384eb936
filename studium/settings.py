"""What the platform's processes read from their environment, beside `PlatformSettings`."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from shared.settings import PlatformSettings

Port = Annotated[int, Field(ge=1, le=65535)]


class StudiumSettings(PlatformSettings):
    """The settings of `studium up` and of every process it starts."""

    host: str = "127.0.0.1"
    """Where the router, or a subgraph served by itself, listens."""
    port: Port = 8000
    postgres_port: Port | None = None
    valkey_port: Port | None = None
    documents_port: Port | None = None
    """Fixed ports of the embedded servers; otherwise free ones are found and remembered."""
    database_host: str | None = None
    """`host:port` of the databases, for processes that derive their own login and never hold the administrator's."""
    jwks_url: str | None = None
    """The auth subgraph's published key set, for processes that verify tokens but do not sign them."""
    subgraphs: Path | None = None
    """The supergraph configuration (Rover's format) of a router whose subgraphs are behind HTTP."""
