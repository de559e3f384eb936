"""The GraphQL types of data requests."""

from datetime import UTC, datetime
from typing import Final

import orjson
import strawberry

from shared.errors import BadUserInput
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.entities import Reference
from shared.graphql.inputs import MutationInput
from shared.graphql.pagination import Keyset
from shared.graphql.references import resolve_by_id
from shared.graphql.user_errors import Payload
from shared.sealed_boxes import BoxKey
from subgraphs.users.context import Info
from subgraphs.users.models import DataRequest as DataRequestRow
from subgraphs.users.models import DataRequestKind, DataRequestPart, DataRequestState, ExportedRow
from subgraphs.users.service import data_requests as service
from subgraphs.users.store.data_requests import ExportStore
from subgraphs.users.types.people import User
from subgraphs.users.types.versions import version_cursor

_BY_PLACE: Final = Keyset(tuple[str, int])

strawberry.enum(
    DataRequestKind,
    description="What becomes of what is held of a person: told to them, erased, or given to their other account.",
)
strawberry.enum(DataRequestState, description="A request is done once every part of the platform has answered.")


@strawberry.type(description="What one part of the platform has answered to a data request.")
class DataRequestAnswer:
    subgraph: str = strawberry.field(description="The part of the platform.")
    answered_at: datetime | None = strawberry.field(description="When it had answered in full; null: it has not yet.")
    rows: int = strawberry.field(description="How many records it has told so far, or has erased.")

    @classmethod
    def of(cls, row: DataRequestPart) -> "DataRequestAnswer":
        return cls(subgraph=row.subgraph, answered_at=row.answered_at, rows=row.rows)


@strawberry.type(description="One record that is held of a person.")
class ExportedRecord:
    subgraph: str = strawberry.field(description="The part of the platform that holds it.")
    kind: str = strawberry.field(description="What it is, as that part names it: enrollments.")
    json: str = strawberry.field(description="The record, as a JSON object.")

    @classmethod
    def of(cls, row: ExportedRow, key: BoxKey | None) -> "ExportedRecord":
        kind, data = row.table, row.data
        if row.sealed is not None and key is not None:
            told = orjson.loads(key.open(row.sealed, context=str(row.request_id)))
            kind, data = told["table"], told["data"]
        return cls(subgraph=row.subgraph, kind=kind, json=orjson.dumps(data).decode())


@strawberry.federation.type(keys=["id"], description="A person wants to know what is held of them, or to be forgotten.")
class DataRequest:
    id: strawberry.ID = strawberry.field(description="Identifies the request.")
    kind: DataRequestKind = strawberry.field(description="Export, erasure or merge.")
    state: DataRequestState = strawberry.field(description="Whether everybody has answered.")
    requested_at: datetime = strawberry.field(description="When it was made.")
    completed_at: datetime | None = strawberry.field(description="When the last answer came; null before.")
    version: int = strawberry.field(description="Grows with each answer.")
    cursor: str = strawberry.field(
        description="`dataRequestUpdated(after:)` goes on after the version that this one is."
    )
    row: strawberry.Private[DataRequestRow]

    @strawberry.field(description="Whom it is about.")
    async def user(self, info: Info) -> User | None:
        row = await info.context.loaders.user_by_id.load(self.row.user_id)
        return User.of(row) if row else None

    @strawberry.field(description="As whom the person goes on, if two accounts are made one.")
    async def into(self, info: Info) -> User | None:
        row = await info.context.loaders.user_by_id.load(self.row.into_id) if self.row.into_id else None
        return User.of(row) if row else None

    @strawberry.field(description="Who has answered and who has not, in the order of their names.")
    async def per_subgraph(self, info: Info) -> list[DataRequestAnswer]:
        parts = await info.context.loaders.data_request_parts.load(self.row.id)
        return [DataRequestAnswer.of(part) for part in parts]

    @strawberry.field(
        description="What is held of the person. Null before the export is complete, 7 days after it, and to others "
        "than the person and callers with users:manage and users:read."
    )
    async def records(self, info: Info, first: First = 20, after: After = None) -> Connection[ExportedRecord] | None:
        caller = info.context.caller
        if not service.is_readable(self.row, caller, datetime.now(UTC)):
            return None
        page = _BY_PLACE.page(first, after)
        async with info.context.sessions.read(caller) as session:
            rows = await ExportStore(session).page(self.row.id, page)
            key = await service.box_key(session, info.context.keys, self.row)
        return connect(
            rows,
            page,
            node=lambda row: ExportedRecord.of(row, key),
            cursor=lambda row: _BY_PLACE.cursor((row.subgraph, row.number)),
        )

    @classmethod
    def of(cls, row: DataRequestRow) -> "DataRequest":
        return cls(
            id=strawberry.ID(str(row.id)),
            kind=DataRequestKind(row.kind),
            state=DataRequestState(row.state),
            requested_at=row.requested_at,
            completed_at=row.completed_at,
            version=row.version,
            cursor=version_cursor(row.id, row.version),
            row=row,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info, references: list[Reference]
    ) -> "list[DataRequest | BadUserInput | None]":
        """One that the caller may not see does not exist."""
        caller = info.context.caller
        found = await resolve_by_id(references, info.context.loaders.data_request_by_id, cls.of)
        return [one if not isinstance(one, DataRequest) or service.may_see(one.row, caller) else None for one in found]


@strawberry.input(description="Whose data it is about.")
class DataRequestInput(MutationInput):
    user_id: strawberry.ID | None = strawberry.field(
        default=None, description="The caller's own if null; somebody else's needs users:manage."
    )


@strawberry.input(description="Two accounts of one person.")
class MergeUsersInput(MutationInput):
    user_id: strawberry.ID = strawberry.field(description="The account of which only the identifier is left.")
    into_id: strawberry.ID = strawberry.field(description="The account as which the person goes on.")


@strawberry.type(description="What came of a data request.")
class DataRequestPayload(Payload):
    data_request: DataRequest | None = strawberry.field(
        default=None, description="The request; null if it was refused."
    )
