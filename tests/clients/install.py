"""Install the clients that the router is tested with: `python -m tests.clients.install`."""

import sys

from studium.npm import NpmError, install
from tests.clients.outcomes import HERE

FEDERATION = HERE.parent / "conformance" / "fedtest"
"""Apollo's own tests of federation."""


def main() -> int:
    """Install what the locks name; return an exit status."""
    try:
        install(HERE)
        install(FEDERATION)
    except NpmError as error:
        sys.stderr.write(f"The clients were not installed: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
