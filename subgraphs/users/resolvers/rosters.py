"""The root fields about imports of rosters: unpack, call, wrap."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Final, TypeAlias
from uuid import UUID

import strawberry

from shared import checks
from shared.database import TenantSession, unit_of_work
from shared.errors import parse_id
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.pagination import Keyset
from shared.graphql.user_errors import Refusals
from subgraphs.users.context import Info
from subgraphs.users.models import ImportJob as ImportJobRow
from subgraphs.users.models import ImportState
from subgraphs.users.service import rosters as service
from subgraphs.users.service.people import MANAGER
from subgraphs.users.store.rosters import ImportStore
from subgraphs.users.types.rosters import (
    CancelImportInput,
    CancelImportPayload,
    ImportJob,
    ImportRosterInput,
    ImportRosterPayload,
)
from subgraphs.users.types.versions import version_in

_BY_ID: Final = Keyset(tuple[UUID])
_Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The import's.")]
_Seen: TypeAlias = Annotated[str | None, strawberry.argument(description="The `cursor` of the version seen last.")]


@strawberry.type
class RosterQuery:
    @strawberry.field(description="An import of a roster. Needs users:manage.")
    async def import_job(self, info: Info, id: _Id) -> ImportJob | None:
        info.context.caller.require(MANAGER)
        job_id = parse_id(id)
        async with info.context.sessions.read(info.context.caller) as session:
            row = await ImportStore(session).get(job_id)
        return ImportJob.of(row) if row else None

    @strawberry.field(
        description="The rows of an import that were refused, as CSV with what is wrong, to be mended and imported "
        "again. Cells that a spreadsheet would take for a formula have an apostrophe before them, which an import "
        "takes away. Null 7 days after it is done or cancelled. Needs users:manage."
    )
    async def import_errors_csv(self, info: Info, id: _Id) -> str | None:
        info.context.caller.require(MANAGER)
        job_id = parse_id(id)
        async with info.context.sessions.read(info.context.caller) as session:
            row = await ImportStore(session).get(job_id)
            return None if row is None else await service.problems_as_csv(session, info.context.keys, row)

    @strawberry.field(description="Imports of rosters, the newest first. Needs users:manage.")
    async def import_jobs(self, info: Info, first: First = 20, after: After = None) -> Connection[ImportJob] | None:
        info.context.caller.require(MANAGER)
        page = _BY_ID.page(first, after)
        async with info.context.sessions.read(info.context.caller) as session:
            rows = await ImportStore(session).page(page)
        return connect(rows, page, node=ImportJob.of, cursor=lambda row: _BY_ID.cursor((row.id,)))


@strawberry.type
class RosterMutation:
    @strawberry.mutation(
        extensions=[Refusals(ImportRosterPayload)],
        description="Add the people of a roster and bring those up to date who are here; a job does it. At most 3 run "
        "at a time. Needs users:manage and users:invite.",
    )
    async def import_roster(self, info: Info, input: ImportRosterInput) -> ImportRosterPayload | None:
        options = service.RosterOptions(
            checks.slug(input.source, field="source"), input.role, dry_run=input.dry_run, invite=input.invite
        )
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            attempt = input.attempt("importRoster")
            row = await service.submit(session, attempt, info.context.keys, input.csv, options)
        return ImportRosterPayload(import_job=ImportJob.of(row))

    @strawberry.mutation(
        extensions=[Refusals(CancelImportPayload)],
        description="Import a roster no further. The rows that are behind it stay as they were imported, and are told. "
        "Needs users:manage.",
    )
    async def cancel_import(self, info: Info, input: CancelImportInput) -> CancelImportPayload | None:
        job_id, attempt = parse_id(input.import_job_id, field="importJobId"), input.attempt("cancelImport")
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            row = await service.cancel(session, attempt, job_id)
        return CancelImportPayload(import_job=ImportJob.of(row))


@strawberry.type
class RosterSubscription:
    @strawberry.subscription(
        description="How an import stands now or, given the cursor of a version, later; then as it gets on, of which "
        "several steps may come as one. Ends once it is done or cancelled. Needs users:manage."
    )
    async def import_job_updated(self, info: Info, id: _Id, after: _Seen = None) -> AsyncGenerator[ImportJob | None]:
        job_id, caller = parse_id(id), info.context.caller
        caller.require(MANAGER)
        # A client that reconnects repeats its operation as it was: what it has seen last is later than `after`.
        cursor = info.context.goes_on_after or after

        async def read(session: TenantSession) -> ImportJobRow | None:
            return await ImportStore(session).get(job_id)

        following = info.context.follower.follow(
            service.channel_of(caller.tenant_id, job_id),
            read,
            version=lambda row: row.version,
            settled=lambda row: row.state != ImportState.RUNNING,
            after=None if cursor is None else version_in(cursor, job_id),
        )
        async with aclosing(following) as versions:
            async for row in versions:
                job = ImportJob.of(row)
                info.context.cursor = job.cursor
                yield job
