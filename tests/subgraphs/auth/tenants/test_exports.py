"""Archives of tenants: ordered by their people, made by the worker, fetched by whoever has a link in time."""

import io
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from unittest.mock import AsyncMock
from uuid import UUID
from zipfile import ZipFile

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from shared.caller import Caller
from shared.data_keys import DataKeys, LocalMasterKey
from shared.database import Sessions, unit_of_work
from shared.documents import Documents
from shared.errors import Unavailable
from shared.graphql.app import SubgraphApp
from shared.ids import uuid7
from shared.tenancy import archive as archives
from shared.tenancy.archive import MANIFEST
from shared.tenancy.export_jobs import MOST_ATTEMPTS, working_on
from shared.tenancy.jobs import EXPORT_KEPT, jobs
from shared.tenancy.names import CONTROL_DATABASE, database_name, tenant_schema
from shared.tenancy.registry import Registry
from studium.exporting import Exports
from subgraphs.auth.models import AuditEvent, TenantExportPiece
from subgraphs.auth.service.tenant_exports import ExportShelf
from subgraphs.content.models import DOCUMENTS, Lesson
from subgraphs.users.models import User
from subgraphs.users.service.sealed_fields import SealedFields
from tests.subgraphs.auth.conftest import CREDENTIALS_KEY, AddAccount, Ask
from tests.subgraphs.conftest import code_of
from tests.tenants import Control, Tenant

TABULAR: Final = ("auth", "users", "courses", "analytics", "notifications")
PLUMBING: Final = {"alembic_version", "outbox", "inbox", "idempotency", "data_keys", "tenant_export_pieces"}
_JOB: Final = "query($id: ID!) { tenantJob(id: $id) { state archive { sizeBytes expiresAt downloadUrl } } }"


@pytest.fixture
async def exports(control: Control) -> AsyncGenerator[Exports]:
    """The worker's part."""
    async with AsyncExitStack() as closing:
        admin = await closing.enter_async_context(control.admin())
        opened = {name: Sessions.create(control.login_url(name), subgraph=name, pool_size=1) for name in TABULAR}
        documents = Documents.create(SecretStr(control.servers.mongo), subgraph="content", models=DOCUMENTS)
        registry = Registry.create(control.login_url("auth"))
        for each in (*opened.values(), documents, registry):
            closing.push_async_callback(each.aclose)
        master = LocalMasterKey([CREDENTIALS_KEY])
        shelf = ExportShelf(opened["auth"], DataKeys(master, subgraph="auth", secrets=[CREDENTIALS_KEY]))
        yield Exports(admin.engine(CONTROL_DATABASE), registry, opened, documents, shelf, master)


@dataclass(frozen=True, slots=True)
class Ordering:
    """An owner who orders archives, and asks for them."""

    owner: Caller
    _ask: Ask
    _change: Ask
    _token_of: Callable[[Caller], str]

    async def order(self, *, by: Caller | None = None) -> dict[str, Any]:
        """The answer to the mutation."""
        return await self._change("exportTenant", {}, "job { id state }", by=by or self.owner)

    async def ordered(self) -> str:
        """The id of a new order."""
        return (await self.order())["data"]["exportTenant"]["job"]["id"]

    async def told(self, job: str, *, by: Caller | None = None) -> dict[str, Any]:
        """What is told of an order."""
        return await self._ask(_JOB, {"id": job}, token=self._token_of(by or self.owner))

    async def job(self, job: str) -> dict[str, Any]:
        """The order itself."""
        return (await self.told(job))["data"]["tenantJob"]


@pytest.fixture
def ordering(ask: Ask, change: Ask, token_of: Callable[[Caller], str], tenant: Tenant) -> Ordering:
    """By somebody who has just proved who they are."""
    owner = replace(tenant.caller("tenant:manage", role="OWNER"), auth_time=int(time.time()))
    return Ordering(owner, ask, change, token_of)


@pytest.fixture
async def browser(auth: SubgraphApp) -> AsyncGenerator[httpx.AsyncClient]:
    """Without any token."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(auth.app), base_url="http://127.0.0.1:4000") as client:
        yield client


async def some_people(exports: Exports, of: Tenant, name: str) -> None:
    """Two people with a value in a field of the tenant's, the one's in the clear yet, and a lesson."""
    async with unit_of_work(exports.sessions["users"], of.caller()) as session:
        fields = SealedFields(await DataKeys(exports.master, subgraph="users").of(session, sealing=True))
        for number in range(2):
            email, person = f"{number}@{name}.example", uuid7()
            kept = {"custom_fields": {"house": name}} if number else {}
            sealed = None if number else fields.sealed(person, {"house": name})
            someone = User(id=person, email=email, display_name=name, role="LEARNER", status="ACTIVE", **kept)
            someone.sealed_custom_fields = sealed
            session.add(someone)
    async with exports.documents.read(of.caller()) as own:
        now = datetime.now(UTC)
        lesson = own.of(Lesson)(
            title=f"Of {name}", blocks=[], estimated_duration=1, revision=1, created_at=now, updated_at=now
        )
        await lesson.insert()


def files(content: bytes) -> dict[str, Any]:
    """The archive's files, read."""
    with ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None
        told = {name: opened.read(name).decode() for name in opened.namelist()}
    manifest = json.loads(told.pop(MANIFEST))
    return {
        MANIFEST: manifest,
        **{name: [json.loads(line) for line in text.splitlines()] for name, text in told.items()},
    }


async def tables_of(control: Control, tenant: Tenant) -> set[str]:
    """Every table and collection that the servers have of a tenant, as files are named."""
    found: set[str] = set()
    async with control.admin() as admin:
        for subgraph in TABULAR:
            async with admin.engine(database_name(subgraph)).connect() as connection:
                listed = "SELECT tablename FROM pg_tables WHERE schemaname = $1"
                rows = (await connection.exec_driver_sql(listed, (tenant_schema(tenant.id),))).scalars()
                found |= {f"{subgraph}/{name}.jsonl" for name in rows if name not in PLUMBING}
    return found


class TestArchives:
    async def test_one_holds_every_table_with_the_rows_of_its_own_tenant_alone(
        self,
        ordering: Ordering,
        exports: Exports,
        browser: httpx.AsyncClient,
        control: Control,
        tenant: Tenant,
        other_tenant: Tenant,
        add_account: AddAccount,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(archives, "PIECE_BYTES", 1_000)
        for each, name in ((tenant, "aurora"), (other_tenant, "borealis")):
            await some_people(exports, each, name)
        account = await add_account(tenant, "ada@aurora.example", "correct horse battery")
        job = await ordering.ordered()
        await exports.sweep()
        shown = await ordering.job(job)
        answer = await browser.get(shown["archive"]["downloadUrl"])
        assert (answer.status_code, int(answer.headers["content-length"])) == (200, shown["archive"]["sizeBytes"])
        found = files(answer.content)
        assert found.keys() == {MANIFEST, "content/lessons.jsonl", "content/releases.jsonl"} | await tables_of(
            control, tenant
        )
        assert [row["display_name"] for row in found["users/users.jsonl"]] == ["aurora", "aurora"]
        assert [row["custom_fields"] for row in found["users/users.jsonl"]] == [{"house": "aurora"}] * 2
        assert found[MANIFEST]["files"]["users/users.jsonl"]["leftOut"] == []
        assert [row["title"] for row in found["content/lessons.jsonl"]] == ["Of aurora"]
        assert found[MANIFEST]["tenant"]["slug"] == tenant.slug
        assert found[MANIFEST]["files"]["users/users.jsonl"]["rows"] == 2
        accounts = "auth/accounts.jsonl"
        assert found[MANIFEST]["files"][accounts]["leftOut"] == ["sealed_password_hash"]
        assert [row["user_id"] for row in found[accounts]] == [str(account.user_id)]
        assert "borealis" not in json.dumps(found)
        async with exports.sessions["auth"].read(tenant.caller()) as session:
            fetched = sa.select(AuditEvent.actor_id).where(AuditEvent.action == "fetchTenantExport")
            assert (await session.scalars(fetched)).all() == [str(ordering.owner.user_id)]
            assert (await session.scalar(sa.select(sa.func.count()).select_from(TenantExportPiece)) or 0) > 1

    async def test_one_that_was_cut_off_is_made_anew_and_one_that_always_fails_is_given_up(
        self, ordering: Ordering, exports: Exports, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = await ordering.ordered()
        await exports.shelf.put(tenant.caller(), UUID(first), 0, b"what a killed worker has left")
        await exports.sweep()
        assert (await ordering.job(first))["state"] == "DONE"
        second = await ordering.ordered()
        async with working_on(exports.engine, UUID(second)) as work:
            assert work is not None
            assert not work.connection.in_transaction()
            await exports.sweep()  # another worker's, which leaves it alone
        with monkeypatch.context() as patched:
            patched.setattr(ExportShelf, "drop", AsyncMock(side_effect=Unavailable))
            for _ in range(MOST_ATTEMPTS + 1):
                await exports.sweep()  # which goes on with others, and holds it against nobody
        monkeypatch.setattr(archives, "ZipFile", None)
        for attempt in range(1, MOST_ATTEMPTS):
            assert (await ordering.job(second))["state"] == "WAITING", attempt
            await exports.sweep()
        assert (await ordering.job(second)) == {"state": "FAILED", "archive": None}

    async def test_a_newer_one_takes_its_place_and_after_a_week_it_is_gone(
        self, ordering: Ordering, exports: Exports, browser: httpx.AsyncClient, tenant: Tenant
    ) -> None:
        first = await ordering.ordered()
        await exports.sweep()
        link = (await ordering.job(first))["archive"]["downloadUrl"]
        second = await ordering.ordered()
        await exports.sweep()
        assert (await ordering.job(first)) == {"state": "DONE", "archive": None}
        assert (await browser.get(link)).status_code == 404
        assert (await ordering.job(second))["archive"] is not None
        await exports.sweep(now=datetime.now(UTC) + EXPORT_KEPT + timedelta(seconds=1))
        assert (await ordering.job(second))["archive"] is None
        async with exports.sessions["auth"].read(tenant.caller()) as session:
            assert await session.scalar(sa.select(sa.func.count()).select_from(TenantExportPiece)) == 0


class TestWhoMay:
    async def test_it_takes_the_permission_and_a_fresh_proof_and_one_is_made_at_a_time(
        self, ordering: Ordering
    ) -> None:
        stale, learner = replace(ordering.owner, auth_time=0), replace(ordering.owner, scopes=frozenset({"learn"}))
        assert code_of(await ordering.order(by=stale)) == "STEP_UP_REQUIRED"
        assert code_of(await ordering.order(by=learner)) == "FORBIDDEN"
        await ordering.ordered()
        refused = await ordering.order()
        assert refused["data"]["exportTenant"]["userErrors"][0]["code"] == "EXPORT_UNDER_WAY"

    async def test_links_are_given_after_a_fresh_proof_and_lead_to_one_archive_for_ten_minutes(
        self,
        ordering: Ordering,
        exports: Exports,
        browser: httpx.AsyncClient,
        tenant: Tenant,
        other_tenant: Tenant,
        control: Control,
    ) -> None:
        job = await ordering.ordered()
        await exports.sweep()
        stale = await ordering.told(job, by=replace(ordering.owner, auth_time=0))
        assert stale["errors"][0]["extensions"]["code"] == "STEP_UP_REQUIRED"
        link = httpx.URL((await ordering.job(job))["archive"]["downloadUrl"])
        token = link.params["token"]
        for path, tried in (
            (f"/t/{other_tenant.slug}/exports/{job}", token),
            (f"/t/{tenant.slug}/exports/{uuid7()}", token),
            (link.path, token[:-4] + "AAAA"),
            (link.path, "é"),
            (link.path, ""),
        ):
            assert (await browser.get(path, params={"token": tried})).status_code == 404
        async with control.admin() as admin, admin.engine(CONTROL_DATABASE).begin() as connection:
            older = sa.update(jobs).where(jobs.c.id == UUID(job))
            await connection.execute(older.values(finished_at=datetime.now(UTC) - EXPORT_KEPT))
        assert (await ordering.job(job))["archive"]["downloadUrl"] is None
