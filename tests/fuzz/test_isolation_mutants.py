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
LOCK = "a lock: one for all is waited for longer"
WAKES = "of a channel that wakes and says nothing: the id behind it is nobody else's, and what is read is the tenant's"
SCHEMA = "the grant or the session is looked for in the tenant's own schema"
ROWS = "the database shows each tenant its own rows alone: `tests/shared/tenancy/test_own_record.py`"
NO_WALLS = {
    ("shared/database.py", "await self._server_of(tenant_id) != server"): "whether it was moved: `test_placement.py`",
    (
        "shared/events/consume.py",
        "self._waiting[tenant_id]",
    ): "whose turn it is: an event names its own tenant",
    ("shared/search/folder.py", "self._open[tenant_id]"): "what is kept there is had by the tenant alone: a miss reads",
    ("shared/search/folder.py", "{tenant_id.hex}"): "of a folder whose name has a random part, until it is moved",
    ("shared/search/tantivy.py", "self._writing[caller.tenant_id]"): LOCK,
    ("shared/tenancy/domains.py", "_domains.c.tenant_id == caller.tenant_id"): ROWS,
    ("shared/tenancy/jobs.py", "jobs.c.tenant_id == caller.tenant_id"): ROWS,
    ("shared/tenancy/migrate.py", "(tenant_id, error)"): "what an error says",
    ("subgraphs/auth/service/oauth.py", "caller.tenant_id == issuer.tenant.id"): SCHEMA,
    ("subgraphs/auth/service/oauth_exchange.py", "actor.tenant_id == self.server.issuer.tenant.id"): SCHEMA,
    ("subgraphs/auth/service/oauth_tokens.py", "caller.tenant_id != server.issuer.tenant.id"): SCHEMA,
    ("subgraphs/content/service/indexing.py", "self._building[caller.tenant_id]"): LOCK,
    ("subgraphs/notifications/service.py", "{tenant_id}"): WAKES,
    ("subgraphs/users/service/data_requests.py", "{tenant_id}"): WAKES,
    ("subgraphs/users/service/rosters.py", "{tenant_id}"): WAKES,
    (
        "subgraphs/users/service/sign_up.py",
        "{caller.tenant_id}",
    ): "of a salt: no answer shows that hashes are alike",
}
"""Mutants that behave as the code does, and why."""

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
        """The likeliest to notice: those of the module or its package, then all of isolation."""
        package = Path("tests", *self.module.parts[:2])
        module = package.with_name(f"test_{package.name}")
        near = [str(path) for path in (package, module) if (ROOT / path).exists()]
        return [*near, "tests/isolation"]

    @property
    def is_a_wall(self) -> bool:
        return (str(self.module), self.mutant.what) not in NO_WALLS


def places() -> list[Place]:
    """In all that serves tenants; migrations are history."""
    modules = [path for root in ("shared", "subgraphs") for path in sorted((ROOT / root).rglob("*.py"))]
    return [
        Place(path.relative_to(ROOT), mutant)
        for path in modules
        if "migrations" not in path.parts
        for mutant in mutants_of(path.read_text())
    ]


def test_what_is_no_wall_is_still_there() -> None:
    assert {(str(each.module), each.mutant.what) for each in places()} >= NO_WALLS.keys()


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


@pytest.mark.parametrize("place", [each for each in places() if each.is_a_wall], ids=str)
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
