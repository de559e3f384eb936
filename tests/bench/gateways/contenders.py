"""The gateways that are measured, each a process of its own on a port of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PEERS = Path(__file__).parent / "peers"


PLAIN = ("--no-retries", "--no-breaker", "--no-tracing", "--deadline-header", "")
"""Options of a router that takes no care for the traffic to its subgraphs, as the peers take none."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A gateway: how it is called and how it is started."""

    name: str
    port: int
    command: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


def contenders(supergraph: Path, answers: Path, ports: Iterator[int]) -> Iterator[Contender]:
    """All of them: ours, the floors, and the peers of the folder `STUDIUM_PEERS`.

    Ours is measured as the others are, with and without sharing, and as it is by default, with care for the traffic.

    The floors read `answers`: JSON, pairs of operation and response.
    """
    for kind in ("protocol", "uvicorn"):
        port = next(ports)
        command = [sys.executable, "-m", "tests.bench.gateways.floor", kind, answers, str(port)]
        yield Contender(f"a ready answer: {kind}", port, command)
    for name, options in (
        ("ours, sharing", ["--sharing", *PLAIN]),
        ("ours, not sharing", ["--no-sharing", *PLAIN]),
        ("ours, by default", []),
    ):
        port = next(ports)
        command = [sys.executable, "-m", "router", "serve", "--supergraph", supergraph, "--port", str(port), *options]
        yield Contender(name, port, command)
    yield from _peers(supergraph, ports)


def _peers(supergraph: Path, ports: Iterator[int]) -> Iterator[Contender]:
    folder = os.environ.get("STUDIUM_PEERS")
    if folder is None:
        return
    modules = Path(folder) / "node_modules"
    base = {"NODE_ENV": "production", "NODE_PATH": str(modules)}
    port = next(ports)
    yield Contender("Apollo Gateway", port, ["node", PEERS / "apollo.cjs", supergraph, str(port)], base)
    for name, share in (("Hive Gateway JS, sharing", "1"), ("Hive Gateway JS, not sharing", "")):
        port = next(ports)
        command = ["node", modules / ".bin" / "hive-gateway", "supergraph", supergraph, "--host", "127.0.0.1"]
        command += ["--port", str(port), "--config-path", PEERS / "hive.config.cjs"]
        yield Contender(name, port, command, {**base, "SHARE": share})


def start(contender: Contender, log: Path) -> "subprocess.Popen[bytes]":
    """Start a gateway; all it writes goes to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  # our own commands
            contender.command, env={**os.environ, **contender.environment}, stdout=output, stderr=output
        )
