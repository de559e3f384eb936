"""What a subgraph does with the events of others: the vocabulary of its ``consumers.py``."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from shared.database import TenantSession

PayloadT = TypeVar("PayloadT")


@dataclass(frozen=True, slots=True)
class Handler(Generic[PayloadT]):
    """How one topic is handled."""

    payload: type[PayloadT]
    """The consumer's own view of the event: a msgspec struct with just the fields it needs."""
    handle: Callable[[TenantSession, PayloadT], Awaitable[None]]
    """Runs in the transaction that remembers the event as handled, so its changes are made exactly once.

    It may run again after a failure, so it changes nothing but the session's database.
    """
    wakes: Callable[[PayloadT], Iterable[str]] | None = None
    """Hub channels to wake once the changes are committed."""


Handlers: TypeAlias = Mapping[str, Handler[Any]]
"""Handlers by topic."""


def acknowledgement_of(event_id: UUID, consumer: str) -> str:
    """Name the hub channel that is woken when `consumer` has handled the event."""
    return f"ack:{event_id}:{consumer}"
