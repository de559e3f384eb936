"""`python -m tests.bench.gateways.sampled FILE serve …`: our router, which tells on its end where its time went.

Every millisecond of CPU a signal looks at the stack: the innermost frame of a file below says the stage. Time in C
counts to the Python that called it; the event loop's own, and what the kernel does for it, to what it calls next.
"""

import json
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

from router.__main__ import main

STAGES: dict[str, tuple[str, ...]] = {
    "records: follow and describe": ("records/plan.py:describe",),
    "records: set fields": ("records/plan.py:merge",),
    "records: write": ("records/plan.py:write",),
    "records: read": ("records/plan.py:decode",),
    "transport: encode": ("transport/payload", "transport/headers"),
    "transport: decode": ("transport/http.py:_parse", "transport/base"),
    "transport: send and receive": ("execute/transport/",),
    "representations": ("execute/representations", "generated/representations", "generated/walking", "execute/paths"),
    "look over answers": ("execute/selected", "generated/looking"),
    "merge": ("execute/merge", "execute/entities", "generated/merging"),
    "projection": (
        "execute/project",
        "execute/shapes",
        "execute/leaves",
        "generated/projection",
        "generated/writing",
        "execute/client_paths",
    ),
    "pass through": ("generated/passthrough",),
    "schedule": ("execute/executor", "execute/fetching", "execute/run", "execute/contexts"),
    "find plan, variables": ("serve/engine", "serve/cache", "serve/documents", "execute/variables", "serve/estimate"),
    "endpoint, encode answer": ("router/serve/", "execute/response"),
    "HTTP in and out": ("uvicorn/", "starlette/"),
    "asyncio": ("asyncio/",),
}
"""By parts of paths, perhaps with a function's name; the first stage that fits counts."""


def stage_of(frame: FrameType | None) -> str:
    """The stage of the innermost frame that has one; code of a plan counts to whoever runs it."""
    while frame is not None:
        place = f"{frame.f_code.co_filename}:{frame.f_code.co_name}"
        for stage, parts in STAGES.items():
            if any(part in place for part in parts):
                return stage
        frame = frame.f_back
    return "the rest"


def run(output: Path, arguments: list[str]) -> int:
    """Run a command of the router and write how often each stage was seen."""
    seen: Counter[str] = Counter()

    def look(_: int, frame: FrameType | None) -> None:
        seen[stage_of(frame)] += 1

    def forget(_: int, __: FrameType | None) -> None:
        seen.clear()

    def end(_: int, __: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGPROF, look)
    signal.signal(signal.SIGUSR1, forget)
    signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
    # the server raises the signal that ended it once more when it has ended
    signal.signal(signal.SIGTERM, end)
    try:
        return main(arguments)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        output.write_text(json.dumps(seen))


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
