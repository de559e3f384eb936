"""What a router lets its operators see, and how: plain values."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from router.serve.config.urls import is_http

_PORTS: Final = 65_536
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LEVELS: Final = ("debug", "info", "warning", "error")


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
        if self.port is not None and not 0 <= self.port < _PORTS:
            raise ValueError(f"{self.port} is no port for metrics.")
        if self.path is not None and not self.path.startswith("/"):
            raise ValueError(f"The path of metrics begins with a slash, and {self.path!r} does not.")


@dataclass(frozen=True, slots=True)
class Tracing:
    """Spans of OpenTelemetry.

    Attributes:
        endpoint: base URL of an OTLP/HTTP collector; None leaves it to how the program has set up OpenTelemetry.
        service: name of the router in traces.
        ratio: of the requests without a trace of their own, how many are traced, from 0 to 1.
        trusting: whether a client's trace goes on, and its decision what is traced counts.
        response_header: name of a header that tells clients the id of the trace of their request; None for none.
    """

    endpoint: str | None = None
    service: str = "router"
    ratio: float = 0.01
    trusting: bool = True
    response_header: str | None = None

    def __post_init__(self) -> None:
        """Raises: ValueError: the endpoint, the ratio, or the name of the header, is none."""
        if self.endpoint is not None and not is_http(self.endpoint):
            raise ValueError("A collector has a URL that begins with http:// or https:// and a host: `endpoint`.")
        if not 0 <= self.ratio <= 1:
            raise ValueError("The ratio of what is traced is from 0 to 1.")
        if self.response_header is not None and not _HEADER.fullmatch(self.response_header):
            raise ValueError(f"There is no header {self.response_header!r}.")


@dataclass(frozen=True, slots=True)
class Logs:
    """A log of JSON lines, without secrets, on standard error.

    Attributes:
        level: the least that is logged: `debug`, `info`, `warning`, `error`.
        operations: whether every operation is logged, when it is over.
        characters: longest line.
    """

    level: str = "info"
    operations: bool = False
    characters: int = 8_000

    def __post_init__(self) -> None:
        """Raises: ValueError: there is no such level."""
        if self.level not in _LEVELS:
            raise ValueError(f"There is no level {self.level!r}; there are {', '.join(_LEVELS)}.")


@dataclass(frozen=True, slots=True)
class Reporting:
    """Where reports go: one of `file` and `redis_url`.

    Attributes:
        file: to which JSON lines are added.
        redis_url: of a Redis with a stream to which they are added.
        stream: its name.
        stream_entries: that it keeps, about; older ones go.
        seconds: between reports.
        entries: that are counted apart in one report; when there are more, it is made early.
        kept: entries that wait while they cannot be written; beyond, the oldest are lost.
        sampling: the share of the operations that are counted, from 0 to 1.
    """

    file: Path | None = None
    redis_url: str | None = field(default=None, repr=False)
    stream: str = "router:reports"
    stream_entries: int = 1_000_000
    seconds: float = 10.0
    entries: int = 5_000
    kept: int = 50_000
    sampling: float = 1.0

    def __post_init__(self) -> None:
        """Raises: ValueError: there is nowhere to report to, or two places, or a number is none that could be."""
        if (self.file is None) == (self.redis_url is None):
            raise ValueError("Say where reports go, once: `file` or `redis_url`.")
        if not 0 < self.sampling <= 1 or self.seconds <= 0 or self.entries < 1:
            raise ValueError("Reports need a share above 0 and at most 1, some seconds and at least one entry.")


@dataclass(frozen=True, slots=True)
class TelemetryConfig:
    """What is seen of a router.

    Attributes:
        metrics: None for none.
        tracing: None for none.
        logs: None leaves them to how the program has set up logging.
        usage: reports of which clients use which operations and fields; None for none.
        metering: reports of what each tenant's operations cost; None for none. They are never sampled.
        client_name_header: by which clients say what they are, and which nobody verifies; over WebSockets, of the
            handshake.
        client_version_header: likewise.
    """

    metrics: Metrics | None = None
    tracing: Tracing | None = None
    logs: Logs | None = None
    usage: Reporting | None = None
    metering: Reporting | None = None
    client_name_header: str = "apollographql-client-name"
    client_version_header: str = "apollographql-client-version"

    def __post_init__(self) -> None:
        """Raises: ValueError: what is charged for would be guessed."""
        if self.metering is not None and self.metering.sampling != 1:
            raise ValueError("Metering counts every operation: leave out its sampling.")

    @property
    def is_active(self) -> bool:
        """Whether anything is looked at."""
        return any(each is not None for each in (self.metrics, self.tracing, self.logs, self.usage, self.metering))
