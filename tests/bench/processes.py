"""Memory, CPU and cores of a tree of processes, read from /proc (Linux)."""

import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path

CORES = (frozenset({0}), frozenset({1}))
"""For what is measured, and for everything else."""

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """One process: its command shortened, its proportional memory in MB, the CPU seconds it has used."""

    pid: int
    command: str
    megabytes: float
    cpu: float


def tree(root: int) -> list[int]:
    """The process `root` and all its descendants."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (parent := _parent(int(folder.name))) is not None:
            parents.setdefault(parent, []).append(int(folder.name))
    found: list[int] = []
    queue = [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue += parents.get(pid, [])
    return found


def usage(root: int) -> list[Usage]:
    """What each living process of the tree uses, largest memory first."""
    seen = [_usage(pid) for pid in tree(root)]
    return sorted((one for one in seen if one), key=lambda one: -one.megabytes)


def cpu(pids: list[int]) -> float:
    """CPU seconds used so far by these processes together."""
    return sum(_cpu(pid) for pid in pids)


def pin(pids: list[int], cores: frozenset[int]) -> None:
    """Ask the kernel to run these processes and their threads on these cores."""
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").glob("*"):
            try:
                os.sched_setaffinity(int(thread.name), cores)
            except (OSError, ProcessLookupError):
                continue


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that were free a moment ago."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _usage(pid: int) -> Usage | None:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    pss = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
    command = " ".join(Path(word).name for word in (w.decode(errors="replace") for w in words) if word)
    return Usage(pid, command[:60], int(pss[1]) / 1024 if pss else 0.0, _cpu(pid))


def _cpu(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICK if fields else 0.0


def _parent(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command, which may hold spaces; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
