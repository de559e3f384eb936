"""Each wall between tenants is taken away in turn, in a copy of the repository; some test there has to fail.

A mutant that no test notices is a wall that nobody would miss: mend the tests, or take it away.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.isolation.mutants import Mutant, mutants_of

ROOT = Path(__file__).parents[2]
CODE = ("router", "shared", "studium", "subgraphs", "schema", "tests", "pyproject.toml")
FAILED = 1

pytestmark = pytest.mark.timeout(3600)


@dataclass(frozen=True, slots=True)
class Place:
    """A mutant, and the module it is of."""

    module: Path
    mutant: Mutant

    def __str__(self) -> str:
        return f"{self.module}, line {self.mutant.line}: {self.mutant.what}"

    @property
    def tests(self) -> list[str]:
        """The likeliest to notice: those of the module's package, then all of isolation."""
        near = Path("tests", *self.module.parts[:2]).with_suffix("")
        return [str(near), "tests/isolation"] if (ROOT / near).is_dir() else ["tests/isolation"]


def places() -> list[Place]:
    """In all that serves tenants; migrations are history."""
    modules = [path for root in ("shared", "subgraphs") for path in sorted((ROOT / root).rglob("*.py"))]
    return [
        Place(path.relative_to(ROOT), mutant)
        for path in modules
        if "migrations" not in path.parts
        for mutant in mutants_of(path.read_text())
    ]


@pytest.fixture(scope="session")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's code, which a test may change."""
    folder = tmp_path_factory.mktemp("mutants")
    for name in CODE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.mark.parametrize("place", places(), ids=str)
def test_some_test_notices(copied: Path, place: Place) -> None:
    module = copied / place.module
    module.write_text(place.mutant.code)
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", *place.tests]
    environment = os.environ | {"PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        ended = subprocess.run(command, cwd=copied, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own tests
    finally:
        module.write_text((ROOT / place.module).read_text())
    assert ended.returncode == FAILED, ended.stdout[-2000:]
