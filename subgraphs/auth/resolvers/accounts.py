"""The root fields of the auth subgraph: unpack, call, wrap."""

import strawberry

from shared import checks
from shared.errors import Unauthenticated
from shared.graphql.user_errors import Refusals
from shared.roles import Role
from subgraphs.auth.context import Info
from subgraphs.auth.service import accounts as service
from subgraphs.auth.types.accounts import (
    IssuedSession,
    SignInInput,
    SignInPayload,
    SignOutInput,
    SignOutPayload,
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
        return Viewer.of(caller.require_user(), tenant, Role(caller.role), caller.scopes)

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
        signed_up = await service.sign_up_tenant(info.context.desk, new, attempt)
        session = IssuedSession.of(signed_up.owner.token) if signed_up.owner else None
        return SignUpTenantPayload(tenant=Tenant.of(signed_up.tenant), session=session)

    @strawberry.mutation(
        extensions=[Refusals(SignInPayload)],
        description="Open a session. Refused alike for a wrong password and for an unknown e-mail address.",
    )
    async def sign_in(self, info: Info, input: SignInInput) -> SignInPayload | None:
        email = input.email.strip().lower()
        attempt = input.attempt("signIn", without={"password"})
        return SignInPayload.of(await service.sign_in(info.context.desk, input.tenant, email, input.password, attempt))

    @strawberry.mutation(
        extensions=[Refusals(SignOutPayload)],
        description="End the session: its access token is refused from now on, and its subscriptions end within a "
        "second.",
    )
    async def sign_out(self, info: Info, input: SignOutInput) -> SignOutPayload | None:
        attempt = input.attempt("signOut")
        session_id = await service.sign_out(info.context.desk, info.context.caller, attempt)
        return SignOutPayload(session_id=strawberry.ID(str(session_id)))
