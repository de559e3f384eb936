"""What a router lets its operators see, and how: plain values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metrics:
    """Metrics for Prometheus.

    Attributes:
        port: of a server that answers `/metrics` and nothing else; None for none.
        host: that it listens on.
        ports: how many ports beginning with `port` may be tried: each worker takes the first that is free, so that with
            N workers Prometheus asks N ports.
        path: where the router itself answers as well; None for nowhere. Whoever reaches the router can read it.
        tenants: that have labels of their own; all others share one.
        clients: likewise, by the names that they give themselves.
        codes: likewise, of errors.
    """

    port: int | None = None
    host: str = "127.0.0.1"
    ports: int = 1
    path: str | None = None
    tenants: int = 20
    clients: int = 20
    codes: int = 50

    def __post_init__(self) -> None:
        """Raises: ValueError: a number is none that could be."""
        if min(self.tenants, self.clients, self.codes, self.ports) < 1:
            raise ValueError("Metrics need room for at least one tenant, client, code and port.")
        if self.port is not None and not 0 <= self.port <= 65_535:  # noqa: PLR2004  # ports
            raise ValueError(f"{self.port} is no port for metrics.")
        if self.path is not None and not self.path.startswith("/"):
            raise ValueError(f"The path of metrics begins with a slash, and {self.path!r} does not.")


@dataclass(frozen=True, slots=True)
class TelemetryConfig:
    """What is seen of a router.

    Attributes:
        metrics: None for none.
        client_name_header: by which clients say what they are, and which nobody verifies; over WebSockets, of the
            handshake.
        client_version_header: likewise.
    """

    metrics: Metrics | None = None
    client_name_header: str = "apollographql-client-name"
    client_version_header: str = "apollographql-client-version"

    @property
    def is_active(self) -> bool:
        """Whether anything is looked at."""
        return self.metrics is not None
