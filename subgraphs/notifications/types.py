"""The GraphQL types of the notifications subgraph."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from shared.caller import require_own
from shared.errors import BadUserInput
from shared.graphql.connection import Connection, connect
from shared.graphql.entities import Reference
from shared.graphql.inputs import MutationInput
from shared.graphql.pagination import Keyset, PageRequest
from shared.graphql.references import resolve_by_id
from shared.graphql.user_errors import UserError
from subgraphs.notifications.context import Info
from subgraphs.notifications.models import Notification as NotificationRow
from subgraphs.notifications.models import NotificationKind
from subgraphs.notifications.service import READER
from subgraphs.notifications.store import NotificationStore

_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_BY_PLACE: Final[Keyset[tuple[UUID, int]]] = Keyset(tuple[UUID, _Number])
"""Whose mailbox, and the number in it."""

strawberry.enum(NotificationKind, description="What a notification is about.")


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)])
class Course:
    id: strawberry.ID


@strawberry.federation.type(keys=["id"], description="Something the caller was told.")
class Notification:
    id: strawberry.ID = strawberry.field(description="Identifies the notification.")
    kind: NotificationKind = strawberry.field(description="What it is about.")
    title: str = strawberry.field(description="What it says, in a few words.")
    body: str = strawberry.field(description="What it says, in full.")
    course: Course | None = strawberry.field(description="The course it is about, if it is about one.")
    read_at: datetime | None = strawberry.field(description="When it was marked as read first; null if it was not.")
    created_at: datetime = strawberry.field(description="When the caller was told.")
    cursor: str = strawberry.field(
        description="Its place in the caller's mailbox: `notificationReceived(after:)` goes on behind it."
    )

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
    return cursor_at(row.user_id, row.number)


def cursor_at(user_id: UUID, number: int) -> str:
    """The cursor of a place in a person's mailbox; 0 is before the first notification."""
    return _BY_PLACE.cursor((user_id, number))


def place_of(cursor: str, user_id: UUID) -> int:
    """Read the number in a person's mailbox that a cursor stands for.

    Raises:
        BadUserInput: it is no cursor, or one of another mailbox.
    """
    return _page(1, cursor, user_id).after or 0


def _page(first: int, after: str | None, user_id: UUID) -> PageRequest[int]:
    page = _BY_PLACE.page(first, after)
    if page.after is None:
        return PageRequest(first=first, after=None)
    owner, number = page.after
    if owner != user_id:
        raise BadUserInput("`after` is not a cursor of your notifications", field="after")
    return PageRequest(first=first, after=number)


async def read_inbox(info: Info, first: int, after: str | None, *, unread_only: bool) -> Connection[Notification]:
    """A page of the caller's notifications, newest first."""
    user_id = require_own(info.context.caller, READER)
    page = _page(first, after, user_id)
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


@strawberry.input(description="Which notifications were read.")
class MarkReadInput(MutationInput):
    ids: list[strawberry.ID] = strawberry.field(description="Notifications of the caller, 1 to 100.")


@strawberry.type(description="What has become of the notifications.")
class MarkReadPayload:
    notifications: list[Notification] | None = strawberry.field(
        default=None, description="Those that were named, in that order; null if it was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty if it was done."
    )
