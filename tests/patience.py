"""How long tests wait."""

from typing import Final

PATIENCE_SECONDS: Final = 60
"""For what is bound to happen: far beyond what a busy machine needs, since only a failing test waits as long."""
