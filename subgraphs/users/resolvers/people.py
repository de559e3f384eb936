"""The root fields about people: unpack, call, wrap."""

from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from shared.errors import parse_id
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.pagination import Keyset
from subgraphs.users.context import Info
from subgraphs.users.store.people import UserStore
from subgraphs.users.types.people import User

_BY_ID = Keyset(tuple[UUID])
_Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The person's.")]


@strawberry.type
class PeopleQuery:
    @strawberry.field(description="The person calling.")
    async def me(self, info: Info) -> User | None:
        row = await info.context.loaders.user_by_id.load(info.context.caller.require_user())
        return User.of(row) if row else None

    @strawberry.field(description="A person of the caller's tenant.")
    async def user(self, info: Info, id: _Id) -> User | None:
        row = await info.context.loaders.user_by_id.load(parse_id(id))
        return User.of(row) if row else None

    @strawberry.field(description="Everybody, in the order in which they came. Needs users:read.")
    async def users(self, info: Info, first: First = 20, after: After = None) -> Connection[User] | None:
        info.context.caller.require("users:read")
        page = _BY_ID.page(first, after)
        async with info.context.sessions.read(info.context.caller) as session:
            rows = await UserStore(session).page(page)
        return connect(rows, page, node=User.of, cursor=lambda row: _BY_ID.cursor((row.id,)))
