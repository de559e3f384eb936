"""The root fields of the audit: unpack, call, wrap."""

from typing import Annotated, TypeAlias

import strawberry

from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.pagination import Keyset
from subgraphs.auth.context import Info
from subgraphs.auth.store.audit import AuditFilter, AuditStore
from subgraphs.auth.types.audit import AuditEvent, AuditEventFilter

_BY_SEQ = Keyset(tuple[int])
_Filter: TypeAlias = Annotated[
    AuditEventFilter | None, strawberry.argument(description="Which entries; by default, all of them.")
]


@strawberry.type
class AuditQuery:
    @strawberry.field(
        description="What was done in the tenant, by whom and to what; the latest first. Needs audit:read."
    )
    async def audit_events(
        self, info: Info, first: First = 20, after: After = None, filter: _Filter = None
    ) -> Connection[AuditEvent] | None:
        info.context.caller.require("audit:read")
        page, wanted = _BY_SEQ.page(first, after), filter.chosen() if filter else AuditFilter()
        async with info.context.desk.sessions.read(info.context.caller) as session:
            rows = await AuditStore(session).page(wanted, page)
        return connect(rows, page, node=AuditEvent.of, cursor=lambda row: _BY_SEQ.cursor((row.seq,)))
