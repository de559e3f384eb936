"""`python -m tests.bench.faults`: what a subgraph that fails costs everybody else, and what it gets itself.

A router with two subgraphs is asked for a field of each, so many times a second whether or not it keeps up. One
subgraph is well all the time; the other one begins to fail in some way. Told are how long it takes until it is left
alone, how many requests it got for each that was meant for it, and how long the other one's field took meanwhile.
"""

import asyncio
import subprocess
import sys
import time
from dataclasses import dataclass, field
from statistics import quantiles
from typing import IO, Any, cast

import uvloop

from router.compose import Composed, Subgraph, compose
from router.execute.transport.traffic import ManagedTransport, State
from router.serve import Engine, GraphQLRequest, Limits, RequestContext
from router.serve.traffic import Traffic, TrafficConfig, build_transports
from tests.router.execute.traffic.servers import Behaviour, Server, serving

RATE = 100
"""Operations a second for each subgraph."""

SECONDS = 4.0
FAULTS: tuple[Behaviour | None, ...] = ("good", "dropping", "failing", "hung", None)
"""The last one flaps."""

GOOD, BAD = b'{"data":{"a":1}}', b'{"data":{"b":1}}'


async def serve() -> None:
    """Be both subgraphs: a line says how the second one is from now on, and is answered with its requests so far."""
    good, bad = Server(answer=GOOD), Server(answer=BAD)
    loop = asyncio.get_running_loop()
    async with serving(good, bad) as urls:
        say(*urls)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            bad.behaviour = cast("Behaviour", line.strip())
            say(str(bad.requests))


def say(*words: str) -> None:
    """Tell the other process."""
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


@dataclass
class Drill:
    """One run against one fault.

    Attributes:
        taken: by operations for the subgraph that is well, in seconds.
        lost: of these operations, how many got no data.
        asked: operations for the other one.
    """

    engine: Engine
    transport: ManagedTransport
    servers: "subprocess.Popen[str]"
    taken: list[float] = field(default_factory=list[float])
    lost: int = 0
    asked: int = 0

    async def run(self, fault: Behaviour | None) -> str:
        """What there is to tell."""
        await self._load(1.0)
        self.taken.clear()
        before, self.asked = self._become(fault or "dropping"), 0
        begun = time.monotonic()
        opening = asyncio.create_task(self._until_open(begun))
        flapping = asyncio.create_task(self._flap()) if fault is None else None
        await self._load(SECONDS)
        opening.cancel()
        if flapping is not None:
            flapping.cancel()
            await asyncio.gather(flapping, return_exceptions=True)
        got = self._become("good") - before
        opened = await asyncio.gather(opening, return_exceptions=True)
        when = f"{opened[0]:5.2f} s" if isinstance(opened[0], float) else "  never"
        p99 = quantiles(self.taken, n=100)[98] * 1_000
        return (
            f"left alone after {when}, {got / self.asked:5.3f} requests for each of {self.asked}, "
            f"the other field's p99 {p99:6.1f} ms, lost {self.lost}"
        )

    async def _load(self, seconds: float) -> None:
        async with asyncio.TaskGroup() as group:
            loop = asyncio.get_running_loop()
            begun = loop.time()
            for number in range(int(seconds * RATE)):
                await asyncio.sleep(begun + number / RATE - loop.time())
                group.create_task(self._ask("{ a }", well=True))
                group.create_task(self._ask("{ b }", well=False))

    async def _ask(self, query: str, *, well: bool) -> None:
        begun = time.perf_counter()
        response = await self.engine.execute(GraphQLRequest(query), RequestContext())
        if well:
            self.taken.append(time.perf_counter() - begun)
            self.lost += bool(response.errors)
        else:
            self.asked += 1

    async def _until_open(self, begun: float) -> float:
        while self.transport.health.replicas[0].state is not State.OPEN:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.005)
        return time.monotonic() - begun

    async def _flap(self) -> None:
        while True:
            for behaviour in ("good", "dropping", "good", "failing"):
                await asyncio.sleep(0.3)
                self._become(behaviour)

    def _become(self, behaviour: str) -> int:
        """Tell the second subgraph how to be; how many requests it has got."""
        pipe: Any = self.servers.stdin
        pipe.write(behaviour + "\n")
        pipe.flush()
        return int(cast("IO[str]", self.servers.stdout).readline())


async def drill(servers: "subprocess.Popen[str]") -> None:
    """Try every fault, each with a router of its own."""
    good, bad = cast("IO[str]", servers.stdout).readline().split()
    composed = compose([Subgraph("good", good, "type Query { a: Int }"), Subgraph("bad", bad, "type Query { b: Int }")])
    assert isinstance(composed, Composed)
    for fault in FAULTS:
        config = TrafficConfig(Traffic(sharing=False))
        transports = build_transports({"good": good, "bad": bad}, config)
        engine = Engine.from_sdl(composed.supergraph_sdl, transports, Limits(operation_seconds=2))
        transport = transports["bad"]
        assert isinstance(transport, ManagedTransport)
        told = await Drill(engine, transport, servers).run(fault)
        sys.stdout.write(f"{fault or 'flapping':9} {told}\n")
        await engine.aclose()


def main() -> None:
    """Start the subgraphs, or be them."""
    if sys.argv[1:] == ["serve"]:
        uvloop.run(serve())
        return
    command = [sys.executable, "-m", "tests.bench.faults", "serve"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as servers:  # noqa: S603  # our own command
        try:
            uvloop.run(drill(servers))
        finally:
            servers.terminate()


if __name__ == "__main__":
    main()
