"""`python -m tests.bench.variants`: what tenants cost: a cached query's CPU, and the memory of a thousand of them.

The application is called as its server calls it, see `tests.bench.policies`. CPU is this process's own, of the quietest
of many interleaved rounds. Tenants take turns, so that each request is another one's.
"""

import asyncio
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import uvloop
from starlette.types import ASGIApp

from router.compose import Composed, Subgraph, compose
from router.execute import HttpTransport
from router.serve import Engine, Hooks, RequestContext, create_app
from router.serve.access.identity import Identity
from router.serve.life.memory import collect_rarely
from router.serve.variants.naming import TenantNaming
from router.serve.variants.policy import ContractTags, Introspection, TenantPolicy
from router.serve.variants.settings import TenancySettings
from router.serve.variants.tenancy import Tenancy
from tests.bench.gateways.store import SUBGRAPHS
from tests.bench.pace import paced
from tests.bench.policies import ANSWER, BARE, BODY, URL, answer, ask

AIM_MICROSECONDS = 10.0
TENANTS = paced(1_000, 20)
KINDS = 8
"""Of tenants, each with a contract of its own: as eight combinations of features."""
REQUESTS, AT_ONCE, ROUNDS = paced(400, 20), 10, paced(40, 1)
NAMING = TenantNaming(hosts=("{tenant}.example.org",))


async def authenticate(headers: Mapping[str, str], parameters: Mapping[str, Any] | None) -> RequestContext:
    """Whoever says so is a tenant's."""
    return RequestContext(identity=Identity("somebody", headers["x-tenant"]))


def policy(tenant: str) -> TenantPolicy:
    """One of eight kinds, with the name of its tenant."""
    kind = int(tenant.removeprefix("t")) % KINDS
    return TenantPolicy((tenant,), ContractTags(exclude=(f"feature-{kind}",)), Introspection.OFF)


def app(supergraph: str, settings: TenancySettings | None, *, policies: bool = True) -> tuple[ASGIApp, Engine]:
    """A router; without settings it knows of no tenants, and without policies all of them are alike."""

    async def policy_of(tenant: str | None, context: RequestContext) -> TenantPolicy | None:
        if tenant is None:
            return TenantPolicy()
        return policy(tenant) if policies else TenantPolicy((tenant,))

    transports: dict[str, HttpTransport] = {}
    for name in SUBGRAPHS:
        transports[name] = HttpTransport(URL, sharing=False)
        transports[name].exchange = answer
    tenancy = None if settings is None else Tenancy(settings, policy_of=policy_of)
    engine = Engine.from_sdl(supergraph, transports, tenancy=tenancy)
    return create_app(engine, hooks=Hooks(authenticate), http=BARE, graphiql=False), engine


def scope(tenant: str) -> dict[str, Any]:
    """Of a request of a tenant."""
    headers = {
        "host": f"{tenant}.example.org",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
        "accept": "application/json",
        "content-type": "application/json",
        "content-length": str(len(BODY)),
        "x-tenant": tenant,
    }
    return {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": "/graphql",
        "raw_path": b"/graphql", "root_path": "", "query_string": b"", "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2), "extensions": {},
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip


async def served(router: ASGIApp, tenants: int) -> None:
    """Answer a request of each tenant."""
    for number in range(tenants):
        told = await ask(router, scope(f"t{number}"))
        if told != ANSWER:
            raise RuntimeError(told)


async def measured(router: ASGIApp, turns: Iterator[dict[str, Any]]) -> float:
    """Microseconds of CPU a request."""

    async def several() -> None:
        for _ in range(REQUESTS // AT_ONCE):
            await ask(router, next(turns))

    began = time.process_time()
    await asyncio.gather(*(several() for _ in range(AT_ONCE)))
    return (time.process_time() - began) / REQUESTS * 1e6


async def cost(supergraph: str) -> dict[str, float]:
    """Of a cached query, by what there is of tenants."""
    turns = cycle([scope(f"t{number}") for number in range(TENANTS)])
    contenders = {
        "no tenants": app(supergraph, None)[0],
        "tenants that are alike": app(supergraph, TenancySettings(), policies=False)[0],
        "named by their hosts": app(supergraph, TenancySettings(NAMING), policies=False)[0],
        "with contracts": app(supergraph, TenancySettings(NAMING))[0],
    }
    for router in contenders.values():
        await served(router, TENANTS)
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(ROUNDS):
        for name, router in contenders.items():
            best[name] = min(best[name], await measured(router, turns))
    return best


async def memory(supergraph: str, tenants: int) -> tuple[float, int]:
    """Megabytes that so many tenants take once each has asked, and the variants that are kept for them."""
    settings = replace(TenancySettings(NAMING), remembered=TENANTS)
    router, engine = app(supergraph, settings)
    await served(router, 1)
    before = resident()
    await served(router, tenants)
    kept = len(engine._graphs)  # pyright: ignore[reportPrivateUsage]  # nobody else is told
    return (resident() - before) / 1e6, kept


def resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def report() -> bool:
    """Print what was measured; whether it is as it should be."""
    composed = compose([Subgraph(name, URL, sdl) for name, sdl in SUBGRAPHS.items()])
    assert isinstance(composed, Composed)
    collect_rarely()
    costs = await cost(composed.supergraph_sdl)
    base = costs["no tenants"]
    for name, each in costs.items():
        print(f"{name:24} {each:7.1f} us of CPU a request, {each - base:+6.1f}")  # noqa: T201
    for tenants in (TENANTS, 10 * TENANTS):
        megabytes, kept = await memory(composed.supergraph_sdl, tenants)
        print(f"{tenants:6} tenants, {TENANTS} remembered: {megabytes:6.1f} MB more, {kept} variants")  # noqa: T201
    added = costs["named by their hosts"] - base
    print(f"aim: tenants named by their hosts add at most {AIM_MICROSECONDS:g} us: {added:.1f}")  # noqa: T201
    return added <= AIM_MICROSECONDS


if __name__ == "__main__":
    sys.exit(0 if uvloop.run(report()) else 1)
