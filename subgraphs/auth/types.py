"""The GraphQL types of the auth subgraph."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from shared.graphql.entities import Reference
from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import UserError
from shared.roles import Role
from shared.tenancy.registry import TenantRecord, TenantStatus
from shared.tokens import IssuedToken
from subgraphs.auth.context import Info
from subgraphs.auth.service import SCOPES, SignedIn

strawberry.enum(TenantStatus, description="A tenant can be used while it is active.")


@strawberry.federation.type(keys=["id", "slug"], description="An organisation on the platform.")
class Tenant:
    id: strawberry.ID
    slug: str
    name: str
    plan: str
    status: TenantStatus
    created_at: datetime

    @classmethod
    def of(cls, record: TenantRecord) -> "Tenant":
        return cls(
            id=strawberry.ID(str(record.id)),
            slug=record.slug,
            name=record.name,
            plan=record.plan,
            status=record.status,
            created_at=record.created_at,
        )

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> list["Tenant | None"]:
        """Callers see their own tenant; another does not exist, by whichever key."""
        record = await info.context.own_tenant()
        own = cls.of(record) if record else None
        return [own if own and (ref.get("id") == own.id or ref.get("slug") == own.slug) else None for ref in references]


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)])
class User:
    id: strawberry.ID

    @classmethod
    def of(cls, user_id: UUID) -> "User":
        return cls(id=strawberry.ID(str(user_id)))


@strawberry.type(description="Whoever the access token was issued to.")
class Viewer:
    user: User
    tenant: Tenant
    role: Role
    scopes: list[str] = strawberry.field(description="What the viewer may do.")

    @classmethod
    def of(cls, user_id: UUID, tenant: TenantRecord, role: Role, scopes: Iterable[str]) -> "Viewer":
        return cls(user=User.of(user_id), tenant=Tenant.of(tenant), role=role, scopes=sorted(scopes))


@strawberry.type
class IssuedSession:
    access_token: str = strawberry.field(description="Send it as `Authorization: Bearer <token>`.")
    expires_at: datetime

    @classmethod
    def of(cls, token: IssuedToken) -> "IssuedSession":
        return cls(access_token=token.access_token, expires_at=token.expires_at)


@strawberry.input
class SignUpTenantInput(MutationInput):
    name: str
    slug: str = strawberry.field(description="The tenant's name in addresses: small letters, digits and hyphens.")
    owner_name: str
    owner_email: str
    password: str


@strawberry.type
class SignUpTenantPayload:
    tenant: Tenant | None = None
    session: IssuedSession | None = strawberry.field(
        default=None, description="The owner's; null while the tenant is still being provisioned."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class SignInInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")
    email: str
    password: str


@strawberry.type
class SignInPayload:
    session: IssuedSession | None = None
    viewer: Viewer | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)

    @classmethod
    def of(cls, signed_in: SignedIn) -> "SignInPayload":
        viewer = Viewer.of(signed_in.user_id, signed_in.tenant, signed_in.role, SCOPES[signed_in.role])
        return cls(session=IssuedSession.of(signed_in.token), viewer=viewer)
