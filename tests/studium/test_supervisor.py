"""The supervisor: what it does when its children, or it itself, are killed."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from studium.embedded import Supervisor, supervisor
from studium.embedded.child import Child, Probe
from studium.embedded.pidfile import PidFile, started
from tests.patience import PATIENCE_SECONDS
from tests.studium.conftest import Host, is_running, kill, sleeper, wait_until

Start = Callable[..., Host]


class TestChildren:
    def test_a_killed_server_is_started_again(self, start_host: Start) -> None:
        host = start_host()
        assert host.line() == "ready"
        first = host.valkey
        kill(first)
        assert host.line() == "valkey was killed by SIGKILL; starting it again in 0.1 s"
        assert host.line() == "valkey is back"
        assert host.valkey != first

    def test_children_lead_process_groups_of_their_own(self, start_host: Start) -> None:
        host = start_host()
        assert host.line() == "ready"
        assert os.getpgid(host.valkey) == host.valkey

    def test_sigterm_stops_them_all(self, start_host: Start) -> None:
        host = start_host()
        assert host.line() == "ready"
        valkey = host.valkey
        assert host.stop() == 0
        assert not is_running(valkey)
        assert list((host.root / "pids").iterdir()) == []


class TestAKilledSupervisor:
    def test_takes_its_servers_with_it_and_blocks_nothing(self, start_host: Start) -> None:
        killed = start_host()
        assert killed.line() == "ready"
        orphan = killed.valkey
        killed.kill()
        wait_until(lambda: not is_running(orphan))
        assert start_host().line() == "ready"

    def test_leaves_nobody_whom_the_next_start_would_not_stop(self, start_host: Start) -> None:
        """As on a system whose kernel sends no death signal."""
        first = start_host()
        assert first.line() == "ready"
        first.stop()
        with sleeper() as survivor:
            _write_pid(first.root, survivor.pid, began=started(survivor.pid))
            assert start_host().line() == "ready"
            assert survivor.wait(5) == -signal.SIGTERM

    def test_leaves_a_pid_that_may_be_somebody_elses_now(self, start_host: Start) -> None:
        first = start_host()
        assert first.line() == "ready"
        first.stop()
        with sleeper() as stranger:
            _write_pid(first.root, stranger.pid, began="another boot/1")
            assert start_host().line() == "ready"
            assert stranger.poll() is None
            stranger.kill()


class TestStopping:
    async def test_ends_though_a_child_answers_as_it_begins(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(supervisor, "_HEALTH_SECONDS", 0.01)
        supervised = Supervisor(say=bool)
        stopping = list[asyncio.Task[None]]()
        asked = asyncio.Event()

        async def answer() -> None:
            if not asked.is_set():
                stopping.append(asyncio.create_task(supervised.stop()))
                await asyncio.sleep(0)  # it begins
                await asyncio.sleep(0)  # and cancels what waits for this
                asked.set()

        await supervised.start(_child(tmp_path, "one", health=answer))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asked.wait()
            await stopping[0]
        assert not PidFile(tmp_path / "one.json").path.exists()

    async def test_leaves_nobody_who_was_started_again_meanwhile(self, tmp_path: Path) -> None:
        supervised = Supervisor(say=bool)
        await supervised.start(_child(tmp_path, "first"))
        await supervised.start(_child(tmp_path, "second", stage=1, deaf=True))
        first, second = supervised.pid("first"), supervised.pid("second")
        stopping = asyncio.create_task(supervised.stop())
        await asyncio.sleep(0)
        kill(first)
        await asyncio.to_thread(wait_until, lambda: _pid(tmp_path / "first.json") != first)
        again = _pid(tmp_path / "first.json")
        kill(second)
        await stopping
        assert not is_running(again)


class TestPostgres:
    def test_starts_once_the_last_process_of_a_killed_one_is_gone(self, start_host: Start) -> None:
        killed = start_host("postgres")
        assert killed.line() == "ready"
        postmaster = killed.pid("postgres")
        straggler = _children(postmaster)[0]
        os.kill(straggler, signal.SIGSTOP)
        killed.kill()
        kill(postmaster)
        second = start_host("postgres")
        log = second.root / "logs" / "postgres.log"
        wait_until(lambda: "FATAL:  pre-existing shared memory block" in log.read_text())
        kill(straggler)
        assert second.line() == "ready"


class TestTheDataFolder:
    def test_has_one_supervisor_at_a_time(self, start_host: Start) -> None:
        first = start_host()
        assert first.line() == "ready"
        second = start_host()
        assert second.line().startswith(
            f"Studium is already running on {first.root} (process {first.process.pid}); stop it first"
        )
        assert second.process.wait(5) == 1

    def test_is_private(self, start_host: Start) -> None:
        host = start_host()
        assert host.line() == "ready"
        assert {path.stat().st_mode & 0o077 for path in host.root.rglob("*")} == {0}
        assert host.root.stat().st_mode & 0o777 == 0o700

    def test_keeps_the_port_between_starts(self, start_host: Start) -> None:
        first = start_host()
        assert first.line() == "ready"
        ports = (first.root / "ports.json").read_text()
        first.stop()
        assert start_host().line() == "ready"
        assert (first.root / "ports.json").read_text() == ports


def _child(folder: Path, name: str, *, health: Probe | None = None, stage: int = 0, deaf: bool = False) -> Child:
    """A child that has begun as soon as there is a file of its name; SIGTERM does not end one that is deaf."""

    async def probe() -> None:
        (folder / name).stat()

    ends = "SIG_IGN" if deaf else "SIG_DFL"
    program = f"""import pathlib, signal, time
signal.signal(signal.SIGTERM, signal.{ends})
pathlib.Path({str(folder / name)!r}).touch()
time.sleep(600)"""
    return Child(
        name=name,
        command=(sys.executable, "-c", program),
        probe=probe,
        health=health,
        log=folder / f"{name}.log",
        pid_file=PidFile(folder / f"{name}.json"),
        stage=stage,
        stop_seconds=PATIENCE_SECONDS,
    )


def _pid(file: Path) -> int:
    return int(json.loads(file.read_text())["pid"])


def _write_pid(root: Path, pid: int, *, began: str | None) -> None:
    record = {"pid": pid, "started": began, "stop_signal": signal.SIGTERM}
    (root / "pids" / "valkey.json").write_text(json.dumps(record))


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
