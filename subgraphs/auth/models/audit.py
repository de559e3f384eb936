"""The audit: who did what, when and to what, in a chain that shows whether anything was taken out or changed."""

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.tenancy.names import APPEND_ONLY, READ_ONLY
from subgraphs.auth.models.base import Model

_FORMAT: Final = 1
"""Of what is hashed; another one has another number."""


class ActorKind(StrEnum):
    """Who can act: a person (or a program with an account of its own), an OAuth app for itself, or the platform."""

    USER = "USER"
    OAUTH_APP = "OAUTH_APP"
    SERVICE = "SERVICE"


class AuditEvent(Model):
    """One entry. Nobody can change or delete it: the role may not, and a trigger refuses even the administrator."""

    __tablename__ = "audit_events"
    __table_args__ = (
        sa.UniqueConstraint("previous_hash"),
        sa.Index("ix_audit_events_action_seq", "action", "seq"),
        sa.Index("ix_audit_events_actor_id_seq", "actor_id", "seq"),
        sa.Index("ix_audit_events_subject_id_seq", "subject_id", "seq"),
        sa.Index("ix_audit_events_occurred_at", "occurred_at"),
        {"comment": APPEND_ONLY},
    )

    seq: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    """1, 2, 3… without gaps, within the tenant."""
    occurred_at: Mapped[datetime]
    action: Mapped[str]
    """A mutation's name (``signOut``), or the topic of another subgraph's event."""
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    """A person's or an app's id, or a service's name."""
    impersonator_id: Mapped[UUID | None]
    """Who acted in the actor's name."""
    subject_type: Mapped[str | None]
    subject_id: Mapped[str]
    changes: Mapped[str]
    """JSON: a list of ``[field, before, after]``, each a text or null. Text, because its very bytes are hashed."""
    request_id: Mapped[str | None]
    """The trace of the request, in which its log entries have the same id."""
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]


class AuditHead(Model):
    """An entry of the chain that was the last one once, signed by the worker with a key that is in no database."""

    __tablename__ = "audit_heads"
    __table_args__ = ({"comment": READ_ONLY},)

    seq: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes]
    signed_at: Mapped[datetime]
    signature: Mapped[bytes]


def beginning(tenant_id: UUID) -> bytes:
    """What stands before a tenant's first entry, so that no chain is taken for another tenant's."""
    return hashlib.sha256(b"studium-audit:" + tenant_id.bytes).digest()


class Entry(NamedTuple):
    """What an entry says, its own hash included."""

    seq: int
    occurred_at: datetime
    action: str
    actor_kind: str
    actor_id: str
    impersonator_id: UUID | None
    subject_type: str | None
    subject_id: str
    changes: str
    request_id: str | None
    previous_hash: bytes
    hash: bytes


def hash_of(event: AuditEvent | Entry) -> bytes:
    """SHA-256 of the entry before, and of all that this one says but its own hash."""
    said = [
        _FORMAT,
        event.seq,
        event.occurred_at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.action,
        event.actor_kind,
        event.actor_id,
        str(event.impersonator_id) if event.impersonator_id else None,
        event.subject_type,
        event.subject_id,
        event.changes,
        event.request_id,
    ]
    return hashlib.sha256(event.previous_hash + orjson.dumps(said)).digest()
