"""The control database's own migrations, run in the schema ``control``."""

from pathlib import Path
from typing import Final

VERSIONS: Final = Path(__file__).parent / "versions"
