"""Documents of many tenants in one process: each in its own database, none by mistake in another's."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from contextvars import Context
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote_plus

import pytest
from beanie.exceptions import CollectionWasNotInitialized
from pydantic import SecretStr
from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError
from pymongo.uri_parser import parse_uri

from shared.caller import Caller, TenantId, service_caller
from shared.documents import Documents, TenantDocument, TenantDocuments, documents_unit_of_work
from shared.errors import Unavailable
from shared.ids import uuid7
from shared.tenancy.names import document_database
from tests.patience import PATIENCE_SECONDS
from tests.servers import Servers


class Page(TenantDocument):
    """A document of the test."""

    slug: str
    edits: int = 0

    class Settings:
        name: ClassVar[str] = "pages"
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("slug", 1)], unique=True, name="slug")]


@pytest.fixture
async def documents(servers: Servers) -> AsyncGenerator[Documents]:
    """The documents of a subgraph."""
    opened = Documents.create(SecretStr(servers.mongo), subgraph="test", models=[Page])
    yield opened
    await opened.aclose()


async def tenant_of(documents: Documents) -> Caller:
    """A caller of a new tenant."""
    caller = service_caller(TenantId(uuid7()), "test")
    await documents.provision(caller.tenant_id)
    return caller


async def slugs(documents: Documents, caller: Caller) -> list[str]:
    """The pages a caller sees."""
    async with documents.read(caller) as tenant:
        return [page.slug for page in await tenant.of(Page).find_all().sort("slug").to_list()]


async def add(documents: Documents, caller: Caller, slug: str) -> Page:
    """Write a page."""

    async def work(tenant: TenantDocuments) -> Page:
        page = tenant.of(Page)(slug=slug)
        await asyncio.sleep(0)
        return await page.insert()

    return await documents_unit_of_work(documents, caller, work)


@asynccontextmanager
async def hanging(url: str) -> AsyncGenerator[tuple[str, Callable[[], None]]]:
    """The server's URL by way of a port of ours, and what makes it go silent without closing anything."""
    ((host, port),) = parse_uri(url)["nodelist"]
    running = asyncio.Event()
    running.set()
    copying: list[asyncio.Task[None]] = []
    writers: list[asyncio.StreamWriter] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await running.wait()
            writer.write(data)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, port)
        writers.extend((writer, back))
        copying.extend((asyncio.create_task(copy(reader, back)), asyncio.create_task(copy(there, writer))))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    between = server.sockets[0].getsockname()[1]
    try:
        yield f"{url.replace(f'{host}:{port}', f'{host}:{between}')}&directConnection=true", running.clear
    finally:
        server.close()
        for task in copying:
            task.cancel()
        for writer in writers:
            writer.close()
        await asyncio.gather(*copying, *(each.wait_closed() for each in writers), return_exceptions=True)


class TestTenants:
    async def test_interleaved_each_write_to_their_own(self, documents: Documents) -> None:
        one, other = await tenant_of(documents), await tenant_of(documents)
        await asyncio.gather(
            *(
                add(documents, caller, f"{name}-{n}")
                for n in range(8)
                for name, caller in (("one", one), ("other", other))
            )
        )
        assert await slugs(documents, one) == [f"one-{n}" for n in range(8)]
        assert await slugs(documents, other) == [f"other-{n}" for n in range(8)]

    async def test_a_class_keeps_to_its_tenant(self, documents: Documents) -> None:
        one, other = await tenant_of(documents), await tenant_of(documents)
        async with documents.read(one) as first, documents.read(other) as second:
            page = await first.of(Page)(slug="mine").insert()
            assert await second.of(Page).get(page.id) is None
            assert await second.of(Page).find(second.of(Page).slug == "mine").count() == 0
            page.edits = 7
            await page.replace()
            assert isinstance(page, Page)
            found = await first.of(Page).get(page.id)
        assert found
        assert found.edits == 7

    async def test_the_declared_class_reaches_no_database(self, documents: Documents) -> None:
        await add(documents, await tenant_of(documents), "somewhere")
        with pytest.raises(CollectionWasNotInitialized):
            await Page.find_all().to_list()
        with pytest.raises(CollectionWasNotInitialized):
            Page(slug="nowhere")

    async def test_many_tenants_keep_a_bounded_number_of_classes(
        self, documents: Documents, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.documents._BOUND_TENANTS", 3)
        before = len(Page.__subclasses__())
        for _ in range(10):
            async with documents.read(service_caller(TenantId(uuid7()), "test")) as tenant:
                tenant.of(Page)
        gc.collect()
        assert len(Page.__subclasses__()) - before <= 4

    async def test_dropping_one_leaves_the_other(self, documents: Documents) -> None:
        staying, leaving = await tenant_of(documents), await tenant_of(documents)
        for caller in (staying, leaving):
            await add(documents, caller, "page")
        for _ in range(2):  # the second time there is nothing left to drop
            await documents.drop(leaving.tenant_id)
            assert await slugs(documents, leaving) == []
            assert await slugs(documents, staying) == ["page"]
        await documents.drop(staying.tenant_id)
        assert await slugs(documents, staying) == []

    async def test_provisioned_twice_have_their_indexes_once(self, documents: Documents) -> None:
        caller = await tenant_of(documents)
        await documents.provision(caller.tenant_id)
        database = documents.client[document_database("test", caller.tenant_id)]
        assert set(await database["pages"].index_information()) == {"_id_", "slug"}


class TestUnitOfWork:
    async def test_keeps_nothing_if_it_raises(self, documents: Documents) -> None:
        caller = await tenant_of(documents)

        async def work(tenant: TenantDocuments) -> None:
            await tenant.of(Page)(slug="lost").insert()
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await documents_unit_of_work(documents, caller, work)
        assert await slugs(documents, caller) == []

    async def test_statements_in_it_see_each_other_and_others_do_not(self, documents: Documents) -> None:
        caller = await tenant_of(documents)

        async def work(tenant: TenantDocuments) -> None:
            await tenant.of(Page)(slug="new").insert()
            assert await tenant.of(Page).find_all().count() == 1
            assert await asyncio.create_task(outside(), context=Context()) == []

        async def outside() -> list[str]:
            return await slugs(documents, caller)

        await documents_unit_of_work(documents, caller, work)
        assert await slugs(documents, caller) == ["new"]

    async def test_is_run_again_when_another_was_faster(self, documents: Documents) -> None:
        caller = await tenant_of(documents)
        page, runs = await add(documents, caller, "page"), 0

        async def work(tenant: TenantDocuments) -> None:
            nonlocal runs
            runs += 1
            found = await tenant.of(Page).get(page.id)
            assert found
            found.edits += 1
            await asyncio.sleep(0.005)
            await found.replace()

        await asyncio.gather(*(documents_unit_of_work(documents, caller, work) for _ in range(6)))
        async with documents.read(caller) as tenant:
            edited = await tenant.of(Page).get(page.id)
        assert edited
        assert edited.edits == 6
        assert runs > 6

    async def test_a_taken_key_is_refused(self, documents: Documents) -> None:
        caller = await tenant_of(documents)
        await add(documents, caller, "taken")
        with pytest.raises(DuplicateKeyError):
            await add(documents, caller, "taken")


class TestTurns:
    async def test_a_turn_that_does_not_come_is_told_as_unavailable_and_another_tenant_waits_for_nobody(
        self, documents: Documents, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.documents._TIMEOUT_MS", 20)
        one, other = service_caller(TenantId(uuid7()), "test"), service_caller(TenantId(uuid7()), "test")
        async with documents.turn(one), documents.turn(other):
            with pytest.raises(Unavailable):
                async with documents.turn(one):
                    pass
        async with documents.turn(one):
            pass


class TestServerAway:
    async def test_is_told_as_unavailable(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shared.documents._TIMEOUT_MS", 100)
        nowhere = quote_plus(str(tmp_path / "nowhere.sock"))
        documents = Documents.create(SecretStr(f"mongodb://{nowhere}"), subgraph="test", models=[Page])
        with pytest.raises(Unavailable):
            await documents.ping()
        await documents.aclose()

    async def test_a_server_that_hangs_is_told_as_unavailable_in_time(
        self, servers: Servers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.documents._TIMEOUT_MS", 1000)
        async with hanging(servers.mongo) as (url, hang):
            documents = Documents.create(SecretStr(url), subgraph="test", models=[Page])
            async with aclosing(documents), asyncio.timeout(PATIENCE_SECONDS):
                caller = await tenant_of(documents)
                assert await slugs(documents, caller) == []
                hang()
                with pytest.raises(Unavailable):
                    await slugs(documents, caller)
                with pytest.raises(Unavailable):
                    await add(documents, caller, "late")
