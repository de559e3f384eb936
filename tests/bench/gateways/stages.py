"""Where each microsecond of a request goes, in a router of its own that is looked at every millisecond."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from rich.table import Table

from tests.bench import processes
from tests.bench.gateways import client
from tests.bench.gateways.contenders import PLAIN, Contender
from tests.bench.pace import paced

WARM_UP = paced(3.0, 0.2)


def sampled(supergraph: Path, output: Path, port: int, option: str) -> Contender:
    """Our router, with samples."""
    serve = ["serve", "--supergraph", str(supergraph), "--port", str(port), option, *PLAIN]
    return Contender("sampled", port, [sys.executable, "-m", "tests.bench.gateways.sampled", output, *serve])


def load(pid: int, port: int, query: str, expected: Any, connections: int, seconds: float) -> float:
    """Load a router and give its CPU microseconds a request."""
    client.run(port, query, expected, connections=connections, seconds=WARM_UP)
    os.kill(pid, signal.SIGUSR1)
    before = processes.cpu([pid])
    seen = client.run(port, query, expected, connections=connections, seconds=seconds)
    return (processes.cpu([pid]) - before) / len(seen.latencies) * 1e6


def table(title: str, output: Path, microseconds: float) -> Table:
    """A row a stage, the largest first."""
    result = Table("stage", "µs a request", "share", title=title)
    seen: dict[str, int] = json.loads(output.read_text())
    total = sum(seen.values())
    for stage, count in sorted(seen.items(), key=lambda each: -each[1]):
        result.add_row(stage, f"{count / total * microseconds:.0f}", f"{count / total:.0%}")
    result.add_row("all", f"{microseconds:.0f}", "100%")
    return result
