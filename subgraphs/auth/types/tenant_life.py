"""What is ordered for a whole tenant, in the graph."""

from datetime import datetime

import strawberry

from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload
from shared.tenancy import jobs
from shared.tenancy.jobs import JobKind, JobState
from subgraphs.auth.context import Info
from subgraphs.auth.service import tenant_life as service

strawberry.enum(JobKind, name="TenantJobKind", description="What was ordered for a tenant.")
strawberry.enum(
    JobState, name="TenantJobState", description="How far it is; an order that a newer one has overtaken fails."
)


@strawberry.type(description="Everything that the platform keeps of a tenant: a ZIP of JSON lines, and a manifest.")
class TenantArchive:
    size_bytes: float = strawberry.field(description="Of the ZIP file.")
    expires_at: datetime | None = strawberry.field(description="When it goes.")
    job: strawberry.Private[jobs.TenantJob]

    @strawberry.field(
        description="Where whoever has this address fetches it, for ten minutes. It takes a fresh proof (`stepUp`)."
    )
    async def download_url(self, info: Info) -> str | None:
        return await service.archive_link(info.context.tenant_desk, info.context.caller, self.job)

    @classmethod
    def of(cls, job: jobs.TenantJob, archive: jobs.Archive) -> "TenantArchive":
        return cls(size_bytes=float(archive.bytes), expires_at=job.archive_expires_at, job=job)


@strawberry.type(description="Something ordered for the whole tenant, and done by the platform on its own time.")
class TenantJob:
    id: strawberry.ID = strawberry.field(description="Of the order.")
    kind: JobKind = strawberry.field(description="What was ordered.")
    state: JobState = strawberry.field(description="How far it is.")
    ordered_at: datetime = strawberry.field(description="When it was ordered.")
    finished_at: datetime | None = strawberry.field(description="When it was done or given up; null while it waits.")
    archive: TenantArchive | None = strawberry.field(
        description="What an export has made; null before, and once it is gone: after seven days, or by a newer one."
    )

    @classmethod
    def of(cls, job: jobs.TenantJob) -> "TenantJob":
        return cls(
            id=strawberry.ID(str(job.id)),
            kind=job.kind,
            state=job.state,
            ordered_at=job.ordered_at,
            finished_at=job.finished_at,
            archive=None if job.archive is None else TenantArchive.of(job, job.archive),
        )


@strawberry.input(description="That nobody is to be let in any more.")
class SuspendTenantInput(MutationInput):
    confirm_slug: str = strawberry.field(description="The tenant's slug, so that it is this one that is meant.")


@strawberry.type(description="What came of `suspendTenant`.")
class SuspendTenantPayload(Payload):
    job: TenantJob | None = strawberry.field(default=None, description="The order; null if it was refused.")
    resume_code: str | None = strawberry.field(
        default=None, description="Opens the tenant again, by `resumeTenant`. Keep it: it is shown here alone."
    )


@strawberry.input(description="That everything of the tenant is to be deleted, after thirty days.")
class DeleteTenantInput(MutationInput):
    confirm_slug: str = strawberry.field(description="The tenant's slug, so that it is this one that is meant.")


@strawberry.type(description="What came of `deleteTenant`.")
class DeleteTenantPayload(Payload):
    job: TenantJob | None = strawberry.field(default=None, description="The order; null if it was refused.")
    resume_code: str | None = strawberry.field(
        default=None,
        description="Takes the deletion back in these days, by `resumeTenant`. Keep it: it is shown here alone.",
    )


@strawberry.input(description="That an archive of the tenant is wanted.")
class ExportTenantInput(MutationInput):
    pass


@strawberry.type(description="What came of `exportTenant`.")
class ExportTenantPayload(Payload):
    job: TenantJob | None = strawberry.field(default=None, description="The order; null if it was refused.")


@strawberry.input(description="A tenant that was closed and is to be opened again.")
class ResumeTenantInput(MutationInput):
    slug: str = strawberry.field(description="Of the tenant.")
    code: str = strawberry.field(description="That who closed it was given.")


@strawberry.type(description="What came of `resumeTenant`.")
class ResumeTenantPayload(Payload):
    slug: str | None = strawberry.field(
        default=None, description="Of the tenant, which is open in a moment; null if it was refused."
    )
