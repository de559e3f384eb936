"""Keeps several workers running that share one listening socket. It runs as a script, and imports next to nothing.

SIGTERM and SIGINT end all workers in order, a second one ends them at once. SIGHUP has each look for another
supergraph, as soon as it can hear: until then the signal is held back, as it would end the process. SIGUSR2 puts new
workers into the places of the old ones, one after the other. A worker that dies is replaced.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import FrameType
from typing import Any, Final

_SHORTEST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 10.0
_STEADY_SECONDS: Final = 30.0
_SLACK_SECONDS: Final = 2.0
_IDLE_SECONDS: Final = 60.0
_HELD: Final = frozenset({signal.SIGHUP})
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2, signal.SIGCHLD)


@dataclass
class Worker:
    """One process."""

    number: int
    process: "subprocess.Popen[bytes]"
    ready: int
    parent: int
    began: float = field(default_factory=time.monotonic)
    is_ready: bool = False


class Supervisor:
    """Owner of all workers."""

    def __init__(self, command: list[str], workers: int, listener: int, grace_seconds: float, log: "Log") -> None:
        self._command = command
        self._listener = listener
        self._grace = grace_seconds
        self._log = log
        self._seats: dict[int, Worker | None] = dict.fromkeys(range(workers))
        self._due: dict[int, float] = dict.fromkeys(range(workers), 0.0)
        self._failures: dict[int, int] = dict.fromkeys(range(workers), 0)
        self._retiring: list[Worker] = []
        self._rolling: list[int] = []
        self._next: Worker | None = None
        self._deadline: float | None = None
        self._any_was_ready = False
        self._status = 0
        self._selector = selectors.DefaultSelector()
        self._wakeup, wake = os.pipe()
        os.set_blocking(self._wakeup, False)  # as it is called
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, _ignore)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)  # as this process was, too, while it was a router
        self._selector.register(self._wakeup, selectors.EVENT_READ)

    def run(self) -> int:
        """Supervise until told to stop, and return the exit status."""
        while self._deadline is None or self._alive():
            self._begin_due()
            for key, _ in self._selector.select(self._seconds()):
                if key.fd == self._wakeup:
                    self._hear(os.read(self._wakeup, 1024))
                else:
                    self._heard_of(key.data)
            self._reap()
            self._roll()
            if self._deadline is not None and time.monotonic() > self._deadline:
                self._signal(signal.SIGKILL)
        return self._status

    def _alive(self) -> list[Worker]:
        return [each for each in (*self._seats.values(), *self._retiring, self._next) if each is not None]

    def _seconds(self) -> float:
        """Until something is to be done even if nothing happens."""
        due = [] if self._deadline is not None else [self._due[n] for n, each in self._seats.items() if each is None]
        moments = [*due, *([] if self._deadline is None else [self._deadline])]
        return max(0.0, min((moment - time.monotonic() for moment in moments), default=_IDLE_SECONDS)) + 0.01

    def _begin_due(self) -> None:
        for number, worker in self._seats.items():
            if worker is None and self._deadline is None and time.monotonic() >= self._due[number]:
                self._seats[number] = self._begin(number)

    def _begin(self, number: int) -> Worker:
        ready, tell = os.pipe()
        watch, parent = os.pipe()
        told = {
            "ROUTER_WORKER": str(number),
            "ROUTER_LISTENER_FD": str(self._listener),
            "ROUTER_READY_FD": str(tell),
            "ROUTER_PARENT_FD": str(watch),
        }
        signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)  # which the new process inherits
        process = subprocess.Popen(  # noqa: S603  # our own command
            self._command, env={**os.environ, **told}, pass_fds=(self._listener, tell, watch)
        )
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
        os.close(tell)
        os.close(watch)
        worker = Worker(number, process, ready, parent)
        self._selector.register(ready, selectors.EVENT_READ, worker)
        return worker

    def _heard_of(self, worker: Worker) -> None:
        """A worker is ready, or gone."""
        self._selector.unregister(worker.ready)
        if os.read(worker.ready, 1):
            if not self._any_was_ready:
                self._log.say("info", self._log.greeting)
            worker.is_ready = self._any_was_ready = True
            self._failures[worker.number] = 0

    def _hear(self, signals: bytes) -> None:
        for number in signals:
            match number:
                case signal.SIGTERM | signal.SIGINT:
                    self._stop(again=self._deadline is not None)
                case signal.SIGHUP:
                    self._signal(signal.SIGHUP)
                case signal.SIGUSR2 if self._deadline is None and not self._rolling:
                    self._rolling = list(self._seats)
                case _:
                    pass

    def _stop(self, *, again: bool) -> None:
        self._rolling = []
        if again:
            self._signal(signal.SIGKILL)
        elif self._deadline is None:
            os.close(self._listener)  # so that nobody waits in vain once no worker listens any more
            self._signal(signal.SIGTERM)
        self._status = 1 if again else self._status
        self._deadline = self._deadline or time.monotonic() + self._grace + _SLACK_SECONDS

    def _signal(self, number: signal.Signals) -> None:
        """Signal all workers; those that end in order already are only to be killed."""
        for each in self._alive():
            if number is signal.SIGKILL or each not in self._retiring:
                each.process.send_signal(number)  # which does nothing if it is gone

    def _reap(self) -> None:
        for worker in self._alive():
            if worker.process.poll() is None:
                continue
            if worker.ready in self._selector.get_map():
                self._selector.unregister(worker.ready)
            os.close(worker.ready)
            os.close(worker.parent)
            self._ended(worker)

    def _ended(self, worker: Worker) -> None:
        if worker in self._retiring:
            self._retiring.remove(worker)
        elif worker is self._next:
            if self._deadline is None:
                self._log.say("error", f"The new worker {worker.number} {_ending(worker)}; the old ones stay.")
            self._next, self._rolling = None, []
        else:
            self._seats[worker.number] = None
            if self._deadline is None:
                self._again(worker)

    def _again(self, worker: Worker) -> None:
        """Replace a worker that died, unless none has ever worked."""
        if not self._any_was_ready:
            self._status = max(worker.process.returncode, 1)
            self._stop(again=False)
            return
        steady = time.monotonic() - worker.began > _STEADY_SECONDS
        failures = self._failures[worker.number] = 1 if steady else self._failures[worker.number] + 1
        pause = min(_SHORTEST_PAUSE * 2 ** (failures - 1), _LONGEST_PAUSE)
        self._due[worker.number] = time.monotonic() + pause
        self._log.say("error", f"Worker {worker.number} {_ending(worker)}; another one starts in {pause:g} s.")

    def _roll(self) -> None:
        """Replace the workers one after the other."""
        if not self._rolling or self._deadline is not None:
            return
        number = self._rolling[0]
        if self._next is None:
            self._next = self._begin(number)
        elif self._next.is_ready:
            old, self._seats[number] = self._seats[number], self._next
            self._next = None
            self._rolling.pop(0)
            if old is not None:
                self._retiring.append(old)
                old.process.send_signal(signal.SIGTERM)
            if not self._rolling:
                self._log.say("info", "All workers have successors.")
            self._roll()


def _ending(worker: Worker) -> str:
    status = worker.process.returncode
    return f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


class Log:
    """Lines about the workers, in the form of theirs.

    Attributes:
        greeting: what there is to say as soon as one answers.
    """

    def __init__(self, greeting: str, *, is_json: bool) -> None:
        self.greeting = greeting
        self._is_json = is_json

    def say(self, level: str, message: str) -> None:
        time_ = datetime.now(UTC).isoformat(timespec="milliseconds")
        entry = {"time": time_, "level": level, "logger": "router.supervisor", "message": message}
        sys.stderr.write(f"{json.dumps(entry, separators=(',', ':')) if self._is_json else message}\n")
        sys.stderr.flush()


def _ignore(number: int, frame: FrameType | None) -> None:
    """The wake-up descriptor tells of it."""


def main() -> int:
    """Do what the first argument says, as JSON."""
    told: dict[str, Any] = json.loads(sys.argv[1])
    log = Log(told["greeting"], is_json=told["json"])
    return Supervisor(told["command"], told["workers"], told["listener"], told["grace_seconds"], log).run()


if __name__ == "__main__":
    sys.exit(main())
