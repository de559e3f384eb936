"""One fault, several times: clients ask for each subgraph's field, and for both, whether or not the router keeps up.

Each round has as long a time without the fault as with it, so that what else the machine does is about the same.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from statistics import median, quantiles
from typing import Any

import orjson

from tests.bench import load
from tests.bench.faults.proxy import DOWN, NONE, Fault, Proxy
from tests.bench.pace import paced
from tests.bench.served import ask, posting, ticks

DEADLINE_SECONDS = 2.0
"""Of an operation."""

WELL, FAILING, BOTH = "{ a }", "query ($n: Int) { b(n: $n) }", "query ($n: Int) { a b(n: $n) }"
RATES = {WELL: 200, FAILING: 60, BOTH: 20}
"""Operations a second."""

WINDOW_SECONDS = paced(2.5, 1.0)
SLICE_SECONDS = 0.5
ROUNDS = paced(3, 1)
RECOVERY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to a subgraph.

    Attributes:
        faults: one after the other, each for `turn_seconds`, the last one to the end.
        opens: whether the subgraph has to be left alone; None where either will do.
        unseen_seconds: until the first answer is missed: before that, all may be well.
        alike: clients all ask the same.
    """

    name: str
    faults: tuple[Fault, ...]
    opens: bool | None = True
    unseen_seconds: float = 0.0
    alike: bool = False
    turn_seconds: float = 0.3


@dataclass(slots=True)
class Seen:
    """What clients saw in one window; times in seconds.

    Attributes:
        well: how long the subgraph's field took that is well, by the slice of the window in which it was asked.
        lost: of these fields, how many had no data.
        asked: operations that need the failing one.
        partial: how long operations took that need both and got the one.
        begun: when the window did, by the event loop's clock.
        alone: from then on until the failing subgraph was left alone; None if it was not.
    """

    begun: float
    well: defaultdict[int, list[float]] = field(default_factory=lambda: defaultdict[int, list[float]](list))
    lost: int = 0
    asked: int = 0
    partial: list[float] = field(default_factory=list[float])
    alone: float | None = None


@dataclass(slots=True)
class Findings:
    """What all rounds of one trouble found.

    Attributes:
        calm: windows without the fault.
        shaken: those with it.
        load: requests that the failing one got, for each that was asked for.
        back: until the failing subgraph's field had data again.
    """

    calm: list[Seen] = field(default_factory=list[Seen])
    shaken: list[Seen] = field(default_factory=list[Seen])
    load: list[float] = field(default_factory=list[float])
    back: list[float] = field(default_factory=list[float])

    @property
    def p99s(self) -> tuple[float, float]:
        """The field that is well, without and with the fault, in milliseconds.

        It is that of the worst slice, of which each is that of the median round: what a fault does to others it does
        each time at the same time, and what else holds up a busy machine does not.
        """
        return _worst(self.calm), _worst(self.shaken)


def _worst(windows: Sequence[Seen]) -> float:
    slices = range(int(WINDOW_SECONDS / SLICE_SECONDS))
    return max(median(quantiles(each.well[slice_], n=100)[98] for each in windows) for slice_ in slices) * 1_000


class Drill:
    """Clients of one router."""

    def __init__(self, port: int, proxy: Proxy) -> None:
        self._port = port
        self._proxy = proxy
        self._pool = posting(port)
        self._numbers = count()

    async def run(self, trouble: Trouble) -> Findings:
        """Make this trouble again and again."""
        found = Findings()
        await self._window(1.0, trouble)
        for _ in range(ROUNDS):
            calm = await self._window(WINDOW_SECONDS, trouble)
            found.calm.append(calm)
            shaken, got = await self._shaken(trouble)
            found.shaken.append(shaken)
            if got is not None:
                found.load.append(got / shaken.asked)
            found.back.append(await self._recovery())
        return found

    def close(self) -> None:
        """End the connections."""
        self._pool.close()

    async def _shaken(self, trouble: Trouble) -> tuple[Seen, int | None]:
        """A window with the fault, and how many requests the proxy got, if it was there to count."""
        before = self._proxy.requests()
        causing = asyncio.create_task(self._cause(trouble.faults, trouble.turn_seconds))
        seen = await self._window(WINDOW_SECONDS, trouble)
        causing.cancel()
        await asyncio.gather(causing, return_exceptions=True)
        return seen, None if DOWN in trouble.faults else self._proxy.requests() - before

    async def _cause(self, faults: Sequence[Fault], turn_seconds: float) -> None:
        await asyncio.to_thread(self._proxy.become, faults[0])
        while len(faults) > 1:
            for fault in faults:
                await asyncio.to_thread(self._proxy.become, fault)
                await asyncio.sleep(turn_seconds)

    async def _recovery(self) -> float:
        """Make everything well, and wait until it is; how long that took."""
        await asyncio.to_thread(self._proxy.become, NONE)
        begun = time.monotonic()
        while time.monotonic() < begun + RECOVERY_SECONDS:
            answers = [await self._post(FAILING, alike=False) for _ in range(5)]
            if not any("errors" in answer for answer, _ in answers):
                return time.monotonic() - begun
            await asyncio.sleep(0.02)
        return float("inf")

    async def _window(self, seconds: float, trouble: Trouble) -> Seen:
        seen = Seen(asyncio.get_running_loop().time())
        async with asyncio.TaskGroup() as group:
            for query in RATES:
                group.create_task(self._ask_often(group, query, seconds, seen, alike=trouble.alike))
        return seen

    async def _ask_often(
        self, group: asyncio.TaskGroup, query: str, seconds: float, seen: Seen, *, alike: bool
    ) -> None:
        async for _ in ticks(RATES[query], seconds):
            group.create_task(self._ask(query, seen, alike=alike))

    async def _ask(self, query: str, seen: Seen, *, alike: bool) -> None:
        slice_ = int((asyncio.get_running_loop().time() - seen.begun) / SLICE_SECONDS)
        answer, seconds = await self._post(query, alike=alike)
        data: Any = answer.get("data") or {}
        if query is not FAILING:
            seen.lost += data.get("a") != 1
        if query is WELL:
            seen.well[slice_].append(seconds)
            return
        seen.asked += 1
        codes = {each["extensions"]["code"] for each in answer.get("errors", ())}
        if "SUBGRAPH_UNAVAILABLE" in codes and seen.alone is None:
            seen.alone = asyncio.get_running_loop().time() - seen.begun
        if query is BOTH and codes:
            seen.partial.append(seconds)

    async def _post(self, query: str, *, alike: bool) -> tuple[dict[str, Any], float]:
        variables = {} if query is WELL else {"n": 0 if alike else next(self._numbers)}
        request = load.post(self._port, orjson.dumps({"query": query, "variables": variables}))
        reply, seconds = await ask(self._pool, request)
        return orjson.loads(reply.body), seconds
