"""`python -m tests.bench.fan_out`: how long one event takes to all who watch, over real sockets.

The server runs on the first core, its clients on the second one. Beside our router stands the server that it runs under
with an application that sends ready bytes: what it takes, nobody behind that server takes less. Events that many watch
are shared, and are to come to all of them in time, unless those bytes themselves need half of that on a busy machine;
what each has of its own is shown beside them.
"""

import argparse
import sys
from dataclasses import dataclass
from statistics import median

from tests.bench.streams.run import Stage, stage

AIM_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Case:
    """Who watches what; `aims` at being in time."""

    name: str
    kind: str
    form: str = "websocket"
    distinct: bool = False
    named: bool = False
    aims: bool = False


CASES = (
    Case("floor: ready bytes", "floor"),
    Case("WebSocket, all watch the same", "router", aims=True),
    Case("WebSocket, callers of one tenant", "tenant", named=True, aims=True),
    Case("WebSocket, each its own", "router", distinct=True),
    Case("Server-Sent Events, the same", "router", "sse"),
    Case("Server-Sent Events, each its own", "router", "sse", distinct=True),
    Case("multipart, the same", "router", "multipart"),
)


def main() -> int:
    """Measure all and print; 1 if an event did not come to all, or too late."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, default=5_000)
    parser.add_argument("--events", type=int, default=5, help="of which the first one only warms up")
    parser.add_argument("--only", default="", help="measure those with this in their names")
    options = parser.parse_args()
    good, floor, least = True, 0.0, 0.0
    for case in CASES:
        if options.only not in case.name:
            continue
        with stage(case.kind) as running:
            running.open(options.sockets, case.form, distinct=case.distinct, named=case.named)
            worst, spent, complete = rounds(running, options.sockets, options.events)
        floor, least = floor or spent, least or worst
        good &= complete and (not case.aims or worst <= max(AIM_SECONDS, 2 * least))
        sys.stdout.write(
            f"{case.name:34} p99 {worst * 1000:6.0f} ms, CPU {spent * 1000:6.0f} ms"
            f" ({spent / options.sockets * 1e6:5.1f} µs a socket, {spent / floor:4.1f} times the first)"
            f"{'' if complete else ', NOT ALL'}\n"
        )
        sys.stdout.flush()
    return 0 if good else 1


def rounds(running: Stage, sockets: int, events: int) -> tuple[float, float, bool]:
    """The median p99 and CPU of an event, in seconds, and whether all have come to all."""
    late: list[float] = []
    spent: list[float] = []
    complete = True
    for _ in range(events):
        before = running.cpu()
        taken = running.fire()
        spent.append(running.cpu() - before)
        late.append(taken[int(len(taken) * 0.99)] if taken else float("inf"))
        complete &= len(taken) == sockets
    return median(late[1:]), median(spent[1:]), complete


if __name__ == "__main__":
    sys.exit(main())
