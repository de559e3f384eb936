"""Runs the platform for the tests of isolation: `python tests/isolation/host.py FOLDER`.

It is the platform's own composition, in one process on servers of its own: the router with all subgraphs, the worker,
and the subgraphs by themselves at a second address, as whoever has got past the router would find them. Everything that
an operator can see of it is written: the log to standard error, the spans to a file.

Writes where it is as one line of JSON, then serves until its standard input ends.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson
from argon2 import PasswordHasher
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import format_trace_id
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from router.serve.life.draining import Draining
from shared import passwords, telemetry
from shared.tenancy.provision import prepare_platform
from shared.tokens import generate_signing_key
from studium import composition, router_process
from studium.embedded import DataFolder, EmbeddedServers, Ports, Supervisor
from studium.migrating import create_admin
from studium.platform import migrations
from studium.settings import StudiumSettings
from studium.worker import WorkerSettings, open_worker
from tests.isolation.running import Address
from tests.router.serve.server import serving

if TYPE_CHECKING:
    from shared.graphql.app import SubgraphApp

_CONFIG = """
telemetry:
  tracing: {ratio: 0}
  metrics: {path: /metrics}
  logs: {level: info}
"""


class SpansToFile(SpanExporter):
    """A line of JSON for each span, as soon as it has ended, with all that is said in it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        for span in spans:
            self._file.write(orjson.dumps(_told(span), default=str) + b"\n")
        self._file.flush()
        return SpanExportResult.SUCCESS


def _told(span: ReadableSpan) -> dict[str, Any]:
    return {
        "trace": format_trace_id(span.context.trace_id) if span.context else None,
        "name": span.name,
        "attributes": dict(span.attributes or {}),
        "events": [{"name": each.name, "attributes": dict(each.attributes or {})} for each in span.events],
        "status": span.status.description,
    }


def observe(folder: Path) -> None:
    """Write the log of this process to standard error, and the spans that a client wants to have to a file."""
    telemetry.set_up("platform")
    provider = TracerProvider(sampler=ParentBased(ALWAYS_OFF))
    provider.add_span_processor(SimpleSpanProcessor(SpansToFile((folder / "spans.jsonl").open("wb"))))
    trace.set_tracer_provider(provider)
    telemetry._instrument_clients()  # pyright: ignore[reportPrivateUsage] - as where there is a collector


def hash_cheaply() -> None:
    """Hashes that cost nothing; the algorithm is the real one."""

    def weak() -> PasswordHasher:
        return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

    passwords.PasswordHasher = weak  # pyright: ignore[reportAttributeAccessIssue] - made without arguments there


def settings_for(servers: EmbeddedServers, folder: Path) -> StudiumSettings:
    config = folder / "router.yaml"
    config.write_text(_CONFIG)
    return StudiumSettings.model_validate(
        {
            "database_url": servers.urls.database,
            "redis_url": servers.urls.redis,
            "mongo_url": servers.urls.mongo,
            "secret": SecretStr("5" * 64),
            "signing_key": generate_signing_key(),
            "data": folder,
            "router_config": config,
            "operation_cost": 10_000_000,
            "tenant_requests_per_minute": 1_000_000,
            "tenant_cost_per_minute": 1_000_000_000,
        }
    )


def compose(settings: StudiumSettings, key: SecretStr) -> tuple[Starlette, "list[SubgraphApp]"]:
    """The router as `studium router` makes it, and the subgraphs in it; `key` signs what it asks them."""
    subgraphs: list[SubgraphApp] = []
    create = composition.create_subgraph

    def created(name: str, parts: composition.Parts) -> "SubgraphApp":
        subgraphs.append(create(name, parts))
        return subgraphs[-1]

    composition.create_subgraph = created
    router_process.generate_signing_key = lambda: key
    return router_process.router_with_subgraphs(settings, Draining()).app, subgraphs


def _protocol_routes(router: Starlette) -> set[str]:
    """Those of tenants beside the graph: ``GET /t/{slug}/oauth/jwks``."""
    routes = [route for route in router.routes if isinstance(route, Route) and "{slug}" in route.path]
    return {f"{method} {route.path}" for route in routes for method in route.methods or () if method != "HEAD"}


@asynccontextmanager
async def running(settings: StudiumSettings, folder: Path) -> AsyncGenerator[Address]:
    """The platform, migrated."""
    admin = create_admin(settings)
    assert settings.secret
    await prepare_platform(admin, settings.secret, migrations())
    await admin.aclose()
    key = generate_signing_key()
    router, subgraphs = compose(settings, key)
    inside = Starlette(routes=[Mount(f"/{each.name}", each.app) for each in subgraphs])
    async with AsyncExitStack() as stack:
        outside = await stack.enter_async_context(serving(router))  # which closes all logs that there are
        within = await stack.enter_async_context(serving(inside))
        await stack.enter_async_context(router.router.lifespan_context(router))
        worker = await stack.enter_async_context(open_worker(settings, WorkerSettings()))
        working = asyncio.create_task(worker.run())
        stack.callback(working.cancel)
        assert settings.database_url
        assert settings.redis_url
        assert settings.mongo_url
        yield Address(
            outside,
            within,
            key.get_secret_value(),
            str(folder / "spans.jsonl"),
            sorted(_protocol_routes(router)),
            settings.database_url.get_secret_value(),
            settings.redis_url.get_secret_value(),
            settings.mongo_url.get_secret_value(),
        )


async def main(root: Path) -> None:
    folder = DataFolder(root)
    folder.open()
    observe(root)
    hash_cheaply()
    supervisor = Supervisor(say=sys.stderr.write)
    servers = EmbeddedServers(folder, Ports(folder), durable=False)
    try:
        await servers.start(supervisor)
        async with running(settings_for(servers, root), root) as address:
            sys.stdout.write(json.dumps(asdict(address)) + "\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.read)
    finally:
        await supervisor.stop()
        folder.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
