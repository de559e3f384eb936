"""Install the tools that judge the running router: `python -m tests.conformance.judges.install`.

They have an environment of their own: what they need is nothing to the project.
"""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Final

from studium.bootstrap import VENV

HERE: Final = Path(__file__).resolve().parent
LOCK: Final = HERE / "requirements.lock"
TOOLS: Final = VENV / "judges"
_DONE: Final = TOOLS / ".done"


def main() -> int:
    """Install what the lock names, unless it is there; return an exit status."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if _DONE.exists() and _DONE.read_text(encoding="utf-8") == digest:
        return 0
    uv = str(VENV / "bin" / "uv")
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(TOOLS)],
        [
            uv,
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "--python",
            str(TOOLS / "bin" / "python"),
            "-r",
            str(LOCK),
        ],
    ):
        status = subprocess.run(command, check=False).returncode  # noqa: S603  # the project's own installer
        if status:
            sys.stderr.write("The judges were not installed; the message above says why.\n")
            return status
    _DONE.write_text(digest, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
