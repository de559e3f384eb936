"""Tries bytes on a router behind a real server, and takes down what is left of them."""

import asyncio
import random
from collections.abc import Iterable
from typing import Final

from tests.conformance.inputs.frames import Bytes, answered, draw_bytes
from tests.conformance.inputs.graph import create_router
from tests.conformance.inputs.runs import Counterexample
from tests.conformance.inputs.shapes import SECRET, Problem
from tests.conformance.inputs.watch import Watch, handles, tasks
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.server import serving

_HEALTHY: Final = Bytes([b"GET /health HTTP/1.1\r\nHost: router\r\nConnection: close\r\n\r\n"])


async def tried_on_a_server(seeds: Iterable[int]) -> Counterexample | None:
    """Try the bytes of the seeds one after the other, up to the first that something is wrong with.

    Afterwards there are no more tasks, open files and sockets than before.
    """
    watch = Watch()
    async with serving(create_router().app) as address:
        await answered(address, _HEALTHY)
        before = await _settled((0, 0))
        with watch.looking():
            for seed in seeds:
                said = await answered(address, draw_bytes(random.Random(seed)))
                problem = _problem(said) or watch.problem()
                if problem is not None:
                    return Counterexample(seed, problem)
            if b'{"status":"ok"}' not in await answered(address, _HEALTHY):
                return Counterexample(-1, "the server answers nobody any more")
            after = await _settled(before)
    return None if after <= before else Counterexample(-1, f"tasks and handles were {before} and are {after}")


def _problem(said: bytes) -> Problem:
    if SECRET.encode() in said:
        return "the answer has what was to be kept from clients"
    return f"the server has failed: {said[:500]!r}" if said.startswith(b"HTTP/1.1 500") else None


async def _settled(least: tuple[int, int]) -> tuple[int, int]:
    """How many tasks and handles there are once there are no more than the least, or nothing changes any more."""
    found, same = (tasks(), handles()), 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while found > least and same < _STILL:
            await asyncio.sleep(0.05)
            last, found = found, (tasks(), handles())
            same = same + 1 if found == last else 0
    return found


_STILL: Final = 40
