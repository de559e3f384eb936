"""The root fields about data requests: unpack, call, wrap."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Final, TypeAlias
from uuid import UUID

import strawberry

from shared.caller import require_own
from shared.database import TenantSession, unit_of_work
from shared.errors import parse_id
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.pagination import Keyset
from shared.graphql.step_up import StepUp, require_fresh_proof
from shared.graphql.user_errors import Refusals
from subgraphs.users.context import Info
from subgraphs.users.models import DataRequest as DataRequestRow
from subgraphs.users.models import DataRequestState
from subgraphs.users.service import data_requests as service
from subgraphs.users.service import merging
from subgraphs.users.service.people import MANAGER
from subgraphs.users.store.data_requests import DataRequestStore
from subgraphs.users.types.data_requests import (
    DataRequest,
    DataRequestInput,
    DataRequestPayload,
    MergeUsersInput,
)
from subgraphs.users.types.versions import version_in

_BY_ID: Final = Keyset(tuple[UUID])
_Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The request's.")]
_Everybody: TypeAlias = Annotated[
    bool, strawberry.argument(description="Those about everybody, which needs users:manage; else about the caller.")
]
_Seen: TypeAlias = Annotated[str | None, strawberry.argument(description="The `cursor` of the version seen last.")]


@strawberry.type
class DataRequestQuery:
    @strawberry.field(description="A data request about the caller; with users:manage, about anybody.")
    async def data_request(self, info: Info, id: _Id) -> DataRequest | None:
        row = await info.context.loaders.data_request_by_id.load(parse_id(id))
        return DataRequest.of(row) if row and service.may_see(row, info.context.caller) else None

    @strawberry.field(description="Data requests, the newest first.")
    async def data_requests(
        self, info: Info, first: First = 20, after: After = None, *, everybody: _Everybody = False
    ) -> Connection[DataRequest] | None:
        caller = info.context.caller
        if everybody:
            caller.require(MANAGER)
        page = _BY_ID.page(first, after)
        async with info.context.sessions.read(caller) as session:
            whose = None if everybody else require_own(caller, MANAGER)
            rows = await DataRequestStore(session).page(page, user_id=whose)
        return connect(rows, page, node=DataRequest.of, cursor=lambda row: _BY_ID.cursor((row.id,)))


@strawberry.type
class DataRequestMutation:
    @strawberry.mutation(
        extensions=[Refusals(DataRequestPayload)],
        description="Collect what the platform holds of the caller or, with users:manage, of somebody else, which "
        "needs a fresh proof of who calls.",
    )
    async def request_data_export(self, info: Info, input: DataRequestInput) -> DataRequestPayload | None:
        caller = info.context.caller
        if not caller.is_themselves(_whose(info, input)):
            caller.require(MANAGER)
            require_fresh_proof(caller)
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            attempt, keys = input.attempt("requestDataExport"), info.context.keys
            row = await service.request_export(session, attempt, keys, _whose(info, input))
        return DataRequestPayload(data_request=DataRequest.of(row))

    @strawberry.mutation(
        extensions=[StepUp(), Refusals(DataRequestPayload)],
        description="Erase the caller or, with users:manage, somebody else, everywhere and for good. Needs a fresh "
        "proof of who calls.",
    )
    async def request_erasure(self, info: Info, input: DataRequestInput) -> DataRequestPayload | None:
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            row = await service.request_erasure(session, input.attempt("requestErasure"), _whose(info, input))
        return DataRequestPayload(data_request=DataRequest.of(row))

    @strawberry.mutation(
        extensions=[StepUp(), Refusals(DataRequestPayload)],
        description="Make one of two accounts of a person: what the first has is the second's everywhere, which signs "
        "in and may do what it did before; of the first only the identifier is left, for good. What both have is kept "
        "once, as the second has it. Needs users:manage and a fresh proof of who calls.",
    )
    async def merge_users(self, info: Info, input: MergeUsersInput) -> DataRequestPayload | None:
        user_id, into_id = parse_id(input.user_id, field="userId"), parse_id(input.into_id, field="intoId")
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            row = await merging.merge(session, input.attempt("mergeUsers"), info.context.keys, user_id, into_id)
        info.context.refresh()
        return DataRequestPayload(data_request=DataRequest.of(row))


def _whose(info: Info, input: DataRequestInput) -> UUID:
    return info.context.caller.require_user() if input.user_id is None else parse_id(input.user_id, field="userId")


@strawberry.type
class DataRequestSubscription:
    @strawberry.subscription(
        description="How a data request stands now or, given the cursor of a version, later; then after each answer, "
        "of which several may come as one. Ends once it is done."
    )
    async def data_request_updated(
        self, info: Info, id: _Id, after: _Seen = None
    ) -> AsyncGenerator[DataRequest | None]:
        request_id, caller = parse_id(id), info.context.caller
        # A client that reconnects repeats its operation as it was: what it has seen last is later than `after`.
        cursor = info.context.goes_on_after or after

        async def read(session: TenantSession) -> DataRequestRow | None:
            row = await DataRequestStore(session).get(request_id)
            return row if row is not None and service.may_see(row, caller) else None

        following = info.context.follower.follow(
            service.channel_of(caller.tenant_id, request_id),
            read,
            version=lambda row: row.version,
            settled=lambda row: row.state == DataRequestState.DONE,
            after=None if cursor is None else version_in(cursor, request_id),
        )
        async with aclosing(following) as versions:
            async for row in versions:
                request = DataRequest.of(row)
                info.context.cursor = request.cursor
                yield request
