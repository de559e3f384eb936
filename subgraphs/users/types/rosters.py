"""The GraphQL types of imports of rosters."""

from datetime import datetime
from typing import Final

import strawberry

from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.inputs import MutationInput
from shared.graphql.pagination import Keyset
from shared.graphql.user_errors import Payload
from shared.roles import Role
from subgraphs.users.context import Info
from subgraphs.users.models import ImportJob as ImportJobRow
from subgraphs.users.models import ImportProblem as ImportProblemRow
from subgraphs.users.models import ImportState
from subgraphs.users.service.roster_files import COLUMNS, FIELD_PREFIX, MAX_BYTES, MAX_ROWS
from subgraphs.users.types.people import User
from subgraphs.users.types.versions import version_cursor

_BY_LINE: Final = Keyset(tuple[int, int])

strawberry.enum(
    ImportState, description="An import is done once every row was taken or refused, unless it was cancelled before."
)


@strawberry.type(description="Why a row of a roster was not imported.")
class ImportRowError:
    line: int = strawberry.field(description="Where the row begins, from 1.")
    column: str | None = strawberry.field(description="The column of the cell; null if it is about the whole row.")
    code: str = strawberry.field(description="Stable, for programs: QUOTA_EXCEEDED.")
    message: str = strawberry.field(description="For people; its wording may change.")

    @classmethod
    def of(cls, row: ImportProblemRow) -> "ImportRowError":
        return cls(line=row.line, column=row.column, code=row.code, message=row.message)


@strawberry.type(description="A roster that is being imported, or was.")
class ImportJob:
    id: strawberry.ID = strawberry.field(description="Identifies the import.")
    source: str = strawberry.field(description="The system whose identifiers the roster has.")
    dry_run: bool = strawberry.field(description="It only tells what would be done.")
    state: ImportState = strawberry.field(description="Whether it goes on.")
    total: int = strawberry.field(description="How many rows the roster has.")
    done: int = strawberry.field(description="How many of them are behind it.")
    created: int = strawberry.field(description="How many rows have added somebody.")
    updated: int = strawberry.field(description="How many have changed somebody.")
    unchanged: int = strawberry.field(description="How many said what was so already.")
    failed: int = strawberry.field(description="How many were refused.")
    requested_at: datetime = strawberry.field(description="When it was submitted.")
    completed_at: datetime | None = strawberry.field(
        description="When the last row was behind it, or it was cancelled; null before."
    )
    version: int = strawberry.field(description="Grows as it gets on.")
    cursor: str = strawberry.field(description="`importJobUpdated(after:)` goes on after the version that this one is.")
    row: strawberry.Private[ImportJobRow]

    @strawberry.field(description="Who submitted it.")
    async def requested_by(self, info: Info) -> User | None:
        row = await info.context.loaders.user_by_id.load(self.row.requested_by)
        return User.of(row) if row else None

    @strawberry.field(description="What was refused, by lines; kept for 7 days after it is done or cancelled.")
    async def row_errors(self, info: Info, first: First = 20, after: After = None) -> Connection[ImportRowError] | None:
        page = _BY_LINE.page(first, after)
        rows = await info.context.loaders.import_problems.load((self.row.id, page))
        return connect(rows, page, node=ImportRowError.of, cursor=lambda row: _BY_LINE.cursor((row.line, row.number)))

    @classmethod
    def of(cls, row: ImportJobRow) -> "ImportJob":
        return cls(
            id=strawberry.ID(str(row.id)),
            source=row.source,
            dry_run=row.dry_run,
            state=ImportState(row.state),
            total=row.total,
            done=row.done,
            created=row.created,
            updated=row.updated,
            unchanged=row.unchanged,
            failed=row.failed,
            requested_at=row.requested_at,
            completed_at=row.completed_at,
            version=row.version,
            cursor=version_cursor(row.id, row.version),
            row=row,
        )


@strawberry.input(description="A roster to import. What it says again changes nothing.")
class ImportRosterInput(MutationInput):
    csv: str = strawberry.field(
        description=f"At most {MAX_ROWS} rows and {MAX_BYTES} bytes, below a line with the names of the columns: "
        f"{', '.join(COLUMNS)} (codes with bars between them), and {FIELD_PREFIX} with the key of a field of the "
        "tenant's. The first two must be there. Empty cells say nothing."
    )
    source: str = strawberry.field(
        description="The system that `external_id` is of: small letters, digits and single hyphens."
    )
    role: Role = strawberry.field(
        default=Role.LEARNER,
        description="Of new people whose row names none. Nobody is made an owner, and somebody more than a learner "
        "only by callers with roles:manage.",
    )
    invite: bool = strawberry.field(
        default=True, description="Mail new people an invitation. Without, they come by an identity provider."
    )
    dry_run: bool = strawberry.field(default=False, description="Only tell what would be done.")


@strawberry.type(description="What came of `importRoster`.")
class ImportRosterPayload(Payload):
    import_job: ImportJob | None = strawberry.field(default=None, description="The import; null if it was refused.")


@strawberry.input(description="An import to cancel.")
class CancelImportInput(MutationInput):
    import_job_id: strawberry.ID = strawberry.field(description="The import's.")


@strawberry.type(description="What came of `cancelImport`.")
class CancelImportPayload(Payload):
    import_job: ImportJob | None = strawberry.field(
        default=None, description="The import as far as it has got; null if it was refused."
    )
