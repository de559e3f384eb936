"""Each house lint finds its violation, leaves what is allowed alone, and is clean on this repository."""

from pathlib import Path, PurePosixPath

import pytest
from house_lints import PACKAGES, lint, main

SERVICE = PurePosixPath("subgraphs/courses/service.py")
MODELS = PurePosixPath("subgraphs/courses/models.py")
STORE = PurePosixPath("subgraphs/courses/store.py")


def rules(path: PurePosixPath, source: str) -> list[str]:
    return [finding.rule for finding in lint(path, source)]


class TestRules:
    @pytest.mark.parametrize(
        ("rule", "path", "source"),
        [
            ("sql-in-store", SERVICE, "from sqlalchemy import select"),
            ("sql-in-store", SERVICE, "import sqlalchemy as sa\nquery = sa.update(Course)"),
            ("sql-in-store", SERVICE, "await connection.execute('DELETE FROM course WHERE id = $1')"),
            ("sql-in-store", PurePosixPath("studium/worker.py"), "from sqlalchemy import text"),
            ("sql-in-store", MODELS, "from sqlalchemy import select"),
            ("commit-in-unit-of-work", STORE, "await session.commit()"),
            ("commit-in-unit-of-work", SERVICE, "await session.commit_transaction()"),
            ("no-select-star", STORE, "query = 'select * from course'"),
            ("no-select-star", STORE, "query = f'SELECT c.* FROM {table} c'"),
            ("no-plain-set", STORE, "await connection.execute(text('SET search_path TO x'))"),
            ("no-plain-set", PurePosixPath("shared/database.py"), "sql = f'SET ROLE {role}'"),
            ("callers-from-tokens", SERVICE, "caller = Caller(tenant_id=tenant, user_id=None)"),
            ("callers-from-tokens", SERVICE, "caller = service_caller(tenant, 'courses')"),
            ("sessions-from-callers", SERVICE, "session = TenantSession(engine)"),
            ("short-functions", SERVICE, "async def f():\n" + "    await g()\n" * 41),
        ],
    )
    def test_a_violation_is_found(self, rule: str, path: PurePosixPath, source: str) -> None:
        assert rule in rules(path, source)

    @pytest.mark.parametrize(
        ("path", "source"),
        [
            (STORE, "from sqlalchemy import select\nquery = select(Course.id)"),
            (STORE, "sql = 'UPDATE course SET title = $1'"),
            (PurePosixPath("shared/database.py"), "await session.commit()\nsql = f'SET LOCAL ROLE {role}'"),
            (MODELS, "index = sa.Index('unread', 'id', postgresql_where=sa.text('read_at IS NULL'))"),
            (SERVICE, '"""Never SELECT * and never SET a role here."""'),
            (SERVICE, "settings.update(values)\nnames.delete(name)"),
            (SERVICE, "def f(\n    a,\n    b,\n):\n    '''What.\n\n    Why.\n    '''\n" + "    g()\n" * 40),
            (PurePosixPath("subgraphs/x/migrations/versions/r0001_y.py"), "def upgrade():\n" + "    g()\n" * 50),
        ],
    )
    def test_what_is_allowed_passes(self, path: PurePosixPath, source: str) -> None:
        assert rules(path, source) == []


class TestSkip:
    def test_a_line_with_a_reason_is_skipped(self) -> None:
        assert rules(STORE, "sql = 'SELECT * FROM t'  # lint-skip: no-select-star (a fixed one-column view)") == []

    def test_a_line_without_a_reason_is_not(self) -> None:
        assert rules(STORE, "sql = 'SELECT * FROM t'  # lint-skip: no-select-star ()") == ["no-select-star"]

    def test_a_skip_covers_its_own_rule_only(self) -> None:
        assert rules(STORE, "sql = 'SELECT * FROM t'  # lint-skip: no-plain-set (why)") == ["no-select-star"]


class TestRepository:
    def test_it_is_clean(self, capsys: pytest.CaptureFixture[str]) -> None:
        status = main([])
        assert (status, capsys.readouterr().out) == (0, "")

    def test_every_package_is_linted(self) -> None:
        root = Path(__file__).parents[2]
        assert all((root / package / "__init__.py").is_file() for package in PACKAGES)
