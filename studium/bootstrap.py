"""Set up `.venv` on a machine that has only Python 3.11: `python3.11 studium/bootstrap.py [--dev]`.

The first half needs nothing but the standard library. It makes the virtual environment, installs the few packages of
`requirements-bootstrap.lock` (uv, rich) and starts itself again inside; the second half shows each step with rich.
Nothing is done twice: a step is skipped while the files it depends on are unchanged.
"""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIRED = (3, 11)


def main(arguments: Sequence[str]) -> int:
    """Make or complete the environment; return an exit status."""
    if sys.version_info[:2] != REQUIRED:
        return _fail(f"Studium needs Python 3.11; this is {sys.version.split()[0]}. Set PYTHON=/path/to/python3.11.")
    if Path(sys.prefix).resolve() == VENV.resolve():
        return _install(dev="--dev" in arguments)
    if not (PYTHON.exists() and _done("venv", [])) and (status := _make_environment()):
        return status
    lock = ROOT / "requirements-bootstrap.lock"
    if not _done("bootstrap", [lock]):
        status = _run([str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(lock)])
        if status:
            return _fail("The installer could not be installed: is the package index reachable?")
        _mark("bootstrap", [lock])
    return os.execv(PYTHON, [str(PYTHON), str(Path(__file__).resolve()), *arguments])  # noqa: S606 - our own interpreter


def _make_environment() -> int:
    """Create `.venv` with pip in it, anew if an earlier attempt was cut short."""
    if _run([sys.executable, "-m", "venv", "--clear", str(VENV)]):
        return _fail("Python could not make a virtual environment (on Debian: apt install python3.11-venv).")
    _mark("venv", [])
    return 0


def _install(*, dev: bool) -> int:
    """Install the locked packages, this project and the browser assets, each step shown with its time."""
    from rich.console import Console

    console = Console()
    lock = ROOT / ("requirements-dev.lock" if dev else "requirements.lock")
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON)]
    steps: list[tuple[str, str, list[Path], list[str]]] = [
        (
            f"packages-{lock.stem}",
            f"Installing {_count(lock)} packages from {lock.name}",
            [lock],
            [*uv, "--require-hashes", "--compile-bytecode", "-r", str(lock)],
        ),
        (
            "project",
            "Linking the project",
            [ROOT / "pyproject.toml"],
            [*uv, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
        ),
    ]
    for name, title, inputs, command in steps:
        if _done(name, inputs):
            continue
        began = time.monotonic()
        with console.status(title + " …"):
            status = _run(command)
        if status:
            return _fail(f"{title} failed; the message above says why.")
        _mark(name, inputs)
        console.print(f"[green]✓[/] {title} [dim]{time.monotonic() - began:.1f} s[/]")
    if dev:
        _install_clients(console)
    return _build_assets(console)


def _install_clients(console: "Console") -> None:
    """Get the clients that the router is tested with; without npm's registry their tests are skipped, and say so."""
    folder = ROOT / "tests" / "clients"
    inputs = [folder / "package-lock.json"]
    if (folder / "node_modules").is_dir() and _done("clients", inputs):
        return
    with console.status("Installing GraphQL clients …"):
        status = _run([str(PYTHON), "-m", "tests.clients.install"])
    if status:
        console.print("[yellow]The tests with GraphQL clients are skipped; the next `make test` tries again.[/]")
    else:
        _mark("clients", inputs)


def _build_assets(console: "Console") -> int:
    """Bundle GraphiQL's own files; without npm's registry the platform still runs, so a failure is only said."""
    folder = ROOT / "web" / "graphiql"
    inputs = sorted(path for path in folder.rglob("*") if path.is_file() and "node_modules" not in path.parts)
    if _done("graphiql", inputs):
        return 0
    with console.status("Bundling GraphiQL …"):
        status = _run([str(PYTHON), str(folder / "build.py")])
    if status:
        console.print("[yellow]Everything else works; the next `make up` tries GraphiQL again.[/]")
    else:
        _mark("graphiql", inputs)
    return 0


def _run(command: Sequence[str]) -> int:
    return subprocess.run(command, check=False, cwd=ROOT).returncode  # noqa: S603 - fixed commands of this file


def _count(lock: Path) -> int:
    return sum(line[:1].isalnum() for line in lock.read_text(encoding="utf-8").splitlines())


def _digest(inputs: Sequence[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()


def _done(name: str, inputs: Sequence[Path]) -> bool:
    stamp = VENV / f".done-{name}"
    return stamp.exists() and stamp.read_text(encoding="utf-8") == _digest(inputs)


def _mark(name: str, inputs: Sequence[Path]) -> None:
    (VENV / f".done-{name}").write_text(_digest(inputs), encoding="utf-8")


def _fail(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
