"""Quotas: unpack, call, wrap."""

import strawberry

from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.resolvers.tenants import settling
from subgraphs.auth.service import quotas as service
from subgraphs.auth.types.quotas import SetQuotaInput, SetQuotaPayload
from subgraphs.auth.types.tenants import Tenant


@strawberry.type
class QuotaMutation:
    @strawberry.mutation(
        extensions=[Refusals(SetQuotaPayload)], description="Settle how much of something the tenant allows itself."
    )
    async def set_quota(self, info: Info, input: SetQuotaInput) -> SetQuotaPayload | None:
        change = settling(input, "setQuota", "quotas")
        desk, caller = info.context.tenant_desk, info.context.caller
        record = await service.set_quota(desk, caller, change, input.measure, input.limit)
        return SetQuotaPayload(tenant=Tenant.of(record))
