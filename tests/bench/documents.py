"""Documents made to hurt, sent to a router with its usual limits: `python -m tests.bench.documents`.

For each: processor time; the most of it that the event loop itself spent in one turn, and the longest that it waited
for one, while other threads or other programs had the processor; the size of the answer; and how long the next request
took. Waiting says something of the router only on a machine that does nothing else.
"""

import asyncio
import gc
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from router.serve import Engine, GraphQLRequest, Limits, RequestContext
from tests.router.serve.limits.test_hostile import REPEATED, doubling, engine_with

TURN_MILLISECONDS = 50.0
"""Most that one turn of the event loop is to take."""


@dataclass(slots=True)
class Turns:
    """The longest turns of an event loop, in seconds."""

    spent: float = 0
    waited: float = 0
    done: bool = False

    async def watch(self) -> None:
        spent, waited = time.thread_time(), time.perf_counter()
        while not self.done:
            await asyncio.sleep(0)
            now_spent, now_waited = time.thread_time(), time.perf_counter()
            self.spent, self.waited = max(self.spent, now_spent - spent), max(self.waited, now_waited - waited)
            spent, waited = now_spent, now_waited


@dataclass(frozen=True, slots=True)
class Measured:
    """What one document took: milliseconds and bytes."""

    processor: float
    turn: float
    waited: float
    size: int
    following: float


CORPUS: Mapping[str, Callable[[], str]] = {
    "fragments that double, 60": lambda: doubling(60),
    "fragments that double, 5,000 tokens": lambda: doubling(600),
    "the same field 4,000 times": lambda: "{ book(id: 1) {" + " title" * 4_000 + "} }",
    "the same field 14,000 times": lambda: "{ book(id: 1) {" + " title" * 14_000 + "} }",
    "1,500 conflicts": lambda: "{ book(id: 1) {" + " x: id x: title" * 750 + "} }",
    "180 conflicts": lambda: "{ book(id: 1) {" + " x: id x: title" * 90 + "} }",
    "1,000 aliases": lambda: "{ book(id: 1) {" + "".join(f" a{n}: id" for n in range(1_000)) + "} }",
    "fragments in a circle": lambda: (
        "{ book(id: 1) { ...F0 } }" + "".join(f"fragment F{n} on Book {{ ...F{(n + 1) % 500} }}" for n in range(500))
    ),
    "fragments that spread each other": lambda: (
        "{ book(id: 1) { ...F0 } }"
        + "".join(f"fragment F{n} on Book {{ " + "".join(f"...F{m} " for m in range(80)) + "}" for n in range(80))
    ),
    "20,000 lists in a value": lambda: "{ book(id: " + "[" * 20_000 + ") { id } }",
    "a name of 1.9 MB": lambda: "{ " + "n" * 1_900_000 + " }",
    "a name of 240 kB": lambda: "{ " + "n" * 240_000 + " }",
    "a string of 240 kB": lambda: '{ book(id: "' + "n" * 240_000 + '", x: 1) { id } }',
    "introspection in circles": lambda: (
        "{ __schema { types { " + "fields { type { " * 5 + "name" + " } }" * 5 + "} } }"
    ),
    "50 times the whole schema": lambda: (
        "{ __schema { " + "".join(f"a{n}: types {{ fields {{ name }} }} " for n in range(50)) + "} }"
    ),
    **REPEATED,
}


async def measure(engine: Engine, text: str) -> Measured:
    turns = Turns()
    watcher = asyncio.create_task(turns.watch())
    await asyncio.sleep(0)
    begun, own = time.process_time(), time.thread_time()
    response = await engine.execute(GraphQLRequest(text, "q1"), RequestContext())
    apart = time.process_time() - begun - (time.thread_time() - own)  # in threads, where large documents are looked at
    turns.done = True
    await watcher
    begun = time.perf_counter()
    await engine.execute(GraphQLRequest("{ book(id: 1) { id } }"), RequestContext())
    following = time.perf_counter() - begun
    return Measured(
        (apart + turns.spent) * 1e3, turns.spent * 1e3, turns.waited * 1e3, len(response.as_bytes()), following * 1e3
    )


async def main() -> int:
    """Print a row for each; 1 if a turn of the event loop took too long."""
    headings = ("document", "kB", "CPU, ms", "longest turn, ms", "longest wait, ms", "answer, bytes", "next, ms")
    table = Table(*headings, title="hostile documents")
    longest = 0.0
    engine = engine_with(Limits())
    await engine.execute(GraphQLRequest("{ book(id: 1) { id } }"), RequestContext())
    gc.collect()
    gc.freeze()
    for name, make in CORPUS.items():
        text = make()
        found = await measure(engine, text)
        longest = max(longest, found.turn)
        times = (f"{each:.1f}" for each in (found.processor, found.turn, found.waited))
        table.add_row(name, f"{len(text) / 1e3:,.0f}", *times, f"{found.size:,}", f"{found.following:.1f}")
    Console(width=120).print(table)
    return int(longest > TURN_MILLISECONDS)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
