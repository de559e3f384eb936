"""The history of the content subgraph's tables, run once per tenant schema."""

from pathlib import Path
from typing import Final

from shared.tenancy.migrate import SubgraphMigrations
from shared.vectors.baseline import EXTENSION

MIGRATIONS: Final = SubgraphMigrations("content", Path(__file__).parent / "versions", extensions=(EXTENSION,))
