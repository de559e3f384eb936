"""The typed edge to Redis streams: their names, what an entry holds, and the commands of a consumer group."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from shared.events.event import Recorded

EntryId: TypeAlias = bytes
"""``milliseconds-sequence``, as Redis writes it."""
Fields: TypeAlias = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands at one place of a stream; `event` is None if it was not written by a relay."""

    stream: str
    id: EntryId
    fields: Fields
    event: Recorded | None


def stream_of(subgraph: str) -> str:
    """Name the stream that carries a subgraph's events, of all tenants."""
    return f"events:{subgraph}"


def dead_letters_of(consumer: str) -> str:
    """Name the stream that keeps what a consumer has given up on."""
    return f"dead:{consumer}"


def retries_of(consumer: str) -> str:
    """Name the stream by which a consumer gets again what it had given up on; what it has settled is not kept there."""
    return f"retry:{consumer}"


async def append(redis: Redis, stream: str, events: Sequence[Recorded]) -> None:
    """Append all the events or none, in order."""
    async with redis.pipeline(transaction=True) as pipeline:
        for event in events:
            fields = {
                "event_id": str(event.event_id),
                "tenant_id": str(event.tenant_id),
                "topic": event.topic,
                "payload": event.payload,
            }
            pipeline.xadd(stream, cast("Any", fields))
        await pipeline.execute()


def recorded_in(fields: Fields) -> Recorded | None:
    """The event that an entry holds; None if it holds none."""
    try:
        return Recorded(
            event_id=UUID(fields[b"event_id"].decode()),
            tenant_id=UUID(fields[b"tenant_id"].decode()),
            topic=fields[b"topic"].decode(),
            payload=fields[b"payload"],
        )
    except (KeyError, ValueError):
        return None


def _entries(stream: str, raw: Iterable[tuple[EntryId, Fields | None]]) -> list[Entry]:
    """Leave out what was trimmed while it was pending: only its id is left."""
    return [Entry(stream, entry_id, fields, recorded_in(fields)) for entry_id, fields in raw if fields]


async def since(redis: Redis, stream: str, after: EntryId, *, count: int, block: int) -> list[Entry]:
    """Read what stands in a stream after an entry, on nobody's list; wait for it up to `block` milliseconds."""
    reply: Any = await redis.xread(cast("Any", {stream: after}), count=count, block=block)
    chunks: list[Any] = cast("dict[bytes, list[Any]]", reply or {}).get(stream.encode(), [])
    return [entry for chunk in chunks for entry in _entries(stream, chunk)]


@dataclass(frozen=True, slots=True)
class Group:
    """One member of the consumer group that reads some streams on behalf of a subgraph."""

    redis: Redis
    name: str
    member: str
    streams: tuple[str, ...]

    async def ensure(self) -> None:
        """Create what is missing, at the beginning of each stream: a new or lost group reads all that is retained."""
        for stream in self.streams:
            try:
                await self.redis.xgroup_create(stream, self.name, id="0", mkstream=True)
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    async def read(self, *, count: int, block: int) -> list[Entry]:
        """Take entries no member has seen; wait for them up to `block` milliseconds.

        Raises:
            ResponseError: ``NOGROUP``, the group is not there (any more).
        """
        return await self._read(dict.fromkeys(self.streams, ">"), count=count, block=block)

    async def unfinished(self, stream: str, after: EntryId, *, count: int) -> list[Entry]:
        """Read what this member took earlier and has not acknowledged, for instance before it was killed."""
        return await self._read({stream: after}, count=count, block=None)

    async def _read(self, places: Mapping[str, Any], *, count: int, block: int | None) -> list[Entry]:
        reply: Any = await self.redis.xreadgroup(self.name, self.member, cast("Any", places), count=count, block=block)
        return [
            entry
            for stream, chunks in cast("dict[bytes, list[Any]]", reply or {}).items()
            for chunk in chunks
            for entry in _entries(stream.decode(), chunk)
        ]

    async def claim(self, stream: str, *, idle: int, count: int) -> list[Entry]:
        """Take over entries that another member has held for more than `idle` milliseconds."""
        reply: Any = await self.redis.xautoclaim(stream, self.name, self.member, idle, count=count)
        return _entries(stream, reply[1])

    async def acknowledge(self, entry: Entry, wakes: Iterable[str] = ()) -> None:
        """Wake the channels, then take the entry off this group's list."""
        async with self.redis.pipeline(transaction=False) as pipeline:
            for channel in wakes:
                cast("Any", pipeline).publish(channel, b"")
            self._settle(pipeline, entry)
            await pipeline.execute()

    async def bury(self, entry: Entry, reason: str) -> None:
        """Move an entry to the dead letters, in one step."""
        async with self.redis.pipeline(transaction=True) as pipeline:
            fields = {**entry.fields, b"stream": entry.stream, b"entry_id": entry.id, b"reason": reason}
            pipeline.xadd(dead_letters_of(self.name), cast("Any", fields))
            self._settle(pipeline, entry)
            await pipeline.execute()

    def _settle(self, pipeline: Any, entry: Entry) -> None:
        pipeline.xack(entry.stream, self.name, entry.id)
        if entry.stream == retries_of(self.name):
            pipeline.xdel(entry.stream, entry.id)  # nobody else reads it
