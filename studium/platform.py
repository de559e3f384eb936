"""The one list of subgraphs, and where each keeps what the platform needs of it.

Nothing of a subgraph is imported before it is asked for: commands that need none start fast.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from shared.tenancy.migrate import SubgraphMigrations

SUBGRAPHS: Final = ("auth", "users", "courses", "content", "analytics", "notifications")

_EXTENSIONS: Final[dict[str, tuple[str, ...]]] = {"content": ("vector",)}
_ROOT: Final = Path(__file__).parent.parent


def migration_folders() -> dict[str, Path]:
    """The folder of version files of each subgraph."""
    return {name: _ROOT / "subgraphs" / name / "migrations" / "versions" for name in SUBGRAPHS}


def migrations() -> "list[SubgraphMigrations]":
    """What every subgraph needs in PostgreSQL."""
    from shared.tenancy.migrate import SubgraphMigrations

    return [SubgraphMigrations(name, folder, _EXTENSIONS.get(name, ())) for name, folder in migration_folders().items()]
