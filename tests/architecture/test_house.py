"""The house stands as it is laid out: packages, rooms, locks, and nothing in the repository that does not belong."""

import re
import subprocess
import tomllib
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("router", "shared", "studium", "subgraphs")
SUBGRAPHS = ("auth", "users", "courses", "content", "analytics", "notifications")
ROOMS = (
    "__init__.py",
    "app.py",
    "settings.py",
    "schema.py",
    "resolvers",
    "types",
    "context.py",
    "loaders.py",
    "service",
    "store",
    "models",
    "migrations",
)
"""`consumers`, `events` and `errors` stand where a subgraph hears, tells or refuses something of its own."""
LOCKS = ("bootstrap-", "production-", "", "dev-")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - whichever git the machine has
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def locked(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pins = (re.match(r"([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", line) for line in lines)
    return {pin[1].lower(): pin[2] for pin in pins if pin}


class TestPackages:
    @pytest.mark.parametrize("name", PACKAGES)
    def test_an_import_of_ours_comes_from_this_repository(self, name: str) -> None:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        assert Path(spec.origin).is_relative_to(ROOT)

    @pytest.mark.parametrize("subgraph", SUBGRAPHS)
    def test_every_subgraph_has_every_room(self, subgraph: str) -> None:
        house = ROOT / "subgraphs" / subgraph
        missing = [room for room in ROOMS if not (house / room).exists() and not (house / f"{room}.py").exists()]
        assert missing == []

    def test_no_module_has_outgrown_its_room(self) -> None:
        sources = [path for path in tracked() if path.suffix == ".py"]
        long = {str(path.relative_to(ROOT)) for path in sources if len(path.read_text().splitlines()) > 500}
        assert long == set()


class TestLocks:
    def test_each_lock_agrees_with_the_next_wider_one(self) -> None:
        locks = [locked(f"requirements-{kind}".rstrip("-") + ".lock") for kind in ("production-", "", "dev-")]
        for narrow, wide in pairwise(locks):
            assert narrow.items() <= wide.items()

    def test_every_dependency_is_locked_at_the_pinned_version(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        pins = locked("requirements.lock")
        for requirement in project["dependencies"] + project["optional-dependencies"]["embedded"]:
            name, _, version = re.sub(r"\[.*\]", "", requirement).partition("==")
            assert re.split(r"[<>=~]", name)[0].lower() in pins
            assert not version or pins[name.lower()] == version

    @pytest.mark.parametrize("kind", LOCKS)
    def test_every_locked_package_carries_hashes(self, kind: str) -> None:
        text = (ROOT / ("requirements-" + kind).rstrip("-")).with_suffix(".lock").read_text()
        pins = re.split(r"^(?=[\w.-]+(?:\[[\w,-]+\])?==)", text, flags=re.MULTILINE)
        assert [pin.split()[0] for pin in pins if "==" in pin.split(" ")[0] and "--hash=sha256:" not in pin] == []

    def test_there_is_no_lock_that_names_hosts(self) -> None:
        assert not (ROOT / "uv.lock").exists()


class TestRepository:
    FOREIGN = (
        r"(?:files\.pythonhosted|pypi\.(?:org|python)|registry\.npmjs|repo\d?\.maven|proxy\.golang|crates\.io|ghcr\.io"
        r"|quay\.io|docker\.elastic)"
    )

    def test_no_file_names_a_package_registry(self) -> None:
        guilty = [path for path in tracked() if path != Path(__file__) and self.found(self.FOREIGN, path)]
        assert guilty == []

    def test_no_file_names_a_path_of_a_developers_machine(self) -> None:
        guilty = [
            path
            for path in tracked()
            if path != Path(__file__) and self.found(r"(?<![\w.])/(?:work|root|home/\w+)/", path)
        ]
        assert guilty == []

    @staticmethod
    def found(pattern: str, path: Path) -> bool:
        try:
            return re.search(pattern, path.read_text(encoding="utf-8")) is not None
        except UnicodeDecodeError:
            return False
