"""The GraphQL types of people."""

from datetime import datetime

import strawberry

from shared.caller import Caller
from shared.errors import BadUserInput
from shared.graphql.entities import Reference
from shared.graphql.references import resolve_by_id
from subgraphs.users.context import Info
from subgraphs.users.models import User as UserRow
from subgraphs.users.models import UserStatus

strawberry.enum(UserStatus, description="An invited person becomes active by signing up.")


@strawberry.federation.type(keys=["id"], description="A person of the caller's tenant.")
class User:
    id: strawberry.ID = strawberry.field(description="It stays when an invited person signs up.")
    locale: str = strawberry.field(description="BCP 47 language tag.")
    status: UserStatus = strawberry.field(description="Whether the person has signed up.")
    created_at: datetime = strawberry.field(description="When the person signed up or was first invited.")
    version: int = strawberry.field(description="Grows with each change.")
    row: strawberry.Private[UserRow]

    @strawberry.field(
        description="What the person wants to be called. Until they sign up it is known only to themselves and to "
        "callers with users:read."
    )
    def display_name(self, info: Info) -> str | None:
        signed_up = self.row.status != UserStatus.INVITED
        return self.row.display_name if signed_up or self._shows_data_to(info.context.identity) else None

    @strawberry.field(description="Shown to the person and to callers with users:read.")
    def email(self, info: Info) -> str | None:
        return self.row.email if self._shows_data_to(info.context.identity) else None

    def _shows_data_to(self, caller: Caller | None) -> bool:
        return caller is not None and (self.row.id == caller.user_id or "users:read" in caller.scopes)

    @classmethod
    def of(cls, row: UserRow) -> "User":
        return cls(
            id=strawberry.ID(str(row.id)),
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
    async def user_count(self, info: Info) -> int | None:
        return await info.context.loaders.user_count_by_tenant.load(info.context.caller.tenant_id) or 0

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> list["Tenant | None"]:
        """Another tenant does not exist."""
        own = str(info.context.caller.tenant_id)
        return [cls(id=strawberry.ID(own)) if reference["id"] == own else None for reference in references]
