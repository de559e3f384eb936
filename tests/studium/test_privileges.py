"""PostgreSQL refuses root; how it runs all the same, on machines that allow more or less."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from studium.embedded import CannotStart, DataFolder, EmbeddedServers, Ports, Supervisor, privileges

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


@pytest.fixture
def public() -> Generator[Path]:
    """A folder that everybody can pass through, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that forbids them."""
    monkeypatch.setattr(privileges, "_namespaces_work", lambda: False)


@pytest.mark.usefixtures("no_namespaces")
class TestWithoutNamespaces:
    async def test_it_runs_as_nobody_with_a_copy_of_its_programs(self, public: Path) -> None:
        owner = await start_postgres(public / "data")
        assert owner == "nobody"

    async def test_says_when_nobody_cannot_reach_the_data(self, tmp_path: Path) -> None:
        """Pytest's folders are private."""
        with pytest.raises(CannotStart, match=rf"the user nobody cannot reach {tmp_path}/data through /"):
            await start_postgres(tmp_path / "data")


async def start_postgres(root: Path) -> str:
    """Start it, stop it, and tell who owned the process."""
    folder = DataFolder(root)
    folder.open()
    supervisor = Supervisor(say=lambda _: None)
    try:
        await EmbeddedServers(folder, Ports(folder), wanted={"postgres"}, durable=False).start(supervisor)
        return pwd.getpwuid(os.stat(f"/proc/{supervisor.pid('postgres')}").st_uid).pw_name  # noqa: PTH116 - /proc does not block
    finally:
        await supervisor.stop()
        folder.close()
