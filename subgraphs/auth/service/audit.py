"""Keeping the audit: the one place that adds to it.

Every mutation that is done once (`shared.idempotency.once`) has an entry without saying so: `performed` observes the
subgraph's sessions. `describe` says more of it; `note` adds one for what is no such mutation. All are kept in the
transaction of their cause, at its very end: entries of a tenant stand in one row, and wait for each other only that
long.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import orjson
from opentelemetry import trace

from shared.caller import Caller
from shared.database import TenantSession
from shared.masking import masked
from subgraphs.auth.models.audit import ActorKind, AuditEvent
from subgraphs.auth.store.audit import AuditStore

_NOTES: Final = "audit"
_SERVICE_SCOPE: Final = "service:"


@dataclass(frozen=True, slots=True)
class Subject:
    """What was acted on."""

    type: str | None
    """Of the graph: ``Session``."""
    id: UUID | str


@dataclass(frozen=True, slots=True)
class Change:
    """One field that is different now; a secret is never shown, nor is an e-mail address."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted: a person or an app by its id, a service by its name."""

    kind: ActorKind
    id: str

    @classmethod
    def person(cls, user_id: UUID) -> "Actor":
        return cls(ActorKind.USER, str(user_id))

    @classmethod
    def of(cls, caller: Caller) -> "Actor":
        if caller.user_id is not None:
            return cls.person(caller.user_id)
        if caller.client_id is not None:
            return cls(ActorKind.OAUTH_APP, str(caller.client_id))
        names = [scope.removeprefix(_SERVICE_SCOPE) for scope in caller.scopes if scope.startswith(_SERVICE_SCOPE)]
        return cls(ActorKind.SERVICE, " ".join(sorted(names)))


@dataclass(slots=True)
class _Notes:
    """Of one session, until it commits."""

    events: list[AuditEvent] = field(default_factory=list[AuditEvent])
    subject: Subject | None = None
    actor: Actor | None = None
    changes: Sequence[Change] = ()


def performed(session: TenantSession, operation: str, result_id: UUID) -> None:
    """Add an entry for a mutation that is done, with what was described of it: the sessions' observer."""
    notes = _notes(session)
    subject, actor, changes = notes.subject or Subject(None, result_id), notes.actor, notes.changes
    notes.subject, notes.actor, notes.changes = None, None, ()
    note(session, operation, subject, changes=changes, actor=actor)


def describe(
    session: TenantSession, subject: Subject, *, changes: Sequence[Change] = (), actor: Actor | None = None
) -> None:
    """Say more of the mutation under way, within what is done once.

    Args:
        session: it is done in.
        subject: what it acts on; by default, the id that it results in.
        changes: what is different after it.
        actor: who does it, if that is not the session's caller: somebody who signs in.
    """
    notes = _notes(session)
    notes.subject, notes.changes, notes.actor = subject, changes, actor


def note(
    session: TenantSession,
    action: str,
    subject: Subject,
    *,
    changes: Sequence[Change] = (),
    actor: Actor | None = None,
    impersonator_id: UUID | None = None,
    occurred_at: datetime | None = None,
) -> None:
    """Add an entry with the changes of `session`: both are kept or neither is.

    Args:
        session: the cause's.
        action: what was done: a mutation's name, or an event's topic.
        subject: to what.
        changes: what is different after it.
        actor: who did it; by default, the session's caller.
        impersonator_id: who acted in the actor's name; by default, whoever acts in the caller's.
        occurred_at: when; by default, now.
    """
    notes = _notes(session)
    if not notes.events:
        session.last_steps.append(lambda: _append(session, notes))
    who = actor or Actor.of(session.caller)
    notes.events.append(
        AuditEvent(
            occurred_at=occurred_at or datetime.now(UTC),
            action=action,
            actor_kind=who.kind,
            actor_id=who.id,
            impersonator_id=impersonator_id or session.caller.impersonator_id,
            subject_type=subject.type,
            subject_id=str(subject.id),
            changes=_shown(changes),
            request_id=_request_id(),
        )
    )


def _notes(session: TenantSession) -> _Notes:
    return session.info.setdefault(_NOTES, _Notes())


async def _append(session: TenantSession, notes: _Notes) -> None:
    events, notes.events = notes.events, []
    await AuditStore(session).append(events)


def _shown(changes: Sequence[Change]) -> str:
    shown = [
        (change.field, masked(change.field, change.before), masked(change.field, change.after)) for change in changes
    ]
    return orjson.dumps(shown).decode()


def _request_id() -> str | None:
    span = trace.get_current_span().get_span_context()
    return trace.format_trace_id(span.trace_id) if span.is_valid else None
