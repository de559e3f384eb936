"""`python -m tests.bench.gateways.transports`: what a request to a subgraph costs over our pool, and over aiohttp.

Both clients decode the same response of about two kilobytes; rounds are interleaved; CPU is this process's own.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from statistics import median
from typing import Any

import aiohttp
import orjson
import uvloop

from router.execute import HttpTransport, SubgraphRequest
from tests.bench import processes
from tests.bench.gateways import http_server

CONNECTIONS = 50
REQUESTS = 20_000
ROUNDS = 5
BODY = orjson.dumps({"data": {"products": [{"upc": str(each), "name": "x" * 40} for each in range(35)]}})
QUERY = SubgraphRequest("s", "{ products { upc name } }", headers={"authorization": "Bearer x"}, idempotent=True)


async def by_aiohttp(session: aiohttp.ClientSession, url: str) -> Any:
    """What a transport over aiohttp does at least."""
    body = orjson.dumps({"query": QUERY.query})
    headers = {**QUERY.headers, "accept": "application/json", "content-type": "application/json"}
    async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
        return orjson.loads(await response.read())


async def cost(ask: Callable[[], Awaitable[Any]]) -> float:
    """CPU microseconds a request."""

    async def row() -> None:
        for _ in range(REQUESTS // CONNECTIONS):
            await ask()

    began = time.process_time()
    await asyncio.gather(*(row() for _ in range(CONNECTIONS)))
    return (time.process_time() - began) / REQUESTS * 1e6


async def compare(port: int) -> None:
    """Measure each in turn and print the medians."""
    url = f"http://{http_server.LOOPBACK}:{port}/graphql"
    pool, sharing = HttpTransport(url, sharing=False), HttpTransport(url)
    shareable = replace(QUERY, shareable=True)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        clients: dict[str, Callable[[], Awaitable[Any]]] = {
            "our pool": lambda: pool.fetch(QUERY),
            "our pool, sharing": lambda: sharing.fetch(shareable),
            "aiohttp": lambda: by_aiohttp(session, url),
        }
        rounds = [[await cost(ask) for ask in clients.values()] for _ in range(ROUNDS + 1)][1:]
    for number, name in enumerate(clients):
        seen = [each[number] for each in rounds]
        sys.stdout.write(f"{name:20} {median(seen):6.1f} µs a request ({min(seen):.1f} to {max(seen):.1f})\n")
    await pool.aclose()
    await sharing.aclose()


def main() -> None:
    """Start the server, or be it."""
    if sys.argv[1:] == ["serve"]:
        ready = http_server.reply(BODY)
        http_server.run({"subgraph": lambda _: ready})
    processes.pin([os.getpid()], processes.CORES[1])
    command = [sys.executable, "-m", "tests.bench.gateways.transports", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:  # noqa: S603  # our own command
        assert server.stdout is not None
        port = orjson.loads(server.stdout.readline())["subgraph"]
        processes.pin([os.getpid()], processes.CORES[0])
        try:
            uvloop.run(compare(port))
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
