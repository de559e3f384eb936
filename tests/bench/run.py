"""`make bench`: start times, memory, and what a request costs, on this machine, in one run.

Each mode gets a data folder of its own that is removed afterwards. The client is pinned to one core and the server that
answers to the other, so that a figure is of one core; CPU a request, from /proc, is steadier than requests a second.
`--quick` sees in some minutes that every part runs, `--only PART` measures one.
`STUDIUM_ORACLES` and `STUDIUM_PEERS` name folders of other composers and gateways to be measured as well.
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import load, processes
from tests.bench.pace import FLAG
from tests.bench.platforms import ROOT, Platform, ask, running

PARTS = (
    "composition",
    "gateways",
    "traffic",
    "policies",
    "variants",
    "telemetry",
    "caching",
    "faults",
    "noisy",
    "reload",
    "fan_out",
    "sockets",
    "permissions",
    "identity",
    "provisioning",
)
PLATFORM = "platform"
"""The part that is measured here: starts, memory and requests of both modes."""
QUICK: Mapping[str, Sequence[str]] = {
    "composition": ("--subgraphs", "4"),
    "gateways": ("--rounds", "1", "--seconds", "0.2"),
    "reload": ("--reloads", "2", "--streams", "4", "--passing", "2", "--types", "5", "--rolls", "1"),
    "fan_out": ("--sockets", "50", "--events", "2"),
    "sockets": ("--sockets", "400"),
    "identity": ("--seconds", "0.5"),
    "provisioning": ("--tenants", "3"),
}
"""What `--quick` tells parts that take options; the others read `tests.bench.pace`."""
PART_SECONDS = 1_800.0
"""Longer than any part takes on a quiet machine."""

SIGN_IN = """mutation ($tenant: String!, $email: String!, $password: String!) {
  signIn(input: {tenant: $tenant, email: $email, password: $password}) { session { accessToken } }
}"""
OPERATIONS = {
    "no subgraph: { __typename }": ("{ __typename }", False),
    "one subgraph, one SQL statement: { viewer { role scopes } }": ("{ viewer { role scopes } }", True),
    "one subgraph, SQL: catalogue of 20": ("{ catalog { edges { node { id title } } } }", True),
    "four subgraphs: my enrolments with lessons": (
        (
            "{ me { displayName } myEnrollments { edges { node { progress engagement { band }"
            " course { title modules { items { item { title } } } } } } } unreadCount }"
        ),
        True,
    ),
}


def main() -> int:
    """Measure all parts, or those that are named, and print the tables; 1 if a part failed."""
    options = _options()
    console = Console(width=120)
    console.print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    failed = list[str]()
    for part in options.only or (*PARTS, PLATFORM):
        console.print(f"\n[bold]{part}[/]")
        is_ours = part == PLATFORM
        if not (measure_both(console, options) if is_ours else run_part(part, quick=options.quick)):
            failed.append(part)
    if failed:
        console.print(f"\nfailed, or missed what is aimed at: {', '.join(failed)}")
    return int(bool(failed))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, help="of load for each operation (default: 5)")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument(
        "--only", action="append", choices=(*PARTS, PLATFORM), metavar="PART", help="this part alone; again for more"
    )
    parser.add_argument("--quick", action="store_true", help="see that each part runs: figures mean nothing then")
    options = parser.parse_args()
    if options.seconds is None:
        options.seconds = 0.5 if options.quick else 5.0
    return options


def run_part(part: str, *, quick: bool = False) -> bool:
    """Run a bench of its own; False if it failed or did not come to an end."""
    command = [sys.executable, "-m", f"tests.bench.{part}", *(QUICK.get(part, ()) if quick else ())]
    env = {**os.environ, FLAG: "1"} if quick else None
    with subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True) as process:  # noqa: S603 - our own
        try:
            return process.wait(PART_SECONDS) == 0
        except subprocess.TimeoutExpired:
            sys.stdout.write(f"{part} did not come to an end in {PART_SECONDS:g} seconds.\n")
            return False
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # it may have left servers behind


def measure_both(console: Console, options: argparse.Namespace) -> bool:
    """Measure both modes; False, and why, if that failed."""
    try:
        for mode in ("one", "many"):
            measure(console, mode, options.seconds, options.connections)
    except Exception:  # noqa: BLE001 - whatever it is, the other parts and what became of them are told
        console.print_exception()
        return False
    return True


def measure(console: Console, mode: str, seconds: float, connections: int) -> None:
    """Cold start, warm start, memory and requests of one `--processes` mode."""
    data = Path(tempfile.mkdtemp(prefix=f"studium-bench-{mode}-"))
    try:
        with running(data, mode) as cold:
            console.print(f"\n[bold]--processes {mode}[/]: cold start {cold.seconds:.2f} s")
            sign_in(cold.port)
        with running(data, mode) as warm:
            console.print(f"warm start {warm.seconds:.2f} s")
            token = sign_in(warm.port)
            console.print(requests(warm, token, seconds, connections))
            console.print(memory(warm.process.pid))
    finally:
        shutil.rmtree(data, ignore_errors=True)


def sign_in(port: int) -> str:
    """A token of the first demo learner; on the first start they come a little after the first answer."""
    from studium.demo import PASSWORD, TENANTS

    tenant = TENANTS[0]
    variables = {"tenant": tenant.slug, "email": tenant.of_role("LEARNER")[0].email, "password": PASSWORD}
    answer: dict[str, Any] = {}
    for _ in range(120):
        answer = ask(port, SIGN_IN, variables)
        if "errors" not in answer:
            return answer["data"]["signIn"]["session"]["accessToken"]
        time.sleep(0.5)
    message = f"the demo learner cannot sign in: {answer}"
    raise RuntimeError(message)


def requests(platform_: Platform, token: str, seconds: float, connections: int) -> Table:
    """Requests a second and CPU a request for each operation, the platform on core 0 and the client on core 1."""
    table = Table("operation", "req/s", "CPU ms/req", "p50 ms", "p99 ms", "statuses", title="requests")
    pids = processes.tree(platform_.process.pid)
    processes.pin(pids, processes.CORES[0])
    processes.pin([os.getpid()], processes.CORES[1])
    for name, (query, signed_in) in OPERATIONS.items():
        body = json.dumps({"query": query}).encode()
        request = load.post(platform_.port, body, token=token if signed_in else None)
        asyncio.run(load.run(platform_.port, request, connections=connections, seconds=1))
        before = processes.cpu(pids)
        seen = asyncio.run(load.run(platform_.port, request, connections=connections, seconds=seconds))
        spent = (processes.cpu(pids) - before) / max(seen.answers, 1) * 1000
        if b'"errors"' in seen.sample:
            name = f"{name}: {seen.sample[:200]!r}"  # noqa: PLW2901 - a wrong answer is said, not measured in silence
        table.add_row(
            name,
            f"{seen.rate:,.0f}",
            f"{spent:.3f}",
            f"{seen.percentile(0.5):.2f}",
            f"{seen.percentile(0.99):.2f}",
            str(seen.statuses),
        )
    return table


def memory(root: int) -> Table:
    """Proportional memory of each process; PostgreSQL's own, one a connection, are one row."""
    table = Table("process", "MB", title="memory after the load")
    used: dict[str, float] = {}
    for one in processes.usage(root):
        name = "postgres, all processes" if one.command.startswith("postgres") else one.command
        used[name] = used.get(name, 0) + one.megabytes
    for name, megabytes in used.items():
        table.add_row(name, f"{megabytes:.0f}")
    table.add_row("all", f"{sum(used.values()):.0f}")
    return table


if __name__ == "__main__":
    sys.exit(main())
