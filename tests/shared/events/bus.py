"""Two subgraphs on a bus, for tests: `sender` records notes, `receiver` writes them down."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import sqlalchemy as sa
from redis.asyncio import Redis

from shared.caller import Caller, TenantId, service_caller
from shared.database import Sessions, TenantSession, subgraph_metadata, unit_of_work
from shared.events import Event, Handler, record
from shared.events.consume import Consumer
from shared.events.outbox import OutboxRow
from shared.events.relay import Relay
from shared.events.sources import PostgresSource
from shared.tenancy.migrate import SubgraphMigrations
from tests.patience import PATIENCE_SECONDS

VERSIONS = Path(__file__).parent / "versions"
SUBGRAPHS = [SubgraphMigrations(name, VERSIONS) for name in ("sender", "receiver")]

effects = sa.Table(
    "effect", subgraph_metadata(), sa.Column("seq", sa.BigInteger, primary_key=True), sa.Column("note", sa.Text)
)


class NoteWritten(Event, frozen=True, kw_only=True):
    topic: ClassVar[str] = "sender.note-written.v1"

    note: str


class Note(msgspec.Struct):
    """The receiver's view: it doesn't care for the rest of the event."""

    note: str


async def write_down(session: TenantSession, event: Note) -> None:
    await session.execute(sa.insert(effects).values(note=event.note))


HANDLERS = {NoteWritten.topic: Handler(Note, write_down)}


@dataclass
class Bus:
    """Everything between an outbox and an effect."""

    sender: Sessions
    receiver: Sessions
    redis: Redis
    tenants: list[TenantId] = field(default_factory=list[TenantId])

    async def known(self) -> list[TenantId]:
        return self.tenants

    def caller(self, tenant: int = 0) -> Caller:
        return service_caller(self.tenants[tenant], "test")

    async def write(self, *notes: str, tenant: int = 0) -> list[NoteWritten]:
        """Record notes in one transaction."""
        written = [NoteWritten(tenant_id=self.tenants[tenant], note=note) for note in notes]
        async with unit_of_work(self.sender, self.caller(tenant)) as session:
            for event in written:
                record(session, event)
        return written

    def source(self) -> PostgresSource:
        return PostgresSource(self.sender, self.known)

    def relay(self) -> Relay:
        return Relay(self.source(), self.redis, round_every=0.3)

    def consumer(self, handlers: Any = HANDLERS, *, member: str = "first", **options: Any) -> Consumer:
        return Consumer(handlers, sessions=self.receiver, redis=self.redis, member=member, **options)

    async def noted(self, tenant: int = 0) -> list[str]:
        """What the receiver has written down for a tenant, in its order."""
        async with self.receiver.read(self.caller(tenant)) as session:
            return list(await session.scalars(sa.select(effects.c.note).order_by(effects.c.seq)))

    async def settle(self, *notes: str, tenant: int = 0) -> None:
        """Wait until as many notes are written down, and assert that they are these, in this order."""

        async def enough() -> bool:
            return len(await self.noted(tenant)) >= len(notes)

        await eventually(enough)
        assert await self.noted(tenant) == list(notes)

    async def unpublished(self, tenant: int = 0) -> int:
        async with self.sender.read(self.caller(tenant)) as session:
            waiting = sa.select(sa.func.count()).where(OutboxRow.published_at.is_(None))
            return await session.scalar(waiting) or 0


@asynccontextmanager
async def running(*coroutines: Coroutine[Any, Any, Any]) -> AsyncGenerator[list[asyncio.Task[Any]]]:
    """Run tasks for the length of the block."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def eventually(condition: Callable[[], Coroutine[Any, Any, bool]], *, within: float = PATIENCE_SECONDS) -> None:
    """Wait until the condition holds."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in a server
            await asyncio.sleep(0.02)
