"""The tenant in the graph, and the inputs and payloads of what changes it."""

from datetime import datetime

import strawberry

from shared.graphql.entities import Reference
from shared.graphql.inputs import MutationInput, UpdateInput
from shared.graphql.user_errors import Payload
from shared.tenancy import profile
from shared.tenancy.domains import Domain
from shared.tenancy.registry import Plan, TenantRecord, TenantStatus
from subgraphs.auth.context import Info
from subgraphs.auth.service.tenants import MANAGE
from subgraphs.auth.types.policies import TenantPolicies

strawberry.enum(Plan, description="What a tenant has booked; every tenant starts free.")
strawberry.enum(TenantStatus, description="A tenant can be used while it is active.")


@strawberry.type(description="How a tenant shows itself; what is null looks like the platform.")
class Branding:
    logo_url: str | None = strawberry.field(description="Of its logo, over HTTPS.")
    primary_color: str | None = strawberry.field(description="Of buttons and links: #rrggbb.")
    on_primary_color: str | None = strawberry.field(description="Of text upon the primary colour.")
    background_color: str | None = strawberry.field(description="Of pages.")
    text_color: str | None = strawberry.field(description="Of text upon the background.")
    sender_name: str | None = strawberry.field(description="Whom its mail is from.")
    sender_address: str | None = strawberry.field(description="The address its mail is from.")

    @classmethod
    def of(cls, branding: profile.Branding) -> "Branding":
        return cls(**{name: getattr(branding, name) for name in branding.__struct_fields__})


@strawberry.type(description="The most a tenant may have; null is as much as the platform gives everybody.")
class TenantQuotas:
    users: int | None = strawberry.field(description="People with an account or an open invitation.")
    storage_bytes: float | None = strawberry.field(description="Bytes kept for it, a whole number.")
    cost_per_minute: int | None = strawberry.field(description="What its operations may cost together in a minute.")
    streams: int | None = strawberry.field(description="Subscriptions open at the same time, at one router.")

    @classmethod
    def of(cls, quotas: profile.Quotas) -> "TenantQuotas":
        return cls(
            users=quotas.users,
            storage_bytes=quotas.storage_bytes,
            cost_per_minute=quotas.cost_per_minute,
            streams=quotas.streams,
        )


@strawberry.type(description="A domain of a tenant, proven by a TXT record that only who runs it can set.")
class TenantDomain:
    domain: str = strawberry.field(description="In small letters; other scripts' as IDNA writes them.")
    record_name: str = strawberry.field(description="Of the TXT record that proves it.")
    record_value: str = strawberry.field(description="What the TXT record says.")
    verified_at: datetime | None = strawberry.field(description="When the proof was found; null while it was not.")

    @classmethod
    def of(cls, domain: Domain) -> "TenantDomain":
        return cls(
            domain=domain.domain,
            record_name=domain.record_name,
            record_value=domain.record_value,
            verified_at=domain.verified_at,
        )


@strawberry.federation.type(keys=["id", "slug"], description="An organisation on the platform.")
class Tenant:
    id: strawberry.ID = strawberry.field(description="It never changes.")
    slug: str = strawberry.field(description="Its name in addresses; people sign in with it.")
    name: str = strawberry.field(description="What people read: 1 to 200 characters.")
    plan: Plan = strawberry.field(description="What it has booked.")
    status: TenantStatus = strawberry.field(description="Whether it can be used now.")
    created_at: datetime = strawberry.field(description="When it was signed up.")
    features: list[str] = strawberry.field(description="What is switched on for it, beside what its plan has.")
    region: str | None = strawberry.field(
        description="Where its requests are answered; null if that is the same for all."
    )
    version: int = strawberry.field(description="Counts what its own people have changed of it.")
    branding: Branding = strawberry.field(description="How it shows itself.")
    quotas: TenantQuotas = strawberry.field(description="What it may use at most.")
    policies: TenantPolicies = strawberry.field(description="What it asks of its people.")
    delete_after: datetime | None = strawberry.field(
        description="When everything of it is to be deleted; null if nobody has ordered that."
    )

    @strawberry.field(description="Its domains, proven or not, by name; for those who may manage the tenant.")
    async def domains(self, info: Info) -> list[TenantDomain]:
        info.context.caller.require(MANAGE)
        found = await info.context.tenant_desk.domains.all(info.context.caller)
        return [TenantDomain.of(each) for each in found]

    @classmethod
    def of(cls, record: TenantRecord) -> "Tenant":
        return cls(
            id=strawberry.ID(str(record.id)),
            slug=record.slug,
            name=record.name,
            plan=record.plan,
            status=record.status,
            created_at=record.created_at,
            features=list(record.features),
            region=record.region,
            version=record.version,
            branding=Branding.of(record.branding),
            quotas=TenantQuotas.of(record.quotas),
            policies=TenantPolicies.of(record.policies),
            delete_after=record.delete_after,
        )

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> list["Tenant | None"]:
        """Callers see their own tenant; another does not exist, by whichever key."""
        record = await info.context.own_tenant()
        own = cls.of(record) if record else None
        return [own if own and (ref.get("id") == own.id or ref.get("slug") == own.slug) else None for ref in references]


@strawberry.input(description="What is to be different of the tenant itself.")
class UpdateTenantInput(UpdateInput):
    name: str = strawberry.field(description="What people read: 1 to 200 characters.")


@strawberry.type(description="What came of `updateTenant`.")
class UpdateTenantPayload(Payload):
    tenant: Tenant | None = strawberry.field(default=None, description="As it is now; null if it was refused.")


@strawberry.input(description="How the tenant is to show itself, in place of all that was settled before.")
class SetBrandingInput(UpdateInput):
    logo_url: str | None = strawberry.field(default=None, description="Of its logo, over HTTPS.")
    primary_color: str | None = strawberry.field(default=None, description="Of buttons and links: #rrggbb.")
    on_primary_color: str | None = strawberry.field(
        default=None, description="Of text upon the primary colour, in a contrast of 4.5 at least."
    )
    background_color: str | None = strawberry.field(default=None, description="Of pages: #rrggbb.")
    text_color: str | None = strawberry.field(
        default=None, description="Of text upon the background, in a contrast of 4.5 at least."
    )
    sender_name: str | None = strawberry.field(default=None, description="Whom its mail is from.")
    sender_address: str | None = strawberry.field(
        default=None, description="The address its mail is from; of a domain that is verified."
    )

    def branding(self) -> profile.Branding:
        """As the record has it."""
        return profile.Branding(**{name: getattr(self, name) for name in profile.Branding.__struct_fields__})


@strawberry.type(description="What came of `setBranding`.")
class SetBrandingPayload(Payload):
    tenant: Tenant | None = strawberry.field(default=None, description="As it is now; null if it was refused.")


@strawberry.type(description="What came of `setSignInPolicy`.")
class SetSignInPolicyPayload(Payload):
    tenant: Tenant | None = strawberry.field(default=None, description="As it is now; null if it was refused.")


@strawberry.input(description="A domain that is the tenant's.")
class VerifyDomainInput(MutationInput):
    domain: str = strawberry.field(description="Like school.example.")


@strawberry.type(description="What came of `verifyDomain`.")
class VerifyDomainPayload(Payload):
    domain: TenantDomain | None = strawberry.field(
        default=None, description="The domain; not verified while the TXT record cannot be found. Null if refused."
    )


@strawberry.input(description="A domain that is to be the tenant's no more.")
class RemoveDomainInput(MutationInput):
    domain: str = strawberry.field(description="Like school.example.")


@strawberry.type(description="What came of `removeDomain`.")
class RemoveDomainPayload(Payload):
    tenant: Tenant | None = strawberry.field(default=None, description="As it is now; null if it was refused.")
