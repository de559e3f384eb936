"""Several workers are kept running by one process, which ends when they have."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

import pytest

from router.serve.life import supervisor
from router.serve.life.server import bound
from tests.patience import PATIENCE_SECONDS

T = TypeVar("T")

pytestmark = [pytest.mark.xdist_group("life"), pytest.mark.timeout(6 * PATIENCE_SECONDS)]

BEGUN = """
import os, signal, socket, sys, time
listener = socket.socket(fileno=int(os.environ["ROUTER_LISTENER_FD"]))
"""
READY = """
os.write(int(os.environ["ROUTER_READY_FD"]), b"1")
os.write(1, b"ready\\n")
while True:
    time.sleep(0.05)  # a signal may come right before: one that waits for it alone would never hear of it
"""
PLAIN = f"{BEGUN}signal.signal(signal.SIGTERM, lambda *_: os._exit(0)){READY}"
LINGERING = f"""{BEGUN}
def end(*_):
    listener.close()
    os.write(1, b"closed\\n")
    sys.stdin.readline()
    os._exit(0)

signal.signal(signal.SIGTERM, end){READY}"""
LATE = f"""{BEGUN}
os.write(1, b"begun\\n")
sys.stdin.readline()
signal.signal(signal.SIGHUP, lambda *_: os.write(1, b"looked\\n"))
signal.pthread_sigmask(signal.SIG_UNBLOCK, {{signal.SIGHUP}}){READY}"""
HANGING_WHEN_SECOND = f"""{BEGUN}
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
try:
    os.mkdir(sys.argv[1])
except FileExistsError:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.write(1, b"hangs\\n")
    signal.pause(){READY}"""


class Supervised:
    """A supervisor and its workers.

    Attributes:
        port: that the workers share.
    """

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.port = port
        self.input: IO[str] = process.stdin
        self.output: IO[str] = process.stdout

    def lines(self, count: int) -> list[str]:
        """What workers say."""
        return [self.output.readline().strip() for _ in range(count)]

    def go_on(self) -> None:
        """Let a worker go on that waits for it."""
        self.input.write("\n")
        self.input.flush()

    def others(self, than: list[int], count: int) -> list[int] | None:
        """So many workers, none of which is one of these."""
        pid = self.process.pid
        found = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return found if len(found) == count and not set(found) & set(than) else None

    def ended(self) -> str:
        """What has been said of the workers by the time that they have ended in order."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=3 * PATIENCE_SECONDS)[1]


@contextmanager
def supervised(worker: str, *arguments: str, workers: int = 1, is_json: bool = False) -> Generator[Supervised]:
    with bound("127.0.0.1", 0) as listener:
        told = {
            "command": [sys.executable, "-I", "-S", "-c", worker, *arguments],
            "workers": workers,
            "listener": listener.fileno(),
            "grace_seconds": 300,
            "greeting": "Serving",
            "json": is_json,
        }
        process = subprocess.Popen(  # noqa: S603  # ours
            [sys.executable, "-I", "-S", str(supervisor.__file__), json.dumps(told)],
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        port = listener.getsockname()[1]
    with process:
        try:
            yield Supervised(process, port)
        finally:
            process.terminate()


def until(found: Callable[[], T | None]) -> T:
    """What is there sooner or later."""
    ends = time.monotonic() + 3 * PATIENCE_SECONDS
    while (value := found()) is None:
        assert time.monotonic() < ends
        time.sleep(0.02)
    return value


def test_workers_are_replaced_when_they_die_and_on_demand_and_all_end_with_status_0() -> None:
    with supervised(PLAIN, workers=2) as served:
        assert served.lines(2) == ["ready"] * 2
        first = until(lambda: served.others([], 2))
        os.kill(first[0], signal.SIGKILL)
        second = until(lambda: served.others(first[:1], 2))
        assert first[1] in second
        assert served.lines(1) == ["ready"]
        served.process.send_signal(signal.SIGUSR2)
        third = until(lambda: served.others(second, 2))
        told = served.ended().splitlines()
        assert served.process.returncode == 0
    killed = [f"Worker {number} was killed by SIGKILL; another one starts in 0.2 s." for number in range(2)]
    assert told in [["Serving", each, "All workers have successors."] for each in killed]
    assert not [each for each in third if Path(f"/proc/{each}").exists()]


def test_nobody_is_kept_waiting_once_no_worker_listens_any_more() -> None:
    with supervised(LINGERING) as served:
        assert served.lines(1) == ["ready"]
        socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE_SECONDS).close()
        served.process.send_signal(signal.SIGTERM)
        assert served.lines(1) == ["closed"]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE_SECONDS)
        assert served.process.poll() is None
        served.go_on()
        assert served.process.wait(timeout=3 * PATIENCE_SECONDS) == 0


def test_a_worker_that_starts_looks_for_another_supergraph_as_soon_as_it_can() -> None:
    with supervised(LATE) as served:
        assert served.lines(1) == ["begun"]
        served.process.send_signal(signal.SIGHUP)
        served.go_on()
        assert sorted(served.lines(2)) == ["looked", "ready"]
        served.process.send_signal(signal.SIGHUP)
        assert served.lines(1) == ["looked"]
        served.ended()


def test_a_new_worker_that_is_told_to_end_with_the_others_is_no_failure(tmp_path: Path) -> None:
    with supervised(HANGING_WHEN_SECOND, str(tmp_path / "first"), is_json=True) as served:
        assert served.lines(1) == ["ready"]
        served.process.send_signal(signal.SIGUSR2)
        assert served.lines(1) == ["hangs"]
        (told,) = map(json.loads, served.ended().splitlines())
        assert served.process.returncode == 0
    assert (told["level"], told["logger"], told["message"]) == ("info", "router.supervisor", "Serving")
