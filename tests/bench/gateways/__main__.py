"""`python -m tests.bench.gateways`: what a request costs in our router and in others, over the same four subgraphs.

The gateway under load runs on the first core, everything else on the second; rounds are interleaved, so that a busy
moment of the machine strikes all alike; every answer is checked. CPU a request comes from the gateway's tree of
processes. `STUDIUM_PEERS` names a folder where npm has installed @apollo/gateway, @apollo/server and
@graphql-hive/gateway, to have those measured, too.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from router.compose import Composed, Subgraph, compose
from tests.bench import processes
from tests.bench.gateways import client, stages
from tests.bench.gateways.contenders import Contender, contenders, start
from tests.bench.gateways.http_server import LOOPBACK
from tests.bench.gateways.store import FOLDER, SUBGRAPHS, operations, world
from tests.bench.pace import paced
from tests.router.harness import Federation

FIRST_WARM_UP = paced(4.0, 0.2)
"""Seconds that compilers get before the first round of an operation."""
WARM_UP = paced(0.5, 0.1)


@dataclass
class Figures:
    """What the rounds of one gateway with one operation showed."""

    cpu: list[float] = field(default_factory=list[float])
    rate: list[float] = field(default_factory=list[float])
    p50: list[float] = field(default_factory=list[float])
    p99: list[float] = field(default_factory=list[float])
    asked: list[float] = field(default_factory=list[float])
    wrong: list[bytes] = field(default_factory=list[bytes])


@dataclass(frozen=True, slots=True)
class Bench:
    """What all rounds have in common."""

    operations: Mapping[str, str]
    expected: Mapping[str, Any]
    connections: int
    count_port: int

    def round(self, name: str, contender: "Running", seconds: float, figures: Figures | None) -> None:
        """Load one gateway with one operation for some seconds."""
        query, expected = self.operations[name], self.expected[name]
        asked = self._asked()
        pids = processes.tree(contender.process.pid)
        before = processes.cpu(pids)
        seen = client.run(contender.port, query, expected, connections=self.connections, seconds=seconds)
        spent = processes.cpu(pids) - before
        if figures is not None:
            answers = len(seen.latencies)
            figures.cpu.append(spent / answers * 1000)
            figures.rate.append(answers / seen.seconds)
            figures.p50.append(seen.percentile(0.5))
            figures.p99.append(seen.percentile(0.99))
            figures.asked.append((self._asked() - asked) / answers)
            figures.wrong.extend(seen.wrong)

    def _asked(self) -> int:
        """How many requests the subgraphs have had."""
        return int(client.ask(self.count_port, "{count}"))


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that answers."""

    name: str
    port: int
    process: subprocess.Popen[bytes]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--only", default="", help="measure those with this in their names")
    options = parser.parse_args()
    console = Console(width=120)
    if not FOLDER.exists():
        console.print("gateways: left out, because the store's data is not beside the repository")
        return
    console.print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="studium-gateways-")))
        ports = stack.enter_context(subgraphs())
        expected = {name: Federation(SUBGRAPHS, world()).expected(query) for name, query in operations().items()}
        bench = Bench(operations(), expected, options.connections, ports["count"])
        supergraph, answers, free = files(folder, ports, bench)
        for name in bench.operations:
            console.print(where_time_goes(bench, name, folder, supergraph, next(free), options.seconds))
        running = [
            stack.enter_context(gateway(each, folder))
            for each in contenders(supergraph, answers, free)
            if options.only in each.name
        ]
        for name in bench.operations:
            console.print(table(name, measure(bench, name, running, options.rounds, options.seconds)))


def measure(bench: Bench, name: str, running: Sequence[Running], rounds: int, seconds: float) -> dict[str, Figures]:
    """Rounds of one operation, each gateway in turn."""
    figures = {each.name: Figures() for each in running}
    for each in running:
        bench.round(name, each, FIRST_WARM_UP, None)
    for _ in range(rounds):
        for each in running:
            bench.round(name, each, WARM_UP, None)
            bench.round(name, each, seconds, figures[each.name])
    return figures


def where_time_goes(bench: Bench, name: str, folder: Path, supergraph: Path, port: int, seconds: float) -> Table:
    """The stages of one operation, without sharing: with it, most requests have none of those of the transport."""
    output = folder / f"{name}.json"
    with gateway(stages.sampled(supergraph, output, port, "--no-sharing"), folder) as running:
        query, expected = bench.operations[name], bench.expected[name]
        spent = stages.load(running.process.pid, port, query, expected, bench.connections, seconds)
    return stages.table(f"{name}: where the time goes", output, spent)


def table(name: str, figures: Mapping[str, Figures]) -> Table:
    """One operation, a row a gateway: medians of the rounds."""
    columns = ("gateway", "CPU ms/req", "from, to", "req/s", "p50 ms", "p99 ms", "subgraph requests", "wrong")
    result = Table(*columns, title=name)
    for gateway_, each in figures.items():
        result.add_row(
            gateway_,
            f"{median(each.cpu):.3f}",
            f"{min(each.cpu):.3f}, {max(each.cpu):.3f}",
            f"{median(each.rate):,.0f}",
            f"{median(each.p50):.1f}",
            f"{median(each.p99):.1f}",
            f"{median(each.asked):.2f}",
            f"{len(each.wrong)}" + (f": {each.wrong[0][:80]!r}" if each.wrong else ""),
        )
    return result


def files(folder: Path, ports: Mapping[str, int], bench: Bench) -> tuple[Path, Path, Iterator[int]]:
    """The supergraph, the floors' answers, and free ports."""
    given = [Subgraph(name, f"http://{LOOPBACK}:{ports[name]}/graphql", sdl) for name, sdl in SUBGRAPHS.items()]
    composed = compose(given)
    if not isinstance(composed, Composed):
        raise TypeError(composed.errors)
    supergraph, answers = folder / "supergraph.graphql", folder / "answers.json"
    supergraph.write_text(composed.supergraph_sdl)
    ready = [(query, {"data": bench.expected[name]}) for name, query in bench.operations.items()]
    answers.write_bytes(orjson.dumps(ready))
    return supergraph, answers, iter(processes.free_ports(16))


@contextmanager
def subgraphs() -> Generator[dict[str, int]]:
    """The canned subgraphs, their ports by name; this process keeps them company on the second core."""
    processes.pin([os.getpid()], processes.CORES[1])
    command = [sys.executable, "-m", "tests.bench.gateways.canned"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603  # our own command
        assert process.stdout is not None
        try:
            yield orjson.loads(process.stdout.readline())
        finally:
            process.terminate()


@contextmanager
def gateway(contender: Contender, folder: Path) -> Generator[Running]:
    """A gateway that answers, alone on the first core when its turn comes."""
    log = folder / f"{contender.name}.log"
    # A child has its parent's cores, and so have all the threads and processes that it will ever start.
    processes.pin([os.getpid()], processes.CORES[0])
    process = start(contender, log)
    processes.pin([os.getpid()], processes.CORES[1])
    try:
        wait_until_ready(contender.port, process, log)
        yield Running(contender.name, contender.port, process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_ready(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Ask until something answers, for at most a minute."""
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            client.ask(port, operations()["light"])
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"The gateway does not answer: {log.read_text()[-2000:]}")


if __name__ == "__main__":
    main()
