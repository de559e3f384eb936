"""Closing a tenant, opening it again, and an archive of it: ordered by its people, carried out by the worker.

Nobody can sign in to a tenant that is closed. So who closes it is given a code that opens it again: a MAC of the
order, which is therefore kept nowhere, and is of use only while that order is the latest one. An operator's order is
newer than it, and only an operator takes that back.
"""

from uuid import UUID

from shared.caller import Caller, service_caller
from shared.database import unit_of_work
from shared.errors import BadUserInput, Refusal
from shared.events import record
from shared.graphql.step_up import require_fresh_proof
from shared.idempotency import Attempt, once
from shared.tenancy.jobs import OPENNESS, JobKind, TenantJob
from subgraphs.auth.events import TenantSettled
from subgraphs.auth.service import audit
from subgraphs.auth.service.tenants import MANAGE, TenantDesk


class ResumeCodeInvalid(Refusal):
    """One answer for a code that was made up, one that is of no use any more, and for a tenant that does not exist."""

    code = "RESUME_CODE_INVALID"
    default_message = "This code does not open the tenant; ask the platform's operator"


async def close(desk: TenantDesk, caller: Caller, kind: JobKind, confirmed: str, attempt: Attempt) -> tuple[UUID, str]:
    """Order that the caller's tenant be suspended, or deleted after a time.

    Args:
        desk: what it is done with.
        caller: who orders it.
        kind: which of the two.
        confirmed: the tenant's slug, once more.
        attempt: this sending of the mutation.

    Returns:
        The order's id, and the code that takes it back.

    Raises:
        BadUserInput: the slug is another one.
        Forbidden: the caller may not manage the tenant.
    """
    caller.require(MANAGE)
    tenant = await desk.tenants.by_id(caller.tenant_id)
    if tenant is None or confirmed.strip().lower() != tenant.slug:
        raise BadUserInput("`confirmSlug` is not the tenant's slug", field="confirmSlug")
    job_id = await _order(desk, caller, kind, attempt)
    return job_id, desk.resuming.sign(job_id)


async def resume(desk: TenantDesk, slug: str, code: str, attempt: Attempt) -> None:
    """Order that a closed tenant be opened again, for whoever has the code.

    Raises:
        ResumeCodeInvalid: it is not the code of the order that closed the tenant.
    """
    closing, tenant = desk.resuming.read(code), await desk.tenants.by_slug(slug)
    if closing is None or tenant is None:
        raise ResumeCodeInvalid
    nobody = service_caller(tenant.id, "resume")  # lint-skip: callers-from-tokens (the code is the proof)
    await _order(desk, nobody, JobKind.RESUME, attempt, closed_by=closing)


async def export(desk: TenantDesk, caller: Caller, attempt: Attempt) -> UUID:
    """Order an archive of everything that the platform keeps of the caller's tenant; returns the order's id.

    Raises:
        Forbidden: the caller may not manage the tenant.
        ExportUnderWay: one is being made.
    """
    caller.require(MANAGE)
    return await _order(desk, caller, JobKind.EXPORT, attempt)


async def archive_link(desk: TenantDesk, caller: Caller, ordered: TenantJob) -> str | None:
    """Where the archive is fetched, for ten minutes; None if there is none (any more).

    Raises:
        StepUpRequired: the caller has not proved who they are for a while, or is not that person themselves.
        Forbidden: the caller may not manage the tenant.
    """
    caller.require(MANAGE)
    require_fresh_proof(caller)
    tenant = await desk.tenants.by_id(caller.tenant_id)
    return None if tenant is None else desk.exports.link(caller, tenant.slug, ordered)


async def job(desk: TenantDesk, caller: Caller, job_id: UUID) -> TenantJob | None:
    """An order of the caller's tenant.

    Raises:
        Forbidden: the caller may not manage the tenant.
    """
    caller.require(MANAGE)
    return await desk.board.get(caller, job_id)


async def _order(
    desk: TenantDesk, caller: Caller, kind: JobKind, attempt: Attempt, *, closed_by: UUID | None = None
) -> UUID:
    """Put it down once, with its entry in the audit; last, for the control database is another than the tenant's."""
    async with unit_of_work(desk.sessions, caller) as session:

        async def perform() -> UUID:
            if closed_by is not None and await desk.board.closed_by(caller) != closed_by:
                raise ResumeCodeInvalid
            if kind in OPENNESS:
                record(session, TenantSettled(tenant_id=caller.tenant_id, settings=("status",)))
            audit.describe(
                session, audit.Subject("Tenant", caller.tenant_id), changes=[audit.Change("ordered", None, kind)]
            )
            return await desk.board.order(caller, kind)

        return await once(session, attempt, perform)
