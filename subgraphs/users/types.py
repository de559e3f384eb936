"""The GraphQL types of the users subgraph."""

from datetime import datetime

import strawberry

from shared.errors import BadUserInput
from shared.graphql.entities import Reference
from shared.graphql.inputs import MutationInput
from shared.graphql.references import resolve_by_id
from shared.graphql.user_errors import UserError
from shared.roles import Role
from subgraphs.users.context import Info
from subgraphs.users.models import Invitation as InvitationRow
from subgraphs.users.models import User as UserRow
from subgraphs.users.models import UserStatus

strawberry.enum(UserStatus, description="An invited person becomes active by signing up.")


@strawberry.federation.type(keys=["id"], description="A person of the caller's tenant.")
class User:
    id: strawberry.ID
    display_name: str
    locale: str = strawberry.field(description="BCP 47 language tag.")
    status: UserStatus
    created_at: datetime
    version: int
    row: strawberry.Private[UserRow]

    @strawberry.field(description="Shown to the person and to those who may read people's data.")
    def email(self, info: Info) -> str | None:
        caller = info.context.caller
        return self.row.email if self.row.id == caller.user_id or "users:read" in caller.scopes else None

    @classmethod
    def of(cls, row: UserRow) -> "User":
        return cls(
            id=strawberry.ID(str(row.id)),
            display_name=row.display_name,
            locale=row.locale,
            status=UserStatus(row.status),
            created_at=row.created_at,
            version=row.version,
            row=row,
        )

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> "list[User | BadUserInput | None]":
        return await resolve_by_id(references, info.context.loaders.user_by_id, cls.of)


@strawberry.federation.type(keys=["id"])
class Tenant:
    id: strawberry.ID

    @strawberry.field(description="How many people the tenant has, those invited included.")
    async def user_count(self, info: Info) -> int:
        return await info.context.loaders.user_count_by_tenant.load(info.context.caller.tenant_id) or 0

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> list["Tenant | None"]:
        """Another tenant does not exist."""
        own = str(info.context.caller.tenant_id)
        return [cls(id=strawberry.ID(own)) if reference["id"] == own else None for reference in references]


@strawberry.type
class Invitation:
    email: str
    code: str = strawberry.field(description="Give it to `signUp`.")
    user: User
    expires_at: datetime

    @classmethod
    def of(cls, row: InvitationRow, user: UserRow, *, code: str) -> "Invitation":
        return cls(email=user.email, code=code, user=User.of(user), expires_at=row.expires_at)


@strawberry.input
class InviteUsersInput(MutationInput):
    emails: list[str]
    role: Role


@strawberry.type
class InviteUsersPayload:
    invitations: list[Invitation] | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class SignUpInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")
    email: str
    display_name: str
    password: str
    invitation: str | None = strawberry.field(
        default=None, description="The code of an invitation; without one, a learner signs up."
    )


@strawberry.type
class SignUpPayload:
    user: User | None = None
    ready: bool = strawberry.field(default=False, description="Signing in works from now on; else try in a moment.")
    user_errors: list[UserError] = strawberry.field(default_factory=list)
