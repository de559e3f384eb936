"""The GraphQL types of the audit."""

from dataclasses import fields
from datetime import datetime

import orjson
import strawberry

from shared.errors import BadUserInput
from subgraphs.auth.models.audit import ActorKind
from subgraphs.auth.models.audit import AuditEvent as AuditEventRow
from subgraphs.auth.store.audit import AuditFilter
from subgraphs.auth.types.accounts import User

strawberry.enum(
    ActorKind,
    name="AuditActorKind",
    description="Who can act: people and programs with accounts of their own, OAuth apps for themselves, the platform.",
)


@strawberry.type(description="Who acted.")
class AuditActor:
    kind: ActorKind = strawberry.field(description="A person, an app or the platform.")
    id: strawberry.ID = strawberry.field(description="The person's or the app's, or the name of the service.")
    user: User | None = strawberry.field(description="The person; null for an app or a service.")


@strawberry.type(description="What was acted on.")
class AuditSubject:
    id: strawberry.ID = strawberry.field(description="Of the thing itself, which may be gone since.")
    type: str | None = strawberry.field(description="Its type in the graph, where that is known.")


@strawberry.type(description="A field that became different. Secrets and e-mail addresses are never shown.")
class AuditChange:
    field: str = strawberry.field(description="Its name.")
    before: str | None = strawberry.field(description="What it was; null if it was nothing.")
    after: str | None = strawberry.field(description="What it is; null if it is nothing.")


@strawberry.type(description="One entry of the tenant's audit, which nobody can change or delete.")
class AuditEvent:
    seq: int = strawberry.field(description="1, 2, 3 and so on, without gaps.")
    occurred_at: datetime = strawberry.field(description="When it happened.")
    action: str = strawberry.field(description="The mutation, or the topic of another service's event.")
    actor: AuditActor = strawberry.field(description="Who did it.")
    impersonator: User | None = strawberry.field(description="Who acted in the actor's name.")
    subject: AuditSubject = strawberry.field(description="To what it was done.")
    changes: list[AuditChange] = strawberry.field(description="What became different, as far as that is kept.")
    request_id: str | None = strawberry.field(description="The request's trace: its log entries have it too.")
    previous_hash: str = strawberry.field(description="Of the entry before: 64 hexadecimal digits.")
    hash: str = strawberry.field(description="SHA-256 of the entry before and of all that this one says.")

    @classmethod
    def of(cls, row: AuditEventRow) -> "AuditEvent":
        kind = ActorKind(row.actor_kind)
        user = User(id=strawberry.ID(row.actor_id)) if kind is ActorKind.USER else None
        return cls(
            seq=row.seq,
            occurred_at=row.occurred_at,
            action=row.action,
            actor=AuditActor(kind=kind, id=strawberry.ID(row.actor_id), user=user),
            impersonator=User.of(row.impersonator_id) if row.impersonator_id else None,
            subject=AuditSubject(id=strawberry.ID(row.subject_id), type=row.subject_type),
            changes=[AuditChange(field=name, before=old, after=new) for name, old, new in orjson.loads(row.changes)],
            request_id=row.request_id,
            previous_hash=row.previous_hash.hex(),
            hash=row.hash.hex(),
        )


@strawberry.input(description="Which entries of the audit to show; what is left out does not matter.")
class AuditEventFilter:
    action: str | None = strawberry.field(default=None, description="Exactly this action.")
    actor_id: strawberry.ID | None = strawberry.field(default=None, description="What this person or service did.")
    subject_type: str | None = strawberry.field(default=None, description="Things of this type.")
    subject_id: strawberry.ID | None = strawberry.field(default=None, description="This very thing.")
    since: datetime | None = strawberry.field(default=None, description="From this instant on.")
    until: datetime | None = strawberry.field(default=None, description="Before this instant.")

    def chosen(self) -> AuditFilter:
        """The same, for the store.

        Raises:
            BadUserInput: a time does not say its offset, or a text cannot be looked up.
        """
        given = {each.name: getattr(self, each.name) for each in fields(AuditFilter)}
        for name, value in given.items():
            if isinstance(value, datetime) and value.tzinfo is None:
                raise BadUserInput(f"`{name}` must say its offset from UTC", field=name)
            if isinstance(value, str) and "\0" in value:
                raise BadUserInput(f"`{name}` must not have the character NUL", field=name)
        return AuditFilter(**given)
