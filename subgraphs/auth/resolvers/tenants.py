"""What a tenant settles of itself: unpack, call, wrap."""

import strawberry

from shared import checks
from shared.graphql.inputs import UpdateInput
from shared.graphql.user_errors import Refusals
from shared.tenancy.domains import domain_name
from subgraphs.auth.context import Info
from subgraphs.auth.service import tenants as service
from subgraphs.auth.types.tenants import (
    RemoveDomainInput,
    RemoveDomainPayload,
    SetBrandingInput,
    SetBrandingPayload,
    Tenant,
    TenantDomain,
    UpdateTenantInput,
    UpdateTenantPayload,
    VerifyDomainInput,
    VerifyDomainPayload,
)


def settling(input: UpdateInput, operation: str, *settings: str) -> service.Settling:
    """What an input says of the change that it asks for."""
    return service.Settling(input.attempt(operation), settings, input.expected_version)


@strawberry.type
class TenantMutation:
    @strawberry.mutation(extensions=[Refusals(UpdateTenantPayload)], description="Change the tenant itself.")
    async def update_tenant(self, info: Info, input: UpdateTenantInput) -> UpdateTenantPayload | None:
        alter = service.renamed(checks.text(input.name, field="name"))
        change = settling(input, "updateTenant", "name")
        record = await service.settle(info.context.tenant_desk, info.context.caller, change, alter)
        return UpdateTenantPayload(tenant=Tenant.of(record))

    @strawberry.mutation(
        extensions=[Refusals(SetBrandingPayload)], description="Settle how the tenant shows itself, as a whole."
    )
    async def set_branding(self, info: Info, input: SetBrandingInput) -> SetBrandingPayload | None:
        branding = service.checked_branding(input.branding())
        change = settling(input, "setBranding", "branding")
        record = await service.brand(info.context.tenant_desk, info.context.caller, change, branding)
        return SetBrandingPayload(tenant=Tenant.of(record))

    @strawberry.mutation(
        extensions=[Refusals(VerifyDomainPayload)],
        description="Look whether the tenant has proven that a domain is its own. The first time, the answer tells "
        "the TXT record that proves it; ask again once it is there.",
    )
    async def verify_domain(self, info: Info, input: VerifyDomainInput) -> VerifyDomainPayload | None:
        attempt, name = input.attempt("verifyDomain"), domain_name(input.domain)
        domain = await service.verify_domain(info.context.tenant_desk, info.context.caller, name, attempt)
        return VerifyDomainPayload(domain=TenantDomain.of(domain))

    @strawberry.mutation(extensions=[Refusals(RemoveDomainPayload)], description="Give a domain up.")
    async def remove_domain(self, info: Info, input: RemoveDomainInput) -> RemoveDomainPayload | None:
        attempt, name = input.attempt("removeDomain"), domain_name(input.domain)
        await service.remove_domain(info.context.tenant_desk, info.context.caller, name, attempt)
        record = await info.context.own_tenant()
        return RemoveDomainPayload(tenant=Tenant.of(record) if record else None)
