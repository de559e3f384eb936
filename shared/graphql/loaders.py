"""Batched reads within one request."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from aiodataloader import DataLoader

from shared.caller import Caller

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")
SessionT = TypeVar("SessionT")
SessionT_co = TypeVar("SessionT_co", covariant=True)


class Readable(Protocol[SessionT_co]):
    """Where read sessions come from: `shared.database.Sessions`, or the documents of a tenant."""

    def read(self, caller: Caller) -> AbstractAsyncContextManager[SessionT_co]:
        """Open a session for reading as `caller`."""
        ...


def batched(
    sessions: Readable[SessionT],
    caller: Caller,
    load: Callable[[SessionT, Sequence[KeyT]], Awaitable[Mapping[KeyT, ValueT]]],
) -> DataLoader[KeyT, ValueT | None]:
    """Make a loader of one value a key; a key that `load` does not find gives None.

    Each batch opens its own session, because batches run at the same time and a session serves one task.
    """

    async def batch(keys: list[KeyT]) -> list[ValueT | None]:
        async with sessions.read(caller) as session:
            found = await load(session, keys)
        return [found.get(key) for key in keys]

    return DataLoader(batch)


def grouped(
    sessions: Readable[SessionT],
    caller: Caller,
    load: Callable[[SessionT, Sequence[KeyT]], Awaitable[Mapping[KeyT, Sequence[ValueT]]]],
) -> DataLoader[KeyT, Sequence[ValueT]]:
    """Make a loader of many values a key, empty where `load` finds none; sessions as in `batched`."""

    async def batch(keys: list[KeyT]) -> list[Sequence[ValueT]]:
        async with sessions.read(caller) as session:
            found = await load(session, keys)
        return [found.get(key, ()) for key in keys]

    return DataLoader(batch)
