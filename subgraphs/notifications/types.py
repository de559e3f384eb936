"""The GraphQL types of the notifications subgraph."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from shared.errors import BadUserInput
from shared.graphql.connection import Connection, connect
from shared.graphql.entities import Reference
from shared.graphql.inputs import MutationInput
from shared.graphql.pagination import Keyset
from shared.graphql.references import resolve_by_id
from shared.graphql.user_errors import UserError
from subgraphs.notifications.context import Info
from subgraphs.notifications.models import Notification as NotificationRow
from subgraphs.notifications.models import NotificationKind
from subgraphs.notifications.store import NotificationStore

_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
BY_NUMBER: Final[Keyset[tuple[int]]] = Keyset(tuple[_Number])

strawberry.enum(NotificationKind, description="What a notification is about.")


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)])
class Course:
    id: strawberry.ID


@strawberry.federation.type(keys=["id"], description="Something the caller was told.")
class Notification:
    id: strawberry.ID
    kind: NotificationKind
    title: str
    body: str
    course: Course | None
    read_at: datetime | None
    created_at: datetime
    cursor: str = strawberry.field(description="Its place: `notificationReceived(after:)` goes on behind it.")

    @classmethod
    def of(cls, row: NotificationRow) -> "Notification":
        return cls(
            id=strawberry.ID(str(row.id)),
            kind=NotificationKind(row.kind),
            title=row.title,
            body=row.body,
            course=None if row.course_id is None else Course(id=strawberry.ID(str(row.course_id))),
            read_at=row.read_at,
            created_at=row.created_at,
            cursor=cursor_of(row),
        )

    @classmethod
    async def resolve_references(
        cls, info: Info, references: list[Reference]
    ) -> "list[Notification | BadUserInput | None]":
        return await resolve_by_id(references, info.context.loaders.notification_by_id, cls.of)


def cursor_of(row: NotificationRow) -> str:
    return BY_NUMBER.cursor((row.number,))


async def read_inbox(info: Info, first: int, after: str | None, *, unread_only: bool) -> Connection[Notification]:
    """A page of the caller's notifications, newest first."""
    page = BY_NUMBER.page(first, after)
    user_id = info.context.caller.require_user()
    async with info.context.sessions.read(info.context.caller) as session:
        rows = await NotificationStore(session, user_id).page(page, unread_only=unread_only)
    return connect(rows, page, node=Notification.of, cursor=cursor_of)


@strawberry.federation.type(keys=["id"])
class User:
    id: strawberry.ID

    @strawberry.field(description="What the person was told, newest first. Null unless the person is the caller.")
    async def inbox(
        self, info: Info, first: int = 20, after: str | None = None, *, unread_only: bool = False
    ) -> Connection[Notification] | None:
        if self.id != str(info.context.caller.user_id):
            return None
        return await read_inbox(info, first, after, unread_only=unread_only)


@strawberry.input
class MarkReadInput(MutationInput):
    ids: list[strawberry.ID]


@strawberry.type
class MarkReadPayload:
    notifications: list[Notification] | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)
