"""How many bytes a tenant's lessons take up, and that they are no more than its quota.

They are counted where they change, in the same transaction, so that the count is exact however many write at once. It
is one document of the tenant's, which writers of the same moment follow one another at. Counting everything anew, now
and then, finds what was written otherwise: a backup that was played back, or a repair by hand.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from shared.caller import Caller, TenantId
from shared.documents import Documents, TenantDocuments, documents_unit_of_work
from shared.errors import TenantNotFound, Unavailable
from shared.events.documents import record_document
from shared.tenancy.profile import Measure, Quotas
from shared.tenancy.registry import Registry
from subgraphs.content.events import QuotaExceeded
from subgraphs.content.store import StorageStore

QuotasOf: TypeAlias = Callable[[Caller], Awaitable[Quotas]]
"""What the caller's tenant may use at most."""
TELL_AGAIN: Final = timedelta(days=1)
"""How long a tenant that goes on being refused is not told of again."""
RECOUNT_AFTER: Final = timedelta(days=1)


def quotas_of(tenants: Registry) -> QuotasOf:
    """As the tenants' records say."""

    async def quotas(caller: Caller) -> Quotas:
        record = await tenants.by_id(caller.tenant_id)
        if record is None:
            raise TenantNotFound
        return record.quotas

    return quotas


async def bytes_of(documents: TenantDocuments, tenant_ids: Sequence[TenantId]) -> Mapping[TenantId, int]:
    """What is kept; a caller reaches one tenant, so there is one number."""
    return {documents.caller.tenant_id: await StorageStore(documents).used()}


async def keep(documents: TenantDocuments, more: int, quotas: Quotas) -> None:
    """Count `more` bytes (fewer, if it is negative) that the transaction writes; to be called after all it writes.

    Raises:
        QuotaExceeded: there is not that much left. Whoever keeps less than before is never refused.
    """
    if more == 0:
        return
    used = await StorageStore(documents).add(more, now=datetime.now(UTC))
    if more > 0:
        quotas.check(Measure.STORAGE_BYTES, used)


async def tell_exceeded(documents: Documents, caller: Caller, limit: int, *, now: datetime) -> None:
    """Tell that the tenant was refused: once, and again if it still is after `TELL_AGAIN`."""

    async def tell(tenant: TenantDocuments) -> None:
        storage = StorageStore(tenant)
        if await storage.note_refusal(now=now, unless_after=now - TELL_AGAIN):
            exceeded = QuotaExceeded(
                tenant_id=caller.tenant_id,
                measure=Measure.STORAGE_BYTES.value,
                limit=limit,
                used=await storage.used(),
            )
            await record_document(tenant, exceeded)

    with suppress(Unavailable):  # what was refused stays refused; the next one is told of
        await documents_unit_of_work(documents, caller, tell)


async def recount(documents: Documents, caller: Caller, *, now: datetime, after: timedelta = RECOUNT_AFTER) -> bool:
    """Count everything of the tenant anew, unless that was done within `after`.

    Nobody waits for it: if something is written meanwhile, what was counted is dropped, and the next call tries again.

    Returns:
        Whether the count is right as of this call.
    """
    async with documents.read(caller) as tenant:
        return await StorageStore(tenant).recount(now=now, unless_after=now - after)
