"""The person of the graph, as far as the auth subgraph knows them."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from shared.caller import Caller
from shared.errors import parse_id
from shared.graphql.connection import After, Connection, First, connect
from subgraphs.auth.context import Info
from subgraphs.auth.service.role_assignments import IN_ORDER
from subgraphs.auth.service.roles import MANAGE as MANAGE_ROLES
from subgraphs.auth.service.sessions import MANAGE as MANAGE_SESSIONS
from subgraphs.auth.store.sessions import NEWEST_FIRST

if TYPE_CHECKING:
    from subgraphs.auth.types.roles import RoleAssignment
    from subgraphs.auth.types.sessions import Session

_Assignment = Annotated["RoleAssignment", strawberry.lazy("subgraphs.auth.types.roles")]
_Session = Annotated["Session", strawberry.lazy("subgraphs.auth.types.sessions")]


@strawberry.federation.type(keys=["id"])
class User:
    id: strawberry.ID

    @strawberry.field(
        description="The person's roles beside what they are in the tenant, in the order in which they were assigned; "
        "those that were revoked are not there. Null unless it is the viewer, or the viewer manages roles."
    )
    async def role_assignments(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection[_Assignment] | None:
        from subgraphs.auth.types.roles import RoleAssignment  # types of one another

        caller, user_id, page = info.context.caller, parse_id(self.id), IN_ORDER.page(first, after)
        if not _may_see(caller, user_id, MANAGE_ROLES):
            return None
        return connect(
            await info.context.loaders.role_assignment_page.load((user_id, page)),
            page,
            node=lambda assigned: RoleAssignment.of(caller.tenant_id, assigned),
            cursor=lambda assigned: IN_ORDER.cursor((assigned.row.id,)),
        )

    @strawberry.field(
        description="The person's sessions that go on, the newest first. Null unless it is the viewer, or the viewer "
        "manages sessions."
    )
    async def sessions(self, info: Info, first: First = 20, after: After = None) -> Connection[_Session] | None:
        from subgraphs.auth.types.sessions import Session  # types of one another

        caller, user_id, page = info.context.caller, parse_id(self.id), NEWEST_FIRST.page(first, after)
        if not _may_see(caller, user_id, MANAGE_SESSIONS):
            return None
        return connect(
            await info.context.loaders.session_page.load((user_id, page)),
            page,
            node=lambda row: Session.of(row, caller),
            cursor=lambda row: NEWEST_FIRST.cursor((row.id,)),
        )

    @classmethod
    def of(cls, user_id: UUID) -> "User":
        return cls(id=strawberry.ID(str(user_id)))


def _may_see(caller: Caller, user_id: UUID, permission: str) -> bool:
    return caller.is_themselves(user_id) or caller.may(permission)
