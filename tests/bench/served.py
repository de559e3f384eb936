"""A router as its command starts it, and clients that measure it over real connections."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast
from urllib.error import URLError
from urllib.request import urlopen

from router.execute.transport.address import Address
from router.execute.transport.connection import Reply
from router.execute.transport.pool import Pool
from tests.bench import processes
from tests.bench.gateways.http_server import LOOPBACK


@dataclass(frozen=True, slots=True)
class Served:
    """A router that runs."""

    port: int
    pid: int


@contextmanager
def router(folder: Path, subgraphs: Mapping[str, tuple[int, str]], config: Mapping[str, Any]) -> Generator[Served]:
    """A router over subgraphs of this machine: their ports and schemas, by their names.

    Args:
        folder: for its files, and its log.
        subgraphs: it composes them.
        config: beside where it listens and what it serves.
    """
    (port,) = processes.free_ports(1)
    known = [{"name": name, "url": f"http://{LOOPBACK}:{at}/", "sdl": sdl} for name, (at, sdl) in subgraphs.items()]
    (folder / "subgraphs.json").write_text(json.dumps(known))
    whole = {"supergraph": {"subgraphs": str(folder / "subgraphs.json")}, "listen": {"port": port}, **config}
    (folder / "router.yaml").write_text(json.dumps(whole))  # JSON is YAML
    command = [sys.executable, "-m", "router", "serve", "--config", str(folder / "router.yaml")]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stderr=log, stdout=log) as process:  # noqa: S603  # our own
        try:
            _wait(port, process)
            yield Served(port, process.pid)
        finally:
            process.terminate()


@contextmanager
def subgraphs(module: str) -> Generator[tuple[int, Mapping[str, int]]]:
    """What `python -m MODULE serve` serves, as `http_server.run` does: its process, and the ports by their names."""
    command = [sys.executable, "-m", module, "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own
        try:
            yield process.pid, json.loads(cast("IO[str]", process.stdout).readline())
        finally:
            process.terminate()


def posting(port: int) -> Pool:
    """Connections to a router, as many as are wanted."""
    return Pool(Address.of(f"http://{LOOPBACK}:{port}/"), max_connections=5_000, max_body_bytes=1_000_000)


async def ask(pool: Pool, request: bytes) -> tuple[Reply, float]:
    """The answer to a request, and how many seconds it took."""
    begun = time.perf_counter()
    reply = await pool.exchange(request, idempotent=True)
    return reply, time.perf_counter() - begun


async def ticks(rate: float, seconds: float) -> AsyncGenerator[int]:
    """So many times a second, whether or not anybody keeps up; gives the number of each."""
    clock = asyncio.get_running_loop().time
    begun = clock()
    for number in range(int(seconds * rate)):
        await asyncio.sleep(max(begun + number / rate - clock(), 0))
        yield number


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            urlopen(f"http://{LOOPBACK}:{port}/health", timeout=10).close()
        except (URLError, OSError):
            time.sleep(0.05)
        else:
            return
    message = f"the router did not start; exit status {process.poll()}"
    raise RuntimeError(message)
