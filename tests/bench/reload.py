"""Reloads of the supergraph under load: `python -m tests.bench.reload`.

A router and one subgraph run in this process, with clients that ask all the time over kept-alive connections and hold
subscriptions over Server-Sent Events: some of fields that every supergraph has, and some of a field that the next one
has not any more. The supergraph is exchanged over and over; at the end it is told how many requests failed, how many
streams of the first kind ended or missed an event, how many of the second ended otherwise than with their code and the
place to go on from, for how long the event loop was held at a reload, what became of the memory, and how many engines
are left. Then failed requests are counted while several workers are replaced one after the other. The exit status is 1
if a request failed or a stream was lost.
"""

import argparse
import asyncio
import gc
import itertools
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import aiohttp
import uvicorn
from aiohttp import web
from rich.console import Console

from router.serve.commands import Router, router_of
from router.serve.config.load import load_config
from router.serve.config.nodes import Keys, Text, merged, nested
from router.serve.life.memory import collect_rarely
from router.serve.life.running import SCHEMA_RELOAD
from router.serve.life.server import SERVER

CONSOLE: Final = Console(highlight=False, soft_wrap=True)
QUERY: Final = {"query": "{ items { id name } }"}
ITEMS: Final = [{"id": str(number), "name": f"item {number}"} for number in range(20)]
TICK_SECONDS: Final = 0.1
LONGEST_SECONDS: Final = 300.0
"""That anything is waited for: what has not come by then does not come."""


@dataclass(slots=True)
class Seen:
    """What clients saw.

    Attributes:
        number: of the supergraph in use.
        lost: streams of fields that stayed, which ended or missed an event.
        ended: streams of fields that went, with their code and where they were.
        unexplained: the same without.
        held: longest that the event loop was held, in seconds of its thread's own time.
    """

    number: int = 0
    answers: int = 0
    failed: list[str] = field(default_factory=list[str])
    streams: int = 0
    events: int = 0
    lost: int = 0
    ended: int = 0
    unexplained: list[str] = field(default_factory=list[str])
    held: float = 0.0


async def main() -> int:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reloads", type=int, default=100)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--streams", type=int, default=40, help="of a field that stays")
    parser.add_argument("--passing", type=int, default=10, help="streams of fields that go")
    parser.add_argument("--types", type=int, default=100, help="in the supergraph, beside those that are asked for")
    parser.add_argument("--rolls", type=int, default=3, help="times that all workers are replaced")
    options = parser.parse_args()
    collect_rarely()
    with tempfile.TemporaryDirectory() as folder:
        failed = await reloading(Path(folder), options)
        failed += await rolling(Path(folder), options.rolls)
    return int(failed > 0)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something of which nobody tells.

    Raises:
        TimeoutError: it does not come.
    """
    async with asyncio.timeout(LONGEST_SECONDS):
        while not holds():  # noqa: ASYNC110  # as said above
            await asyncio.sleep(0.02)


async def reloading(folder: Path, options: argparse.Namespace) -> int:
    """Exchange the supergraph under load; the number of what went wrong."""
    seen = Seen()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(subgraph())
        router = await router_of(config_of(describe(folder, url, options.types, 0)))
        address = await stack.enter_async_context(serving(router))
        http = await stack.enter_async_context(aiohttp.ClientSession(read_bufsize=1 << 16))
        tasks = [asyncio.create_task(ask(http, address, seen)) for _ in range(options.clients)]
        tasks += [asyncio.create_task(listen(http, address, seen)) for _ in range(options.streams)]
        tasks += [asyncio.create_task(pass_by(http, address, seen)) for _ in range(options.passing)]
        tasks.append(asyncio.create_task(watch_loop(seen)))
        await until(lambda: seen.streams >= options.streams)
        engines, memory, held = [weakref.ref(router.engine.current)], list[float](), list[float]()
        for number in range(1, options.reloads + 1):
            describe(folder, url, options.types, number)
            ended, seen.held = seen.ended + len(seen.unexplained) + options.passing, 0.0
            await router.reloader.reload()
            seen.number = number
            engines.append(weakref.ref(router.engine.current))
            await until(lambda ended=ended: seen.ended + len(seen.unexplained) >= ended)
            await asyncio.sleep(3 * TICK_SECONDS)  # in which garbage is collected
            held.append(seen.held)
            memory.append(resident())
        await asyncio.sleep(1.0)
        reloads, ended = router.reloader.outcome.reloads, seen.ended
        lost, failed, unexplained = seen.lost, list(seen.failed), list(seen.unexplained)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    gc.collect()
    CONSOLE.print(f"reloads {reloads} of {options.reloads}")
    CONSOLE.print(f"requests {seen.answers}, failed {len(failed)} {failed[:3]}")
    CONSOLE.print(f"streams that stay {seen.streams}, lost {lost}, events {seen.events}")
    CONSOLE.print(f"streams that go {ended}, without code and cursor {len(unexplained)} {unexplained[:3]}")
    CONSOLE.print(
        f"event loop held at a reload for {statistics.median(held) * 1000:.0f} ms of CPU time (median of the longest), "
        f"at most {max(held) * 1000:.0f} ms"
    )
    CONSOLE.print(f"memory {memory[0]:.0f} MB, at the end {memory[-1]:.0f} MB: {slope(memory):+.3f} MB a reload")
    left = sum(each() is not None for each in engines[:-1])
    CONSOLE.print(f"engines left {left} of {len(engines) - 1} old ones")
    return len(failed) + lost + len(unexplained) + left + (options.reloads - reloads)


def slope(values: Sequence[float]) -> float:
    """Of the line through the later half of some values, for each of them: caches and heaps are full by then."""
    later = values[len(values) // 2 :]
    return statistics.linear_regression(range(len(later)), later).slope if len(later) > 1 else 0.0


async def rolling(folder: Path, rolls: int) -> int:
    """Replace the workers of a router one after the other under load; the number of failed requests."""
    seen = Seen()
    async with subgraph() as url:
        path = describe(folder, url, 10, 0)
        port = free_port()
        command = [sys.executable, "-m", "router", "serve", "--subgraphs", str(path), "--port", str(port)]
        process = subprocess.Popen([*command, "--workers", "2"])  # noqa: ASYNC220, S603 - ours
        try:
            async with aiohttp.ClientSession() as http:
                await answered(http, port)
                tasks = [asyncio.create_task(ask(http, f"127.0.0.1:{port}", seen)) for _ in range(4)]
                for _ in range(rolls):
                    before = children(process.pid)
                    process.send_signal(signal.SIGUSR2)
                    await until(
                        lambda before=before: len(now := children(process.pid)) == len(before) and not before & now
                    )
                await asyncio.sleep(1)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            process.send_signal(signal.SIGTERM)
            status = await asyncio.to_thread(process.wait, LONGEST_SECONDS)
    CONSOLE.print(
        f"workers replaced {2 * rolls}; requests {seen.answers}, failed {len(seen.failed)} {seen.failed[:3]}; "
        f"exit status {status}"
    )
    return len(seen.failed) + status


def children(pid: int) -> set[int]:
    """The processes that another one has started."""
    return {int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


async def answered(http: aiohttp.ClientSession, port: int) -> None:
    """Wait until a router answers."""
    async with asyncio.timeout(LONGEST_SECONDS):
        while True:
            try:
                async with http.get(f"http://127.0.0.1:{port}/health") as answer:
                    if answer.status == HTTPStatus.OK:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(0.2)


async def ask(http: aiohttp.ClientSession, address: str, seen: Seen) -> None:
    """Ask again and again."""
    while True:
        try:
            async with http.post(f"http://{address}/graphql", json=QUERY) as answer:
                body = await answer.json()
                if body == {"data": {"items": ITEMS}}:
                    seen.answers += 1
                else:
                    seen.failed.append(str(body)[:200])
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            seen.failed.append(repr(error))
        await asyncio.sleep(0.005)


async def events_of(
    http: aiohttp.ClientSession, address: str, name: str, began: Callable[[], None] = lambda: None
) -> AsyncGenerator[Any]:
    """What a subscription to one field sends until it ends; nothing where it is refused."""
    headers = {"accept": "text/event-stream"}
    timeout = aiohttp.ClientTimeout(total=None)
    body = {"query": f"subscription {{ {name} }}"}
    async with http.post(f"http://{address}/graphql", json=body, headers=headers, timeout=timeout) as answer:
        if answer.status == HTTPStatus.OK:
            began()
            async for line in answer.content:
                if line.startswith(b"data: {"):
                    yield json.loads(line[6:])


async def listen(http: aiohttp.ClientSession, address: str, seen: Seen) -> None:
    """Hold a subscription, which is to have every event in order."""
    last: int | None = None

    def begin() -> None:
        seen.streams += 1

    async with aclosing(events_of(http, address, "ticks", begin)) as events:
        async for event in events:
            data: dict[str, Any] = event.get("data") or {}
            tick = data.get("ticks")
            if tick is None or (last is not None and tick != last + 1):
                break
            last = tick
            seen.events += 1
    seen.lost += 1


async def pass_by(http: aiohttp.ClientSession, address: str, seen: Seen) -> None:
    """Listen to a field as long as it is there, and then to its successor."""
    while True:
        last: Any = None
        count = 0
        async with aclosing(events_of(http, address, f"beat{seen.number}")) as events:
            async for event in events:
                last, count = event, count + 1
        if last is None:
            await asyncio.sleep(0.01)  # the field was there no more, or not yet
            continue
        errors: list[Any] = last.get("errors") or [{}]
        told: dict[str, Any] = errors[0].get("extensions") or {}
        if told.get("code") == SCHEMA_RELOAD and (told.get("cursor") or count == 1):  # before its first event
            seen.ended += 1
        else:
            seen.unexplained.append(str(last)[:200])


async def watch_loop(seen: Seen) -> None:
    """Note for how long nothing else got its turn, by this thread's own time: others may be busy, too."""
    while True:
        last = time.thread_time()
        await asyncio.sleep(0.002)
        seen.held = max(seen.held, time.thread_time() - last)


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
        type Subscription {{ ticks: Int! beat{number}: Int! }}
        {others}
    """
    path = folder / "subgraphs.json"
    new = path.with_suffix(".new")
    new.write_text(json.dumps([{"name": "one", "url": url, "sdl": sdl, "subscription": "sse"}]))
    return new.replace(path)


def config_of(path: Path) -> Any:
    """A configuration that looks at the file only when told to, and leaves no subgraph alone."""
    said = merged(
        nested(("supergraph", "subgraphs"), Text(str(path), "here"), "here"),
        nested(("supergraph", "poll_seconds"), Text("0", "here"), "here"),
    )
    # its subgraph lives in the same event loop, and is as late as the router on a busy machine: it does not hang
    breaker = nested(("traffic", "all", "breaking"), Text("false", "here"), "here")
    return load_config(None, merged(merged(Keys({}, "here"), said), breaker), {})


@asynccontextmanager
async def subgraph() -> AsyncGenerator[str]:
    """A subgraph of a few items, which ticks ten times a second."""

    async def answer(request: web.Request) -> web.StreamResponse:
        query = (await request.json())["query"]
        asked = re.search(r"ticks|beat\d+", query)
        if asked is None:
            return web.json_response({"data": {"items": ITEMS}})
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for number in itertools.count(1):
            event = {"data": {asked[0]: number}, "extensions": {"cursor": f"c{number}"}}
            try:
                await response.write(b"event: next\ndata: %s\n\n" % json.dumps(event).encode())
            except ConnectionError:
                break  # nobody listens any more
            await asyncio.sleep(TICK_SECONDS)
        return response

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
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def resident() -> float:
    """Memory of this process, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
