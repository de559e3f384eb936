"""`python -m tests.bench.sockets`: what holding very many subscriptions in one process costs.

The sockets are real ones over loopback, opened by two processes. Memory is the server's own; the kernel's buffers are
not in it. As many are opened as the machine lets a process have files, but no more than are asked for.
"""

import argparse
import resource
import sys
import time
from dataclasses import dataclass

from router.serve import StreamSettings
from tests.bench.streams.run import Stage, stage

AIM_BYTES = 30_000
SPARE_FILES = 100
"""Of which the server needs some for itself."""


@dataclass(frozen=True, slots=True)
class Case:
    """Who is held."""

    name: str
    form: str
    share: float
    """Of the sockets that are asked for."""


CASES = (
    Case("WebSocket", "websocket", 1.0),
    Case("Server-Sent Events", "sse", 0.1),
    Case("multipart", "multipart", 0.1),
)


def main() -> int:
    """Measure all and print; 1 if they take more memory than they may, or an event did not come to all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, default=20_000)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES
    good = True
    for case in CASES:
        count = min(int(options.sockets * case.share), most) // 2 * 2
        with stage("router", crowds=2) as running:
            good &= held(running, case, count)
    return 0 if good else 1


def held(running: Stage, case: Case, count: int) -> bool:
    """Open so many, keep them for a while, make an event and tell what all of it took."""
    warm = min(200, count // 2)
    running.open(warm, case.form, distinct=True)
    running.fire()
    memory, spent = running.memory(), running.cpu()
    seconds = running.open(count - warm, case.form, distinct=True)
    bytes_each = (running.memory() - memory) / (count - warm)
    opening = (running.cpu() - spent) / (count - warm)
    said, spent = running.pings(), running.cpu()
    time.sleep(StreamSettings().keep_alive_seconds)
    alive = (running.cpu() - spent) / max(running.pings() - said, 1)
    spent = running.cpu()
    taken = running.fire()
    sending = (running.cpu() - spent) / count
    p99 = taken[int(len(taken) * 0.99)] if taken else float("inf")
    sys.stdout.write(
        f"{case.name:20} {count:6,} held at {bytes_each / 1000:5.1f} KB each; opened {(count - warm) / seconds:,.0f} a "
        f"second, CPU {opening * 1e6:.0f} µs each; {alive * 1e6:.0f} µs to keep one alive once; one event came to "
        f"{len(taken):,}, p99 {p99 * 1000:.0f} ms, CPU {sending * 1e6:.0f} µs each\n"
    )
    sys.stdout.flush()
    return len(taken) == count and bytes_each <= AIM_BYTES


if __name__ == "__main__":
    sys.exit(main())
