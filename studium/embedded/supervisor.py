"""Keeps children running: starts them, restarts the ones that die, stops all in order."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from studium.embedded.child import Child, ChildFailed, Run, came_too_early, last_lines
from studium.embedded.errors import CannotStart
from studium.ending import cancelled

_SHORTEST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_MOST_FAILURES: Final = 10
_STEADY_SECONDS: Final = 30.0
_HEALTH_SECONDS: Final = 5.0
_MOST_MISSED: Final = 6


@dataclass
class _Watched:
    """A child under supervision and the task that looks after it."""

    run: Run
    task: asyncio.Task[None]


@dataclass
class Supervisor:
    """Owner of the children of one data folder.

    `say` receives one line whenever a child dies, returns or is given up.
    """

    say: Callable[[str], object]
    _watched: dict[str, _Watched] = field(default_factory=dict[str, _Watched], init=False)
    _given_up: asyncio.Future[CannotStart] | None = field(default=None, init=False)

    async def start(self, child: Child) -> None:
        """Start a child, wait until it answers, and look after it from then on.

        Raises:
            CannotStart: it does not come up; what it last logged is in the details.

        """
        run = await self._first_run(child)
        self._watched[child.name] = _Watched(run, asyncio.create_task(self._look_after(run)))

    async def _first_run(self, child: Child) -> Run:
        deadline = asyncio.get_running_loop().time() + child.start_seconds
        while True:
            run = await Run.begin(child)
            try:
                await run.ready()
            except ChildFailed as failure:
                await run.stop()
                if not came_too_early(child) or asyncio.get_running_loop().time() > deadline:
                    raise cannot_start(child, failure) from failure
            except BaseException:
                await asyncio.shield(run.stop())
                raise
            else:
                return run
            await asyncio.sleep(_SHORTEST_PAUSE)

    async def complete(self, child: Child) -> None:
        """Run a child that ends by itself.

        Raises:
            CannotStart: it ended otherwise than well, or took longer than `start_seconds`.
        """
        run = await Run.begin(child)
        try:
            await asyncio.wait_for(run.ended(), child.start_seconds)
        except TimeoutError as error:
            raise cannot_start(child, ChildFailed(f"{child.name} took too long")) from error
        finally:
            await asyncio.shield(run.stop())
        if not run.succeeded:
            raise cannot_start(child, ChildFailed(f"{child.name} {run.ending()}"))

    async def failed(self) -> CannotStart:
        """Wait for a child to be given up; the platform cannot go on without it."""
        self._given_up = self._given_up or asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._given_up)

    def pid(self, name: str) -> int:
        """The process that runs the child now."""
        return self._watched[name].run.pid

    async def stop(self) -> None:
        """Stop every child: the highest stage first, those of one stage together."""
        watched = sorted(self._watched.values(), key=lambda each: -each.run.child.stage)
        for _, stage in groupby(watched, key=lambda each: each.run.child.stage):
            await asyncio.gather(*map(_stop, stage))
        self._watched = {}  # not before: those of the last stages are looked after until it is their turn

    async def _look_after(self, run: Run) -> None:
        """Restart the child each time it breaks, until it fails too often in a row."""
        loop = asyncio.get_running_loop()
        failures = 0
        while failures <= _MOST_FAILURES:
            since = loop.time()
            await self._until_broken(run)
            failures = 1 if loop.time() - since > _STEADY_SECONDS else failures + 1
            pause = min(_SHORTEST_PAUSE * 2 ** (failures - 1), _LONGEST_PAUSE)
            self.say(f"{run.child.name} {run.ending()}; starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            run = await self._begin_again(run.child)
        self._give_up(run.child)

    async def _begin_again(self, child: Child) -> Run:
        """Another run; when it does not become ready it is left dead, which `_until_broken` sees at once."""
        run = self._watched[child.name].run = await Run.begin(child)
        try:
            await run.ready()
        except ChildFailed:
            run.kill()
            await run.ended()
        else:
            self.say(f"{child.name} is back")
        return run

    async def _until_broken(self, run: Run) -> None:
        """Return once the process is gone; one that stopped answering is killed first."""
        ended = asyncio.ensure_future(run.ended())
        missed = 0
        try:
            while not (await asyncio.wait({ended}, timeout=_HEALTH_SECONDS))[0]:
                missed = 0 if await run.healthy() else missed + 1
                if missed == _MOST_MISSED:
                    self.say(f"{run.child.name} does not answer any more")
                    run.kill()
        finally:
            ended.cancel()

    def _give_up(self, child: Child) -> None:
        self._given_up = self._given_up or asyncio.get_running_loop().create_future()
        if not self._given_up.done():
            self._given_up.set_result(cannot_start(child, ChildFailed(f"{child.name} keeps failing")))


async def together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all at the same time; the first failure ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as tasks:
            for each in work:
                tasks.create_task(each)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


def cannot_start(child: Child, failure: ChildFailed) -> CannotStart:
    """The failure as a sentence for a person: the commonest causes are named."""
    lines = last_lines(child.log)
    if any("No space left on device" in line for line in lines):
        return CannotStart(f"The disk is full: {child.name} cannot write its data.", details=lines)
    return CannotStart(f"{failure}; its log is {child.log}.", details=lines)


async def _stop(watched: _Watched) -> None:
    await cancelled(watched.task)
    await watched.run.stop()
