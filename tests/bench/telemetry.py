"""`python -m tests.bench.telemetry`: what it costs to look at a request.

All are asked the same cached query in one process, in turn, over the application itself: no network, a subgraph that
answers at once. The best of many rounds counts, as whatever else the machine does only adds to it.
"""

import gc
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvloop
from graphql import build_schema
from opentelemetry.sdk.trace import TracerProvider
from starlette.types import ASGIApp, Message

from router.execute import InProcessTransport
from router.serve import create_app
from router.serve.telemetry.config import Logs, Metrics, Reporting, TelemetryConfig, Tracing
from router.serve.telemetry.logs import set_up_logs
from router.serve.telemetry.telemetry import Telemetry
from tests.bench.pace import paced
from tests.router.serve.library import SDL, LibrarySubgraph, library_engine

REQUESTS = paced(100, 10)
ROUNDS = paced(15, 1)
BODY = b'{"query":"query Who { whoami }"}'
HEADERS = [
    (b"host", b"router"),
    (b"content-type", b"application/json"),
    (b"accept", b"application/json"),
    (b"apollographql-client-name", b"web"),
    (b"content-length", str(len(BODY)).encode()),
]
SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/graphql",
    "raw_path": b"/graphql",
    "query_string": b"",
    "root_path": "",
    "headers": HEADERS,
    "client": ("127.0.0.1", 1),
}


class Quick(LibrarySubgraph):
    """Answers at once."""

    async def execute(
        self, query: str, variables: Mapping[str, Any] | None, name: str | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        return {"data": {"whoami": "ada"}}

    def transport(self) -> InProcessTransport:
        return InProcessTransport(self.execute, self.subscribe)


def app_of(config: TelemetryConfig | None) -> ASGIApp:
    """A router that is looked at."""
    telemetry = None if config is None else Telemetry(config, TracerProvider())
    return create_app(library_engine(Quick(schema=build_schema(SDL)), telemetry=telemetry), graphiql=False)


async def cost(app: ASGIApp) -> float:
    """CPU microseconds a request."""

    async def receive() -> Message:
        return {"type": "http.request", "body": BODY}

    async def send(message: Message) -> None:
        """Drop it."""

    began = time.thread_time()
    for _ in range(REQUESTS):
        await app(dict(SCOPE), receive, send)
    return (time.thread_time() - began) / REQUESTS * 1e6


async def compare(folder: Path) -> None:
    """Measure each in turn, and print the best."""
    usage, metering = Reporting(file=folder / "usage"), Reporting(file=folder / "metering")
    configs: dict[str, TelemetryConfig | None] = {
        "nothing": None,
        "metrics": TelemetryConfig(metrics=Metrics()),
        "tracing, of nothing": TelemetryConfig(tracing=Tracing(ratio=0)),
        "tracing, 1 %": TelemetryConfig(tracing=Tracing(ratio=0.01)),
        "tracing, 100 %": TelemetryConfig(tracing=Tracing(ratio=1)),
        "usage": TelemetryConfig(usage=usage),
        "usage, metering": TelemetryConfig(usage=usage, metering=metering),
        "a line in the log": TelemetryConfig(logs=Logs(operations=True)),
    }
    apps = {name: app_of(config) for name, config in configs.items()}
    with (folder / "log").open("w") as log:
        end = set_up_logs(Logs(operations=True), log)
        gc.freeze()
        rounds = [[await cost(app) for app in apps.values()] for _ in range(ROUNDS)]
        end()
    best = [min(column) for column in zip(*rounds, strict=True)]
    for name, least in zip(apps, best, strict=True):
        sys.stdout.write(f"{name:22} {least:7.1f} µs a request, {least - best[0]:+6.1f} µs, x {least / best[0]:.3f}\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        uvloop.run(compare(Path(name)))
