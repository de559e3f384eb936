"""The history of the courses subgraph's tables, run once per tenant schema."""

from pathlib import Path
from typing import Final

from shared.tenancy.migrate import SubgraphMigrations

MIGRATIONS: Final = SubgraphMigrations("courses", Path(__file__).parent / "versions")
