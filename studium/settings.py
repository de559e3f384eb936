"""What the platform's processes read from their environment, beside `PlatformSettings`."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, PositiveInt, SecretStr, ValidationInfo, field_validator

from shared.settings import PlatformSettings
from shared.tls import is_verified

_SERVERS: Final = ("database_url", "mongo_url", "redis_url", "elasticsearch_url", "pinecone_host")

Port = Annotated[int, Field(ge=1, le=65535)]


class StudiumSettings(PlatformSettings):
    """The settings of `studium up` and of every process it starts."""

    host: str = "127.0.0.1"
    """Where the router, or a subgraph served by itself, listens."""
    port: Port = 8000
    """And at which port."""
    postgres_port: Port | None = None
    """Of the embedded PostgreSQL; a free one is found and remembered if it is not set. So it is for the next two."""
    valkey_port: Port | None = None
    """Of the embedded Valkey."""
    documents_port: Port | None = None
    """Of the embedded document store."""
    database_host: str | None = None
    """`host:port` of the databases, for processes that derive their own login and never hold the administrator's; what
    a URL says of TLS may follow (`host:port?sslmode=verify-full`)."""
    require_tls: bool = False
    """Refuse servers that are reached without TLS, or without verifying who they are; embedded ones are here."""
    jwks_url: str | None = None
    """The auth subgraph's published key set, for processes that verify tokens but do not sign them."""
    router_key: SecretStr | None = None
    """PEM of the P-256 private key that the router signs its requests to subgraphs with."""
    router_keys: str | None = None
    """The key set (JSON) of such keys, for subgraphs: with it, they answer the router alone."""
    subgraphs: Path | None = None
    """The supergraph configuration (Rover's format) of a router whose subgraphs are behind HTTP."""
    schema_poll_seconds: Annotated[float, Field(ge=0)] = 5.0
    """Between two times that such a router asks its subgraphs for their schemas; 0 for at SIGHUP alone."""
    workers: PositiveInt = 1
    """Processes of such a router, which share its port."""
    router_config: Path | None = None
    """A YAML file that says more of the router: `studium.router_policies` lists its keys."""
    operation_cost: PositiveInt = 200_000
    """Most that one operation may cost: about as many objects as it asks for."""
    tenant_requests_per_minute: PositiveInt | None = 60_000
    """What all clients of a tenant may ask for together; none for any."""
    tenant_cost_per_minute: PositiveInt | None = 20_000_000
    """What that may cost; likewise."""
    address_requests_per_minute: PositiveInt | None = None
    """What may be asked from one network address; none for any, as a proxy before the router has one for everybody."""
    metrics_port: Port | None = None
    """Where the router serves metrics for Prometheus, on this machine alone; none for nowhere. Each further one of
    several `workers` takes the next port."""
    trace_ratio: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Of the requests without a trace of their own, how many are traced, where `otlp_endpoint` is given."""
    metering: bool = False
    """Whether what each tenant's operations cost is written to the stream `studium:metering` of Redis."""
    notice_seconds: Annotated[float, Field(ge=0)] = 0.2
    """From SIGTERM until a process refuses new connections; meanwhile `/ready` of a router says 503."""
    grace_seconds: Annotated[float, Field(gt=0)] = 2.8
    """From SIGTERM until a process has ended, whatever it still does. `studium up` keeps to the defaults."""
    tell_cost: bool = False
    """Whether answers tell what they cost, in `extensions.cost`."""

    @field_validator("require_tls")
    @classmethod
    def _verify_servers(cls, required: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic gives it so
        """Name the settings whose servers are not verified, and nothing of their values."""
        urls = {name: url for name in _SERVERS if (url := info.data.get(name)) is not None}
        urls |= {f"database_servers[{name}]": url for name, url in info.data.get("database_servers", {}).items()}
        loose = [f"STUDIUM_{name.upper()}" for name, url in urls.items() if not is_verified(url.get_secret_value())]
        host: str | None = info.data.get("database_host")
        if host is not None and not is_verified(f"postgresql://{host}"):
            loose.append("STUDIUM_DATABASE_HOST")
        if required and loose:
            raise ValueError(f"does not let these be used as they are: {', '.join(loose)}")
        return required
