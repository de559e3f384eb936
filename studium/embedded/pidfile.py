"""Who is running: a file for each child, that recognises the very process it was written for."""

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from studium.embedded.files import write_private

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_START_TIME_FIELD: Final = 19  # field 22 of /proc/PID/stat, counted after the parenthesised command
_STATE_FIELD: Final = 0
_PAUSE: Final = 0.02


@dataclass(frozen=True, slots=True)
class PidFile:
    """Remembers a process by its pid and its start time, so that a pid given to someone else is not mistaken for it."""

    path: Path

    def write(self, pid: int, stop_signal: signal.Signals) -> None:
        record = {"pid": pid, "started": started(pid), "stop_signal": int(stop_signal)}
        write_private(self.path, json.dumps(record) + "\n")

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def leftover(self) -> "Leftover | None":
        """The process of an earlier supervisor, if it still runs."""
        record = self._read()
        pid, began = record.get("pid"), record.get("started")
        if not isinstance(pid, int) or not isinstance(began, str) or started(pid) != began:
            return None
        return Leftover(pid, began, signal.Signals(int(record.get("stop_signal", signal.SIGTERM))))

    def _read(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            content: object = json.loads(self.path.read_text())
            if isinstance(content, dict):
                return cast("dict[str, Any]", content)
        return {}


@dataclass(frozen=True, slots=True)
class Leftover:
    """A child whose supervisor is gone. It leads a process group of its own."""

    pid: int
    started: str
    stop_signal: signal.Signals

    def ask(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, self.stop_signal)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def wait(self, deadline: float) -> bool:
        """Whether it is gone by `deadline` (`time.monotonic`)."""
        while started(self.pid) == self.started:
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE)
        return True


def stop_leftovers(folder: Path, *, patience: float) -> int:
    """Stop what an earlier supervisor left running, and remove every pid file.

    Call only as the owner of the folder's lock: then none of them can be somebody's child.

    Args:
        folder: where the pid files are.
        patience: seconds they have to end by themselves after their stop signal, before they are killed.

    Returns: how many there were.

    """
    files = [PidFile(path) for path in folder.glob("*.json")]
    leftovers = [leftover for file in files if (leftover := file.leftover()) is not None]
    for leftover in leftovers:
        leftover.ask()
    deadline = time.monotonic() + patience
    for leftover in leftovers:
        if not leftover.wait(deadline):
            leftover.kill()
            leftover.wait(time.monotonic() + patience)
    for file in files:
        file.remove()
    return len(leftovers)


def started(pid: int) -> str | None:
    """When the process began, as a text that no other process on this machine ever has; None if it does not run."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _started_by_ps(pid) if not _BOOT_ID.exists() else None
    if fields[_STATE_FIELD] in {"Z", "X"}:
        return None
    return f"{_BOOT_ID.read_text().strip()}/{fields[_START_TIME_FIELD]}"


def _started_by_ps(pid: int) -> str | None:
    """For systems without /proc."""
    shown = subprocess.run(["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603 - a number is the only argument
    return shown.stdout.strip() or None
