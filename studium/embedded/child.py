"""A child process: what to run and how to know it works (`Child`), and one run of it (`Run`)."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from studium.embedded.files import append
from studium.embedded.pidfile import PidFile

Probe: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
"""Returns when the child answers, raises when it does not (yet)."""

_LAUNCH: Final = Path(__file__).with_name("launch.py")
_PROBE_SECONDS: Final = 3.0
_PROBE_PAUSE: Final = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A program to keep running.

    `probe` tells when it has started; `health`, if it is another, whether it still lives: a process that waits for a
    database that is away is not ready, and starting it again would not help. `stage` orders the stop: higher stages
    stop first, the databases are stage 0. `environment` None inherits ours. Words of `too_early` are among its last
    ones when it ended only because an earlier run is not quite gone.
    """

    name: str
    command: tuple[str, ...]
    probe: Probe
    health: Probe | None = None
    log: Path
    pid_file: PidFile
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    user: str | None = None
    stage: int = 0
    too_early: tuple[str, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    start_seconds: float = 90.0
    stop_seconds: float = 3.0


class ChildFailed(Exception):
    """A run ended, or did not answer in time, before it was ready."""


class Run:
    """One run of a child, in a process group of its own."""

    def __init__(self, child: Child, process: Process) -> None:
        self.child = child
        self._process = process

    @classmethod
    async def begin(cls, child: Child) -> "Run":
        """Start the process. Call from the main thread: the kernel ties the death signal to the starting thread."""
        with append(child.log) as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(_LAUNCH), str(os.getpid())),
                *(str(int(child.stop_signal)), child.user or "-", *child.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=child.environment,
                process_group=0,
            )
        child.pid_file.write(process.pid, child.stop_signal)
        return cls(child, process)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ready(self) -> None:
        """Wait until the probe answers.

        Raises:
            ChildFailed: the process ended first, or `start_seconds` passed.

        """
        ended = asyncio.ensure_future(self._process.wait())
        answered = asyncio.ensure_future(self._answer())
        try:
            await asyncio.wait({ended, answered}, timeout=self.child.start_seconds, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise ChildFailed(f"{self.child.name} {self.ending()}")
            if not answered.done():
                raise ChildFailed(f"{self.child.name} did not answer within {self.child.start_seconds:g} s")
        finally:
            ended.cancel()
            answered.cancel()

    async def _answer(self) -> None:
        while not await _succeeds(self.child.probe):  # noqa: ASYNC110 - another process: there is no event to wait for
            await asyncio.sleep(_PROBE_PAUSE)

    async def healthy(self) -> bool:
        """Whether the child still lives."""
        return await _succeeds(self.child.health or self.child.probe)

    async def ended(self) -> None:
        """Wait until the process is gone."""
        await self._process.wait()

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself, with status 0."""
        return self._process.returncode == 0

    def ending(self) -> str:
        """How it ended: ``was killed by SIGKILL``, ``ended with status 1``."""
        status = self._process.returncode
        if status is not None and status < 0:
            return f"was killed by {signal.Signals(-status).name}"
        return f"ended with status {status}"

    async def stop(self) -> None:
        """Ask the process to end, kill it and its children when it takes too long, and forget it."""
        self._signal(self.child.stop_signal)
        try:
            await asyncio.wait_for(self._process.wait(), self.child.stop_seconds)
        except TimeoutError:
            self.kill()
            await self._process.wait()
        self.child.pid_file.remove()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)


async def _succeeds(probe: Probe) -> bool:
    try:
        await asyncio.wait_for(probe(), _PROBE_SECONDS)
    except Exception:  # noqa: BLE001 - whatever a driver raises means the same here: no answer
        return False
    return True


def came_too_early(child: Child) -> bool:
    """Whether the run that just ended did so because of an earlier one."""
    last = "\n".join(last_lines(child.log, 3))
    return any(words in last for words in child.too_early)


def last_lines(log: Path, count: int = 12) -> tuple[str, ...]:
    """The end of a log, for the person at the terminal."""
    try:
        with log.open(errors="replace") as file:
            return tuple(line.rstrip() for line in deque(file, maxlen=count))
    except OSError:
        return ()
