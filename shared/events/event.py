"""What an event is: a fact about a tenant, named in the past tense, never changed."""

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from shared.caller import Caller
from shared.ids import uuid7


def _now() -> datetime:
    return datetime.now(UTC)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The base of every event a subgraph records.

    A subclass names its topic (``courses.enrolled.v1``: producer, past tense, version) and adds its fields. Consumers
    read the JSON of it with a view of their own, so fields may be added to a version, never removed or redefined.
    """

    topic: ClassVar[str]

    tenant_id: UUID
    event_id: UUID = msgspec.field(default_factory=uuid7)
    """The identity consumers are idempotent on."""
    occurred_at: datetime = msgspec.field(default_factory=_now)

    def told_by(self, caller: Caller) -> dict[str, Any]:
        """The event as it is kept, with who has caused it as far as it does not say so itself.

        That is a person as ``actor_id``, the app they use or that calls for itself as ``client_id``, and who acts in
        the person's name as ``impersonator_id``.
        """
        caused = {"actor_id": caller.user_id, "client_id": caller.client_id}
        told: dict[str, Any] = {name: str(who) for name, who in caused.items() if who is not None}
        told |= msgspec.to_builtins(self)
        if caller.impersonator_id is not None:
            told["impersonator_id"] = str(caller.impersonator_id)
        return told


class Recorded(msgspec.Struct, frozen=True):
    """An event on its way, as the outbox keeps it and the stream carries it."""

    event_id: UUID
    tenant_id: UUID
    topic: str
    payload: bytes
    """The event as a JSON object; consumers decode it with a view of their own."""
