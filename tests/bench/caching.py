"""`python -m tests.bench.caching`: what a kept answer costs, beside one that a subgraph on this machine gives.

The subgraph is the simplest there could be, in a process of its own, so that the comparison is the hardest for caches.
Times are the processor's of the router's process, for one request to a subgraph: 20 entities, or one root field.
"""

import asyncio
import gc
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

import orjson
import uvloop

from router.compose import Composed, Subgraph, compose
from router.execute import HttpTransport, SubgraphRequest, Transport
from router.execute.terms import Terms
from router.serve import Identity, RequestContext
from router.serve.caching.caches import Caches
from router.serve.caching.config import Caching
from router.supergraph import Supergraph
from tests.bench.pace import paced
from tests.servers import run_servers

SDL = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
type Query { products: [Product!] }
type Product @key(fields: "id") { id: ID! name: String price: Int }
"""
ENTITIES = 20
ROUNDS = paced(7, 1)
REQUESTS = paced(300, 20)
ROOT = "{ products { id name price } }"
OF_ENTITIES = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Product { name price } } }"
PRODUCTS = [{"id": str(number), "name": f"Product {number}", "price": number} for number in range(ENTITIES)]
DATA = {"products": PRODUCTS, "_entities": PRODUCTS}


def serve(port: "multiprocessing.Queue[int]") -> None:
    """Answer every request with as much as was asked for."""
    bodies = {name.encode(): orjson.dumps({"data": {name: value}}) for name, value in DATA.items()}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):  # the router has closed the connection
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                asked = await reader.readexactly(length)
                body = bodies[b"_entities" if b"_entities" in asked else b"products"]
                said = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\ncache-control: max-age=3600, public\r\n\r\n%b"
                writer.write(said % (len(body), body))

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(run())


def request(caches: Caches | None, text: str) -> SubgraphRequest:
    """A request as the executor makes it, of an operation of its own."""
    context = RequestContext({"accept-language": "en"}, identity=Identity("ann", "acme", scopes=frozenset({"read"})))
    context = context if caches is None else caches.begin(context)
    representations = [{"__typename": "Product", "id": each["id"]} for each in PRODUCTS]
    variables = {"r": representations} if text is OF_ENTITIES else {}
    return SubgraphRequest(
        "products",
        text,
        variables,
        headers=context.headers,
        idempotent=True,
        shareable=True,
        rewrite=orjson.loads,
        terms=Terms(origin=context),
    )


async def measure(fetch: Callable[[], Awaitable[object]]) -> float:
    """Microseconds of this process for one request: the least of several rounds."""
    for _ in range(REQUESTS // 10):
        await fetch()
    least = float("inf")
    for _ in range(ROUNDS):
        gc.collect()
        begun = time.process_time()
        for _ in range(REQUESTS):
            await fetch()
        least = min(least, (time.process_time() - begun) / REQUESTS)
    return least * 1e6


def fetching(transport: Transport, caches: Caches | None, text: str) -> Callable[[], Awaitable[object]]:
    """One request of a new operation."""

    async def fetch() -> object:
        return await transport.fetch(request(caches, text))

    return fetch


async def compare(url: str, redis: str) -> bool:
    """Measure, print, and tell whether what is kept in memory costs less than what a subgraph gives."""
    composed = compose([Subgraph("products", url, SDL)])
    assert isinstance(composed, Composed)
    supergraph = Supergraph.from_sdl(composed.supergraph_sdl)
    plain = HttpTransport(url)
    kept: Mapping[str, Caches | None] = {
        "asked of the subgraph": None,
        "in memory": Caches(Caching()),
        "on Redis": Caches(Caching(redis_url=redis, redis_seconds=60)),
    }
    fine = True
    for name, text in (("one root field", ROOT), (f"{ENTITIES} entities", OF_ENTITIES)):
        first = 0.0
        for where, caches in kept.items():
            transport = plain if caches is None else caches.around({"products": plain}, supergraph, "1")["products"]
            microseconds = await measure(fetching(transport, caches, text))
            first = first or microseconds
            sys.stdout.write(f"{name}, {where}: {microseconds:.0f} µs, ratio {microseconds / first:.2f}\n")
            fine &= where != "in memory" or microseconds < first
    for caches in kept.values():
        if caches is not None:
            await caches.aclose()
    await plain.aclose()
    return fine


def main() -> int:
    """Compare; 1 if what is kept in memory costs more than asking."""
    context = multiprocessing.get_context("spawn")
    port: multiprocessing.Queue[int] = context.Queue()
    subgraph = context.Process(target=serve, args=(port,), daemon=True)
    subgraph.start()
    with tempfile.TemporaryDirectory() as folder, run_servers(Path(folder)) as servers:
        fine = uvloop.run(compare(f"http://127.0.0.1:{port.get()}/", servers.redis))
    subgraph.kill()
    return int(not fine)


if __name__ == "__main__":
    sys.exit(main())
