"""Reloads of the supergraph under load: `python -m tests.bench.reload`.

A router and one subgraph run in this process, with clients that ask all the time over kept-alive connections and hold
subscriptions over Server-Sent Events. The supergraph is exchanged over and over; at the end it is told how many
requests failed and how many streams ended, how long the event loop was held at a time, what became of the memory, and
how many engines are left. Then failed requests are counted while several workers are replaced one after the other. The
exit status is 1 if a request failed or a stream was lost.
"""

import argparse
import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from aiohttp import web
from rich.console import Console

from router.serve.commands import Router, router_of
from router.serve.config.load import load_config
from router.serve.config.nodes import Keys, Text, merged, nested
from router.serve.life.memory import collect_rarely
from router.serve.life.server import SERVER

CONSOLE = Console(highlight=False)
QUERY = {"query": "{ items { id name } }"}
ITEMS = [{"id": str(number), "name": f"item {number}"} for number in range(20)]


@dataclass(slots=True)
class Seen:
    """What clients saw.

    Attributes:
        held: longest that the event loop was held, in seconds.
    """

    answers: int = 0
    failed: list[str] = field(default_factory=list[str])
    streams: int = 0
    events: int = 0
    lost: int = 0
    held: float = 0.0


async def main() -> int:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reloads", type=int, default=100)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--streams", type=int, default=20)
    parser.add_argument("--types", type=int, default=300, help="in the supergraph, beside those that are asked for")
    options = parser.parse_args()
    collect_rarely()
    with tempfile.TemporaryDirectory() as folder:
        failed = await reloading(Path(folder), options)
        failed += await rolling(Path(folder))
    return int(failed > 0)


async def reloading(folder: Path, options: argparse.Namespace) -> int:
    """Exchange the supergraph under load; the number of what went wrong."""
    seen = Seen()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(subgraph())
        path = describe(folder, url, options.types, 0)
        router = await router_of(config_of(path))
        address = await stack.enter_async_context(serving(router))
        http = await stack.enter_async_context(aiohttp.ClientSession(read_bufsize=1 << 16))
        tasks = [asyncio.create_task(ask(http, address, seen)) for _ in range(options.clients)]
        tasks += [asyncio.create_task(listen(http, address, seen)) for _ in range(options.streams)]
        tasks.append(asyncio.create_task(watch_loop(seen)))
        while seen.streams < options.streams:  # noqa: ASYNC110  # nobody tells of it
            await asyncio.sleep(0.05)
        seen.held = 0.0
        engines, memory, took = [weakref.ref(router.engine.current)], [0] * 2, 0.0
        for number in range(1, options.reloads + 1):
            describe(folder, url, options.types, number)
            began = time.process_time()
            await router.reloader.reload()
            took += time.process_time() - began
            engines.append(weakref.ref(router.engine.current))
            await asyncio.sleep(0.1)
            if number == options.reloads // 5:
                memory[0] = resident()
        await asyncio.sleep(1.0)
        memory[1] = resident()
        reloads, streams = router.reloader.outcome.reloads, seen.streams
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        lost, failed = seen.lost, list(seen.failed)
    gc.collect()
    CONSOLE.print(f"reloads {reloads}; CPU {took / max(reloads, 1):.2f} s each, with what clients asked meanwhile")
    CONSOLE.print(f"requests {seen.answers}, failed {len(failed)} {failed[:3]}")
    CONSOLE.print(f"streams {streams}, lost {lost}, events {seen.events}")
    CONSOLE.print(f"event loop held for at most {seen.held * 1000:.0f} ms of CPU time")
    CONSOLE.print(f"memory after a fifth of the reloads {memory[0]} MB, after all {memory[1]} MB")
    CONSOLE.print(f"engines left {sum(each() is not None for each in engines[:-1])} of {len(engines) - 1} old ones")
    return len(failed) + lost + (options.reloads - reloads)


async def rolling(folder: Path) -> int:
    """Replace the workers of a router one after the other under load; the number of failed requests."""
    seen = Seen()
    async with subgraph() as url:
        path = describe(folder, url, 10, 0)
        port = free_port()
        command = [sys.executable, "-m", "router", "serve", "--subgraphs", str(path), "--port", str(port)]
        process = subprocess.Popen([*command, "--workers", "2"])  # noqa: ASYNC220, S603 - ours
        async with aiohttp.ClientSession() as http:
            await answered(http, port)
            tasks = [asyncio.create_task(ask(http, f"127.0.0.1:{port}", seen)) for _ in range(8)]
            await asyncio.sleep(1)
            before = children(process.pid)
            process.send_signal(signal.SIGUSR2)
            while len(now := children(process.pid)) != len(before) or before & now:  # noqa: ASYNC110  # nobody tells of it
                await asyncio.sleep(0.1)
            await asyncio.sleep(1)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        process.send_signal(signal.SIGTERM)
        status = await asyncio.to_thread(process.wait)
    CONSOLE.print(
        f"workers replaced {len(before)}; requests {seen.answers}, failed {len(seen.failed)} {seen.failed[:3]}"
    )
    CONSOLE.print(f"exit status {status}")
    return len(seen.failed) + status


def children(pid: int) -> set[int]:
    """The processes that another one has started."""
    return {int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


async def answered(http: aiohttp.ClientSession, port: int) -> None:
    """Wait until a router answers."""
    for _ in range(600):
        try:
            async with http.get(f"http://127.0.0.1:{port}/health") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            await asyncio.sleep(0.2)


async def ask(http: aiohttp.ClientSession, address: str, seen: Seen) -> None:
    """Ask again and again."""
    while True:
        try:
            async with http.post(f"http://{address}/graphql", json=QUERY) as answer:
                body = await answer.json()
                if body.get("data", {}).get("items") == ITEMS:
                    seen.answers += 1
                else:
                    seen.failed.append(str(body)[:200])
        except aiohttp.ClientError as error:
            seen.failed.append(repr(error))
        await asyncio.sleep(0.005)


async def listen(http: aiohttp.ClientSession, address: str, seen: Seen) -> None:
    """Hold a subscription, which is to have every event in order."""
    headers = {"accept": "text/event-stream"}
    last = None
    timeout = aiohttp.ClientTimeout(total=None)
    body = {"query": "subscription { ticks }"}
    async with http.post(f"http://{address}/graphql", json=body, headers=headers, timeout=timeout) as answer:
        seen.streams += 1
        async for line in answer.content:
            if line.startswith(b"data: "):
                tick = json.loads(line[6:]).get("data", {}).get("ticks")
                if tick is None or (last is not None and tick != last + 1):
                    break
                last = tick
                seen.events += 1
    seen.lost += 1


async def watch_loop(seen: Seen) -> None:
    """Note for how long nothing else got its turn, by this process's own time: others may be busy, too."""
    while True:
        last = time.process_time()
        await asyncio.sleep(0)
        seen.held = max(seen.held, time.process_time() - last)
        await asyncio.sleep(0.002)


def describe(folder: Path, url: str, types: int, number: int) -> Path:
    """A subgraph with a type more or less."""
    numbers = " ".join(f"f{each}: Int" for each in range(10))
    others = "\n".join(
        f'type T{each} @key(fields: "id") {{ id: ID! {numbers} t: T{(each + 1) % types} }}' for each in range(types)
    )
    sdl = f"""
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
        type Query {{ items: [Item!]! extra{number}: Int {" ".join(f"t{each}: T{each}" for each in range(types))} }}
        type Item {{ id: ID! name: String! }}
        type Subscription {{ ticks: Int! }}
        {others}
    """
    path = folder / "subgraphs.json"
    new = path.with_suffix(".new")
    new.write_text(json.dumps([{"name": "one", "url": url, "sdl": sdl, "subscription": "sse"}]))
    return new.replace(path)


def config_of(path: Path) -> Any:
    """A configuration that looks at the file only when told to."""
    said = merged(
        nested(("supergraph", "subgraphs"), Text(str(path), "here"), "here"),
        nested(("supergraph", "poll_seconds"), Text("0", "here"), "here"),
    )
    return load_config(None, merged(Keys({}, "here"), said), {})


@asynccontextmanager
async def subgraph() -> AsyncGenerator[str]:
    """A subgraph of a few items, which ticks ten times a second."""

    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if "ticks" not in body["query"]:
            return web.json_response({"data": {"items": ITEMS}})
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        number = 0
        while True:
            number += 1
            try:
                await response.write(b'event: next\ndata: {"data":{"ticks":%d}}\n\n' % number)
            except ConnectionError:
                return response  # nobody listens any more
            await asyncio.sleep(0.1)

    app = web.Application()
    app.router.add_post("/graphql", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/graphql"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serving(router: Router) -> AsyncGenerator[str]:
    """The address of a router that is served in this process."""
    port = free_port()
    options: dict[str, Any] = {**SERVER, "loop": "asyncio"}
    server = uvicorn.Server(uvicorn.Config(router.app, port=port, timeout_graceful_shutdown=1, **options))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn sets a flag and tells nobody
        await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


def free_port() -> int:
    """One that nobody listens at now."""
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def resident() -> int:
    """Memory of this process, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
