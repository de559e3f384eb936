"""`python -m tests.bench.traffic`: what care for the traffic to subgraphs adds to a request.

Nothing is sent: both kinds of transport get the same answer at once, so that what differs is their own work. The
requests are those of a cached query: identical ones that are under way are shared.
"""

import asyncio
import sys
import time
from collections.abc import Mapping

import uvloop

from router.execute import HttpTransport, SubgraphRequest, Transport
from router.execute.terms import Terms
from router.execute.transport.connection import Reply
from router.execute.transport.http import Content
from router.execute.transport.traffic import Concurrency, Hedging, ManagedTransport, Traffic
from router.serve.life.memory import collect_rarely
from router.serve.traffic import CallHooks, CallOutcome, Insert, Propagate, SubgraphCall, steered
from tests.bench.pace import paced

REQUESTS = paced(500, 20)
ROUNDS = paced(60, 1)
URL = "http://127.0.0.1:1/"
NOTHING = Traffic(deadline_header=None, tracing=False, retries=None, breaking=None)
ALL = Traffic(hedging=Hedging(), concurrency=Concurrency())


async def answer(request: SubgraphRequest, content: Content) -> Reply:
    """What every subgraph says."""
    return Reply(200, b'{"data":{"a":1}}')


async def look(call: SubgraphCall) -> None:
    """A hook that does nothing."""


async def look_after(call: SubgraphCall, outcome: CallOutcome) -> None:
    """Another one."""


def plain() -> Transport:
    """A pool of connections alone."""
    transport = HttpTransport(URL)
    transport.exchange = answer
    return transport


def managed(traffic: Traffic, replicas: int = 1) -> Transport:
    """With this much care."""
    transport = ManagedTransport([URL] * replicas, traffic)
    for each in transport._replicas.all:  # pyright: ignore[reportPrivateUsage]
        each.transport.exchange = answer
    return transport


def contenders() -> Mapping[str, Transport]:
    """What is compared, the one first that the others are compared with."""
    rules = (Propagate("authorization"), Insert("x-router", "1"))
    return {
        "connections alone": plain(),
        "care, all of it off": managed(NOTHING),
        "deadline header": managed(Traffic(tracing=False, retries=None, breaking=None)),
        "tracing, without a trace": managed(Traffic(deadline_header=None, retries=None, breaking=None)),
        "as it is by default": managed(Traffic()),
        "turns, hedging as well": managed(ALL),
        "three replicas as well": managed(ALL, 3),
        "header rules as well": steered(managed(ALL, 3), rules),
        "hooks as well": steered(managed(ALL, 3), rules, CallHooks((look,), (look_after,))),
    }


async def cost(transport: Transport) -> float:
    """CPU microseconds a request."""
    deadline = asyncio.get_running_loop().time() + 60
    request = SubgraphRequest(
        "s",
        "{a}",
        headers={"authorization": "Bearer x"},
        idempotent=True,
        shareable=True,
        terms=Terms(60, "tenant"),
        deadline=deadline,
    )
    began = time.process_time()
    for _ in range(REQUESTS):
        await transport.fetch(request)
    return (time.process_time() - began) / REQUESTS * 1e6


async def compare() -> None:
    """Measure each in turn, and print the best: whatever else the machine does only adds to it."""
    known = contenders()
    collect_rarely()
    rounds = [[await cost(each) for each in known.values()] for _ in range(ROUNDS)]
    best = [min(column) for column in zip(*rounds, strict=True)]
    for (name, transport), least in zip(known.items(), best, strict=True):
        sys.stdout.write(f"{name:26} {least:6.1f} µs a request, {least - best[0]:+6.1f} µs\n")
        await transport.aclose()


if __name__ == "__main__":
    uvloop.run(compare())
