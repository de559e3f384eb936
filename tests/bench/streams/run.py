"""A server of streams and its clients, each a process, for the benches of streams."""

import os
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.request import Request, urlopen

import orjson

from tests.bench import processes
from tests.bench.gateways.http_server import LOOPBACK

FIRE = "mutation Fire($now: Float!) { fire(now: $now) }"


@dataclass(frozen=True, slots=True)
class Clients:
    """A process of clients, which is told what to do."""

    process: "subprocess.Popen[bytes]"

    def do(self, what: str, **how: Any) -> dict[str, Any]:
        """Have it done, and wait for the answer."""
        self.tell(what, **how)
        return self.answer()

    def tell(self, what: str, **how: Any) -> None:
        """Have it done."""
        assert self.process.stdin is not None
        self.process.stdin.write(orjson.dumps({"do": what, **how}) + b"\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """What became of it."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("The clients have died.")
        return orjson.loads(line)


@dataclass(frozen=True, slots=True)
class Stage:
    """A server of streams, and those who watch them."""

    pid: int
    port: int
    clients: Sequence[Clients]

    def open(self, count: int, form: str = "websocket", *, distinct: bool = False, named: bool = False) -> float:
        """Open so many more streams, each process of clients its share; how many seconds that took."""
        for each in self.clients:
            each.tell("open", count=count // len(self.clients), form=form, distinct=distinct, named=named)
        seconds = max(each.answer()["seconds"] for each in self.clients)
        time.sleep(1.0)  # the last ones are not subscribed yet at the subgraph
        return seconds

    def pings(self) -> int:
        """How often the clients have been asked, or told, that somebody is there."""
        return sum(each.do("count")["pings"] for each in self.clients)

    def fire(self) -> list[float]:
        """Make an event; how many seconds it took to each stream, in order."""
        now = time.monotonic()
        ask(self.port, FIRE, {"now": now})
        for each in self.clients:
            each.tell("taken", moment=str(now))
        return sorted(taken for each in self.clients for taken in each.answer()["taken"])

    def cpu(self) -> float:
        """Seconds of CPU that the server's threads have used."""
        stats = (each.read_text() for each in Path(f"/proc/{self.pid}/task").glob("*/schedstat"))
        return sum(int(each.split()[0]) for each in stats) / 1e9

    def memory(self) -> int:
        """Bytes of memory that the server has of its own."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("Nobody knows how much memory the server has.")


@contextmanager
def stage(kind: str, crowds: int = 1) -> Generator[Stage]:
    """A server on the first core, and so many processes of clients on the second one."""
    (port,) = processes.free_ports(1)
    with ExitStack() as stack:
        processes.pin([os.getpid()], processes.CORES[0])
        server = stack.enter_context(_running([sys.executable, "-m", "tests.bench.streams.server", kind, str(port)]))
        processes.pin([os.getpid()], processes.CORES[1])
        _wait_until_ready(port, server)
        clients = [
            Clients(stack.enter_context(_running([*_CLIENT, str(port), f"127.0.0.{2 + number}"])))
            for number in range(crowds)
        ]
        yield Stage(server.pid, port, clients)


_CLIENT = (sys.executable, "-m", "tests.bench.streams.client")


@contextmanager
def _running(command: Sequence[str]) -> "Generator[subprocess.Popen[bytes]]":
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:  # noqa: S603  # our own command
        try:
            yield process
        finally:
            process.kill()


def ask(port: int, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    """The answer to one operation."""
    request = Request(f"http://{LOOPBACK}:{port}/graphql", orjson.dumps({"query": query, "variables": variables}))
    request.add_header("content-type", "application/json")
    with urlopen(request, timeout=60) as answer:  # noqa: S310  # loopback
        return cast("dict[str, Any]", orjson.loads(answer.read()))


def _wait_until_ready(port: int, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until and server.poll() is None:
        try:
            ask(port, "{ held }")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("The server of streams did not start.")
