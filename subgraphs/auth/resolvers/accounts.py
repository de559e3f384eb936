"""The root fields of the auth subgraph: unpack, call, wrap."""

import strawberry

from shared import checks
from shared.errors import Unauthenticated
from shared.graphql.user_errors import Refusals
from shared.roles import Role
from shared.tenancy.registry import TenantStatus
from subgraphs.auth.context import Info
from subgraphs.auth.service import accounts as service
from subgraphs.auth.service.accounts import SignedIn
from subgraphs.auth.service.passwords import Credentials, sign_in
from subgraphs.auth.types.accounts import (
    IssuedSession,
    SignUpTenantInput,
    SignUpTenantPayload,
    Viewer,
)
from subgraphs.auth.types.tenants import Tenant


@strawberry.type
class AccountQuery:
    @strawberry.field(description="Whoever is calling.")
    async def viewer(self, info: Info) -> Viewer | None:
        caller = info.context.caller
        tenant = await info.context.own_tenant()
        if tenant is None:
            raise Unauthenticated
        return Viewer.of(
            caller.require_user(),
            tenant,
            Role(caller.role),
            caller.scopes,
            impersonator_id=caller.impersonator_id,
        )

    @strawberry.field(description="The caller's tenant.")
    async def tenant(self, info: Info) -> Tenant | None:
        record = await info.context.own_tenant()
        return Tenant.of(record) if record else None


@strawberry.type
class AccountMutation:
    @strawberry.mutation(extensions=[Refusals(SignUpTenantPayload)], description="Open a tenant and own it.")
    async def sign_up_tenant(self, info: Info, input: SignUpTenantInput) -> SignUpTenantPayload | None:
        new = service.NewTenant(
            name=checks.text(input.name, field="name"),
            slug=checks.slug(input.slug),
            owner_name=checks.text(input.owner_name, field="ownerName"),
            owner_email=checks.email_address(input.owner_email, field="ownerEmail"),
            password=input.password,
        )
        await info.context.desk.passwords.check(input.password, about=(new.owner_email, new.owner_name, new.name))
        attempt = input.attempt("signUpTenant", without={"password"})
        tenant = await service.sign_up_tenant(info.context.desk, new, attempt)
        if tenant.status is not TenantStatus.ACTIVE:
            return SignUpTenantPayload(tenant=Tenant.of(tenant))
        owner = await sign_in(info.context.desk, Credentials(new.slug, new.owner_email, new.password), attempt)
        session = IssuedSession.of_person(owner) if isinstance(owner, SignedIn) else None
        return SignUpTenantPayload(tenant=Tenant.of(tenant), session=session)
