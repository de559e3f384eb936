"""The root fields of the notifications subgraph: unpack, call, wrap."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from shared.caller import require_own
from shared.database import unit_of_work
from shared.errors import parse_id
from shared.graphql.connection import Connection
from shared.graphql.user_errors import Refusals
from subgraphs.notifications import service
from subgraphs.notifications.context import Info
from subgraphs.notifications.store import NotificationStore
from subgraphs.notifications.types import (
    MarkReadInput,
    MarkReadPayload,
    Notification,
    cursor_at,
    cursor_of,
    place_of,
    read_inbox,
)


@strawberry.type
class Query:
    @strawberry.field(description="What the caller was told, newest first.")
    async def inbox(
        self, info: Info, first: int = 20, after: str | None = None, *, unread_only: bool = False
    ) -> Connection[Notification] | None:
        return await read_inbox(info, first, after, unread_only=unread_only)

    @strawberry.field(description="How many notifications the caller has not read.")
    async def unread_count(self, info: Info) -> int | None:
        caller = info.context.caller
        async with info.context.sessions.read(caller) as session:
            return await NotificationStore(session, require_own(caller, service.READER)).unread_count()

    @strawberry.field(
        description="Where the caller's mailbox ends now. `notificationReceived(after:)` tells of all that comes "
        "later, however long the subscription takes to begin."
    )
    async def notification_cursor(self, info: Info) -> str | None:
        caller = info.context.caller
        user_id = require_own(caller, service.READER)
        async with info.context.sessions.read(caller) as session:
            return cursor_at(user_id, await NotificationStore(session, user_id).last_number())


@strawberry.type
class Mutation:
    @strawberry.mutation(
        extensions=[Refusals(MarkReadPayload)], description="Mark notifications of the caller as read."
    )
    async def mark_read(self, info: Info, input: MarkReadInput) -> MarkReadPayload | None:
        ids = [parse_id(id_, field="ids") for id_ in input.ids]
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            rows = await service.mark_read(session, ids, input.attempt("markRead"))
        return MarkReadPayload(notifications=[Notification.of(row) for row in rows])


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description="Every notification of the caller from now on or, given the cursor of one, every one after it: "
        "none is missing and none comes twice, however often the client reconnects. Ends when the token expires."
    )
    async def notification_received(self, info: Info, after: str | None = None) -> AsyncGenerator[Notification]:
        # A client that reconnects repeats its operation as it was: what it has seen last is later than `after`.
        cursor = info.context.goes_on_after or after
        number = None if cursor is None else place_of(cursor, info.context.caller.require_user())
        async with aclosing(info.context.mailbox.follow(number)) as notifications:
            async for notification in notifications:
                info.context.cursor = cursor_of(notification)
                yield Notification.of(notification)
