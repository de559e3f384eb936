"""`python -m tests.bench.policies`: what each policy of the router adds to a cached query.

The application is called as its server calls it, with the store's light query and the headers of a browser; its
subgraph answers at once, so that what differs is the router's own work. CPU is this process's own, of the quietest
round of many interleaved ones: whatever else the machine does only adds to it. Several requests run at a time.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import uvloop
from starlette.types import ASGIApp, Message

from router.compose import Composed, Subgraph, compose
from router.execute import HttpTransport, SubgraphRequest, Transport
from router.execute.transport.connection import Reply
from router.execute.transport.http import Content
from router.execute.transport.traffic import Concurrency, Hedging, ManagedTransport, Traffic
from router.serve import Demand, DemandControl, Engine, Hooks, InternalTokens, Per, Rate, TokenSigner, Unit, create_app
from router.serve.access.authenticate import TokenAuthentication, by_token
from router.serve.access.tokens import TrustedIssuer
from router.serve.http.config import Compression, Cors, HttpPolicy
from router.serve.life.memory import collect_rarely
from router.serve.telemetry.telemetry import Telemetry
from router.serve.traffic import CallHooks, Insert, Propagate, steered
from tests.bench.gateways.store import LIGHT, SUBGRAPHS
from tests.bench.pace import paced
from tests.router.serve.access.issuing import AUDIENCE, ISSUER, claims, sign, signing_key
from tests.servers import run_servers

AIM_MICROSECONDS = 150.0
URL = "http://127.0.0.1:1/"
REQUESTS, AT_ONCE, ROUNDS = paced(400, 20), 10, paced(60, 1)
BODY = orjson.dumps({"query": LIGHT})
ANSWER = orjson.dumps({"data": {"topProducts": [{"upc": str(each), "name": "x" * 20} for each in range(5)]}})
BARE = HttpPolicy(compression=None, cross_site=None)
RATES = (Rate("requests", 1_000_000_000, 3_600), Rate("cost", 1_000_000_000, 3_600, Unit.COST, Per.CLIENT))


async def answer(request: SubgraphRequest, content: Content) -> Reply:
    """What the subgraph says."""
    return Reply(200, ANSWER)


@dataclass(frozen=True, slots=True)
class Policies:
    """A router's policies, of which the bare one has none that could be left out."""

    traffic: Traffic | None = None
    rules: tuple[Any, ...] = ()
    signing: bool = False
    access: bool = False
    demand: Demand | None = None
    http: HttpPolicy = BARE
    telemetry: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """What all routers have in common."""

    supergraph: str
    redis: str
    token: str
    keys: Path
    signer: TokenSigner
    controls: list[DemandControl] = field(default_factory=list[DemandControl])

    def app(self, policies: Policies) -> ASGIApp:
        """A router with these policies."""
        hooks = CallHooks((self.signer,)) if policies.signing else None
        transports = {name: steered(_transport(policies.traffic), policies.rules, hooks) for name in SUBGRAPHS}
        control = DemandControl(policies.demand)
        self.controls.append(control)
        telemetry = Telemetry() if policies.telemetry else None
        engine = Engine.from_sdl(self.supergraph, transports, control=control, telemetry=telemetry)
        issuer = TrustedIssuer(ISSUER, str(self.keys), audiences=(AUDIENCE,), tenant_claim="org")
        who = Hooks(by_token(TokenAuthentication((issuer,)))) if policies.access else Hooks()
        return create_app(engine, hooks=who, http=policies.http, graphiql=False)

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Of each request."""
        given = {
            "host": "graph.example",
            "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
            "accept": "application/json",
            "accept-encoding": "gzip, deflate, br",
            "accept-language": "en",
            "origin": "https://studio.example",
            "authorization": f"Bearer {self.token}",
            "content-type": "application/json",
            "content-length": str(len(BODY)),
        }
        return [(name.encode(), value.encode()) for name, value in given.items()]


def _transport(traffic: Traffic | None) -> Transport:
    if traffic is None:
        plain = HttpTransport(URL, sharing=False)
        plain.exchange = answer
        return plain
    managed = ManagedTransport([URL], traffic)
    for each in managed._replicas.all:  # pyright: ignore[reportPrivateUsage]
        each.transport.exchange = answer
    return managed


def contenders(world: World) -> Mapping[str, ASGIApp]:
    """What is compared, the one first that the others are compared with."""
    traffic = Traffic(sharing=False)
    rules = (Propagate("authorization"), Insert("x-router", "1"))
    priced = Demand(measured=True, told=True)
    http = HttpPolicy(compression=Compression(), cors=Cors(origins=("https://studio.example",)))
    local, shared = Demand(rates=RATES), Demand(rates=RATES, redis_url=world.redis)
    everything = Policies(
        Traffic(sharing=False, hedging=Hedging(), concurrency=Concurrency()),
        rules,
        signing=True,
        access=True,
        demand=Demand(measured=True, told=True, rates=RATES, redis_url=world.redis),
        http=http,
        telemetry=True,
    )
    described = {
        "none": Policies(),
        "CORS, CSRF, compression": Policies(http=http),
        "access by token": Policies(access=True),
        "tokens for subgraphs": Policies(access=True, signing=True),
        "costs told and measured": Policies(demand=priced),
        "rates, of this process": Policies(access=True, demand=local),
        "rates, on Redis": Policies(access=True, demand=shared),
        "header rules": Policies(rules=rules),
        "traffic, by default": Policies(traffic),
        "telemetry, by default": Policies(telemetry=True),
        "all of them": everything,
    }
    return {name: world.app(each) for name, each in described.items()}


async def ask(app: ASGIApp, scope: Mapping[str, Any]) -> bytes:
    """One request, and the body of its answer."""
    body: list[bytes] = []
    given: list[Message] = [{"type": "http.request", "body": BODY, "more_body": False}]

    async def receive() -> Message:
        if given:
            return given.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            body.append(message["body"])

    await app({**scope, "state": {}}, receive, send)
    return b"".join(body)


async def cost(app: ASGIApp, scope: Mapping[str, Any]) -> float:
    """CPU microseconds a request."""

    async def row() -> None:
        for _ in range(REQUESTS // AT_ONCE):
            await ask(app, scope)

    began = time.process_time()
    await asyncio.gather(*(row() for _ in range(AT_ONCE)))
    return (time.process_time() - began) / REQUESTS * 1e6


async def compare(world: World) -> int:
    """Measure each in turn and print; 1 if all together cost more than they may."""
    known = contenders(world)
    scope: dict[str, Any] = {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": "/graphql",
        "raw_path": b"/graphql", "root_path": "", "query_string": b"", "headers": world.headers(),
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "extensions": {},
    }  # fmt: skip
    for app in known.values():
        for _ in range(5):  # code is made of operations that come again, apart from the event loop
            told = orjson.loads(await ask(app, scope))
            if told.get("data") != orjson.loads(ANSWER)["data"]:
                raise RuntimeError(told)
            await asyncio.sleep(0.1)
    collect_rarely()
    rounds = [[await cost(app, scope) for app in known.values()] for _ in range(ROUNDS)]
    best = [min(column) for column in zip(*rounds, strict=True)]
    for name, least in zip(known, best, strict=True):
        added = least - best[0]
        sys.stdout.write(f"{name:26} {least:6.1f} µs a request, {added:+6.1f} µs, {least / best[0]:.2f} times\n")
    return int(best[-1] - best[0] > AIM_MICROSECONDS)


async def main() -> int:
    """Prepare what routers need, and measure."""
    composed = compose([Subgraph(name, URL, sdl) for name, sdl in SUBGRAPHS.items()])
    assert isinstance(composed, Composed)
    key = signing_key("bench")
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="studium-policies-")))
        servers = stack.enter_context(run_servers(folder / "servers"))
        keys = folder / "keys.json"
        keys.write_bytes(orjson.dumps({"keys": [key.as_dict(private=False)]}))
        token = sign(key, claims(exp=time.time() + 3_600))
        signer = TokenSigner(key.as_pem(private=True).decode(), InternalTokens())
        world = World(composed.supergraph_sdl, servers.redis, token, keys, signer)
        try:
            return await compare(world)
        finally:
            for each in world.controls:
                await each.aclose()


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
