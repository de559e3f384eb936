"""Takes other supergraphs into use, without anybody noticing who need not."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from router.execute import Transport
from router.serve.config.model import SupergraphSource
from router.serve.engine import Engine
from router.serve.errors import Refused
from router.serve.life.live import LiveEngine
from router.serve.life.pools import Pools
from router.serve.life.watching import Origin
from router.serve.sources import Source, SourceError
from router.serve.traffic import TrafficError
from router.supergraph import SupergraphError

logger = logging.getLogger(__name__)

RELOADED: Final = "SUPERGRAPH_RELOADED"
REFUSED: Final = "SUPERGRAPH_REFUSED"
FAILED: Final = "SUPERGRAPH_RELOAD_FAILED"

_LONGEST_SECONDS: Final = 300.0
"""Until what was refused is tried again: it may have been for a reason of the moment."""

_JITTER: Final = 0.1
"""Of the time between two looks, so that many routers do not ask a registry at once."""


class Make(Protocol):
    """Makes an engine of a supergraph; called in a thread."""

    def __call__(self, source: Source, transports: Mapping[str, Transport], /) -> Engine:
        """Raises: SupergraphError: it is none."""
        ...


@dataclass(slots=True)
class Outcome:
    """Of the supergraph in use, and of the last one that was tried.

    Attributes:
        id: of the one in use.
        since: when it was taken, in seconds since the epoch.
        reloads: how often another one was taken.
        refused: how often one was not.
        problem: why the last one that was tried was not taken; None if it was.
    """

    id: str
    since: float = field(default_factory=time.time)
    reloads: int = 0
    refused: int = 0
    problem: str | None = None


class Reloader:
    """Looks for other supergraphs now and then."""

    def __init__(  # what it brings together
        self, id_: str, origin: Origin, pools: Pools, make: Make, live: LiveEngine, settings: SupergraphSource
    ) -> None:
        self.outcome = Outcome(id_)
        self._origin = origin
        self._pools = pools
        self._make = make
        self._live = live
        self._settings = settings
        self._now = asyncio.Event()
        self._failures = 0
        self._again: float | None = None

    def told(self) -> Mapping[str, Any]:
        """What readiness says of it."""
        told = {"id": self.outcome.id, "ageSeconds": round(time.time() - self.outcome.since)}
        told |= {"reloads": self.outcome.reloads, "refused": self.outcome.refused}
        return told if self.outcome.problem is None else {**told, "lastReload": "refused"}

    def look_now(self) -> None:
        """Do not wait for the next time, not even with what was refused."""
        if self._again is not None:
            self._again = 0.0
        self._now.set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Look within the block."""
        task = asyncio.create_task(self.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._origin.aclose()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self._pause()
            try:
                await self.reload()
            except Exception:  # the next supergraph is to be taken, whatever became of this one
                logger.exception("%s An error in the router itself", FAILED)

    async def reload(self) -> None:
        """Take what is there now, if it is another one or was refused a while ago, and if it can be."""
        began = time.monotonic()
        if self._again is not None and began >= self._again:
            self._origin.forget()
        try:
            source = await self._origin.look()
            if source is None:
                return
            transports = self._pools.of(source)
            engine = await asyncio.to_thread(self._make, source, transports)
            await self._warm(engine)
        except (SourceError, SupergraphError, TrafficError, ValueError) as error:
            await self._refuse(str(error))
        except Exception as error:  # whatever it is, what is in use stays so
            logger.exception("%s An error in the router itself", REFUSED)
            await self._refuse(f"internal error: {type(error).__name__}")
        else:
            self._failures, self._again = 0, None
            self._pools.keep(transports)
            await self._live.exchange(engine, transports)
            self.outcome = Outcome(source.id, reloads=self.outcome.reloads + 1, refused=self.outcome.refused)
            logger.info("%s %s in %.1f s", RELOADED, source.id, time.monotonic() - began)

    async def _refuse(self, problem: str) -> None:
        self._failures += 1
        pause = min(self._settings.poll_seconds * 2.0 ** min(self._failures, 10), _LONGEST_SECONDS)
        self._again = time.monotonic() + pause
        for transport in self._pools.keep(self._live.generations[-1].transports):
            await transport.aclose()
        if problem != self.outcome.problem:
            logger.error("%s %s", REFUSED, problem)
        self.outcome.refused += 1
        self.outcome.problem = problem

    async def _warm(self, engine: Engine) -> None:
        """Plan what clients have asked for of late, as far as there is time, before they ask for it again."""
        try:
            async with asyncio.timeout(self._settings.warm_seconds):
                for recent in reversed(self._live.current.recent(self._settings.warm_operations)):
                    try:
                        await engine.foresee(recent)
                    except Refused:
                        continue
        except TimeoutError:
            logger.info("Not all operations were planned for another supergraph in time.")

    async def _pause(self) -> None:
        seconds = self._settings.poll_seconds
        try:
            async with asyncio.timeout(seconds * random.uniform(1 - _JITTER, 1 + _JITTER) if seconds else None):
                await self._now.wait()
        except TimeoutError:
            return
        finally:
            self._now.clear()
