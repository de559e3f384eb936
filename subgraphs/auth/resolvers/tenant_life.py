"""Closing a tenant, opening it again, and an archive of it: unpack, call, wrap."""

from typing import Annotated

import strawberry

from shared.errors import parse_id
from shared.graphql.step_up import StepUp
from shared.graphql.user_errors import Refusals
from shared.tenancy.jobs import JobKind
from subgraphs.auth.context import Info
from subgraphs.auth.service import tenant_life as service
from subgraphs.auth.types.tenant_life import (
    DeleteTenantInput,
    DeleteTenantPayload,
    ExportTenantInput,
    ExportTenantPayload,
    ResumeTenantInput,
    ResumeTenantPayload,
    SuspendTenantInput,
    SuspendTenantPayload,
    TenantJob,
)


@strawberry.type
class TenantLifeQuery:
    @strawberry.field(description="Something ordered for the tenant, for those who may manage it.")
    async def tenant_job(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Of the order.")]
    ) -> TenantJob | None:
        found = await service.job(info.context.tenant_desk, info.context.caller, parse_id(id))
        return None if found is None else TenantJob.of(found)


@strawberry.type
class TenantLifeMutation:
    @strawberry.mutation(
        extensions=[StepUp(), Refusals(SuspendTenantPayload)],
        description="Close the tenant: nobody can sign in, what runs on its people's behalf ends, nothing is deleted.",
    )
    async def suspend_tenant(self, info: Info, input: SuspendTenantInput) -> SuspendTenantPayload | None:
        job, code = await _close(info, JobKind.SUSPEND, input, "suspendTenant")
        return SuspendTenantPayload(job=job, resume_code=code)

    @strawberry.mutation(
        extensions=[StepUp(), Refusals(DeleteTenantPayload)],
        description="Close the tenant, and have everything of it deleted after thirty days.",
    )
    async def delete_tenant(self, info: Info, input: DeleteTenantInput) -> DeleteTenantPayload | None:
        job, code = await _close(info, JobKind.DELETE, input, "deleteTenant")
        return DeleteTenantPayload(job=job, resume_code=code)

    @strawberry.mutation(
        extensions=[StepUp(), Refusals(ExportTenantPayload)],
        description="Have everything the platform keeps of the tenant put into an archive, of which `tenantJob` tells.",
    )
    async def export_tenant(self, info: Info, input: ExportTenantInput) -> ExportTenantPayload | None:
        desk, caller = info.context.tenant_desk, info.context.caller
        job_id = await service.export(desk, caller, input.attempt("exportTenant"))
        found = await service.job(desk, caller, job_id)
        return ExportTenantPayload(job=None if found is None else TenantJob.of(found))

    @strawberry.mutation(
        extensions=[Refusals(ResumeTenantPayload)],
        description="Open a tenant again that its own people have closed, by the code they were given then.",
    )
    async def resume_tenant(self, info: Info, input: ResumeTenantInput) -> ResumeTenantPayload | None:
        attempt = input.attempt("resumeTenant", without={"code"})
        await service.resume(info.context.tenant_desk, input.slug, input.code, attempt)
        return ResumeTenantPayload(slug=input.slug)


async def _close(
    info: Info, kind: JobKind, input: SuspendTenantInput | DeleteTenantInput, operation: str
) -> tuple[TenantJob | None, str]:
    desk, caller, attempt = info.context.tenant_desk, info.context.caller, input.attempt(operation)
    job_id, code = await service.close(desk, caller, kind, input.confirm_slug, attempt)
    found = await service.job(desk, caller, job_id)
    return None if found is None else TenantJob.of(found), code
