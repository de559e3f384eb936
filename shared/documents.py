"""MongoDB through Beanie: a database per tenant, and the unit of work.

Beanie ties a document class to one database, for the whole process. So the classes a subgraph declares are never tied
to any: each tenant has subclasses of its own, made when first needed and tied to its database. They are had from a
`TenantDocuments` only, and using a declared class directly raises Beanie's ``CollectionWasNotInitialized``: forgetting
the tenant is an error, not a leak.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar, cast
from uuid import UUID
from weakref import WeakValueDictionary

import pymongo
from beanie import Document
from beanie.odm.utils.init import Initializer
from pydantic import Field, SecretStr
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConnectionFailure, PyMongoError

from shared.caller import Caller, TenantId
from shared.errors import Unavailable
from shared.ids import uuid7
from shared.tenancy.names import document_database

DocumentT = TypeVar("DocumentT", bound=Document)
ResultT = TypeVar("ResultT")

_BOUND_TENANTS: Final = 256
"""Tenants whose classes are kept; each class takes about 30 KB and 2 ms to make."""
_TIMEOUT_MS: Final = 5000
"""For an operation or a transaction as a whole: a server that hangs is said to be away like one that is gone."""


class TenantDocument(Document):
    """Base of every document: its identifier is made here, so that a retried insert is the same insert."""

    id: UUID = Field(default_factory=uuid7)  # pyright: ignore[reportIncompatibleVariableOverride] - Beanie's default is an ObjectId or None


class TenantDocuments:
    """The documents of one tenant. Had from `Documents.read` and `documents_unit_of_work` only."""

    def __init__(self, caller: Caller, bound: Mapping[type[Document], type[Document]]) -> None:
        self.caller = caller
        self._bound = bound

    def of(self, model: type[DocumentT]) -> type[DocumentT]:
        """The tenant's own class of a declared one: query it, and make new documents with it."""
        return cast("type[DocumentT]", self._bound[model])


class Documents:
    """The tenant documents of one subgraph's process, over one client."""

    def __init__(self, client: AsyncMongoClient[Any], *, subgraph: str, models: Iterable[type[Document]]) -> None:
        self.client = client
        self.subgraph = subgraph
        self.models: Sequence[type[Document]] = tuple(models)
        self._bound: OrderedDict[TenantId, Mapping[type[Document], type[Document]]] = OrderedDict()
        self._turns: WeakValueDictionary[TenantId, asyncio.Lock] = WeakValueDictionary()

    @classmethod
    def create(cls, url: SecretStr, *, subgraph: str, models: Iterable[type[Document]]) -> "Documents":
        client: AsyncMongoClient[Any] = AsyncMongoClient(
            url.get_secret_value(),
            uuidRepresentation="standard",
            tz_aware=True,
            serverSelectionTimeoutMS=_TIMEOUT_MS,
            timeoutMS=_TIMEOUT_MS,
        )
        return cls(client, subgraph=subgraph, models=models)

    @asynccontextmanager
    async def read(self, caller: Caller) -> AsyncGenerator[TenantDocuments]:
        """The caller's tenant's documents, outside any transaction."""
        with unavailable_if_lost():
            yield await self._documents(caller)

    @asynccontextmanager
    async def turn(self, caller: Caller) -> AsyncGenerator[None]:
        """Let nobody else of this process take a turn at the tenant while the block runs; the first to ask is next.

        For transactions that all write one document of the tenant. The server refuses each but the fastest, at once,
        and they would try again and again until their time is up.

        Raises:
            Unavailable: it took too long until it was the caller's turn.
        """
        lock = self._turns.setdefault(caller.tenant_id, asyncio.Lock())
        try:
            async with asyncio.timeout(_TIMEOUT_MS / 1000):
                await lock.acquire()
        except TimeoutError as error:
            raise Unavailable from error
        try:
            yield
        finally:
            lock.release()

    async def provision(self, tenant_id: TenantId) -> None:
        """Create a tenant's collections and indexes. Safe to repeat.

        A transaction is no place to create a collection in, so this comes first.
        """
        database = self._database(tenant_id)
        existing = set(await database.list_collection_names())
        for model in (await self._classes(tenant_id)).values():
            name = model.get_collection_name()
            if name not in existing:
                await database.create_collection(name)
            await _initializer(database).init_indexes(model)

    async def drop(self, tenant_id: TenantId) -> None:
        """Delete everything of a tenant. Safe to repeat."""
        await self.client.drop_database(document_database(self.subgraph, tenant_id))

    async def ping(self) -> None:
        """Raise `Unavailable` unless the server answers."""
        with unavailable_if_lost():
            await self.client.admin.command("ping")

    async def aclose(self) -> None:
        await self.client.close()

    async def _documents(self, caller: Caller) -> TenantDocuments:
        return TenantDocuments(caller, await self._classes(caller.tenant_id))

    async def _classes(self, tenant_id: TenantId) -> Mapping[type[Document], type[Document]]:
        if tenant_id not in self._bound:
            database = self._database(tenant_id)
            self._bound[tenant_id] = {model: await _bind(model, database) for model in self.models}
            if len(self._bound) > _BOUND_TENANTS:
                self._bound.popitem(last=False)
        self._bound.move_to_end(tenant_id)
        return self._bound[tenant_id]

    def _database(self, tenant_id: TenantId) -> AsyncDatabase[Any]:
        return self.client[document_database(self.subgraph, tenant_id)]


async def documents_unit_of_work(
    documents: Documents, caller: Caller, work: Callable[[TenantDocuments], Awaitable[ResultT]]
) -> ResultT:
    """Run `work` in one transaction and commit it: every statement in it, whichever class it is made with.

    If the server asks for it (``TransientTransactionError``: another transaction was faster), all of `work` is run
    again, so it must do nothing outside the database.
    """

    async def attempt(session: AsyncClientSession) -> ResultT:
        async with session.bind(end_session=False):
            return await work(await documents._documents(caller))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - its other half

    with unavailable_if_lost():
        async with documents.client.start_session() as session:
            with pymongo.timeout(_TIMEOUT_MS / 1000):  # of all attempts together
                return await session.with_transaction(attempt)


async def _bind(model: type[Document], database: AsyncDatabase[Any]) -> type[Document]:
    """A subclass of `model` tied to `database`, by the steps of Beanie's initializer that concern one class alone.

    ``init_beanie`` would tie the declared class too, and ask the server about itself for each tenant.
    """
    bound = cast("type[Document]", type(model.__name__, (model,), {"__module__": model.__module__}))
    initializer = _initializer(database)
    initializer.set_default_class_vars(bound)
    initializer.init_settings(bound)
    await initializer.init_document_collection(bound)
    initializer.init_document_fields(bound)
    initializer.init_cache(bound)
    initializer.init_actions(bound)
    return bound


def _initializer(database: AsyncDatabase[Any]) -> Any:
    """Beanie's initializer, whose methods are not annotated."""
    return Initializer(database=database, document_models=[])


@contextmanager
def unavailable_if_lost() -> Generator[None]:
    try:
        yield
    except PyMongoError as error:
        if isinstance(error, ConnectionFailure) or error.timeout:
            raise Unavailable from error
        raise
