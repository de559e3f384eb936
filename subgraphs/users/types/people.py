"""The GraphQL types of people."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import strawberry

from shared.errors import BadUserInput
from shared.graphql.entities import Reference
from shared.graphql.personal import Personal
from shared.graphql.references import resolve_by_id
from shared.graphql.user_errors import Payload
from shared.masking import hinted_address
from subgraphs.users.context import Info
from subgraphs.users.models import User as UserRow
from subgraphs.users.models import UserStatus
from subgraphs.users.service import consents
from subgraphs.users.service.people import may_see_data
from subgraphs.users.service.sealed_fields import has_some
from subgraphs.users.types.consents import Consent, ConsentDocument
from subgraphs.users.types.profiles import CustomField, DisplayPreferences, ExternalId

if TYPE_CHECKING:
    from subgraphs.users.types.groups import Group
    from subgraphs.users.types.org_units import OrgUnit
    from subgraphs.users.types.relationships import Relationship

strawberry.enum(
    UserStatus,
    description="An invited person becomes active by signing up. One who is deactivated cannot sign in. Of one who is "
    "erased nothing is left but the identifier.",
)

_PERSONAL: Final = Personal("users:read", person=lambda user: user.row.id)
_EMAIL: Final = Personal(
    "users:read",
    person=lambda user: user.row.id,
    scope="email",
    partly=hinted_address,
    partly_to=("users:invite", "users:manage", "roles:manage", "sessions:manage", "people:impersonate"),
)
"""Who gives roles, ends sessions or invites has to tell two of the same name apart."""


@strawberry.federation.type(keys=["id"], description="A person of the caller's tenant.")
class User:
    id: strawberry.ID = strawberry.field(description="It stays when an invited person signs up.")
    handle: str | None = strawberry.field(description="What the person is mentioned by, if they have chosen it.")
    locale: str = strawberry.field(description="BCP 47 language tag.")
    time_zone: str = strawberry.field(description="Of the IANA database: Europe/Lisbon.")
    status: UserStatus = strawberry.field(description="Whether the person has signed up.")
    created_at: datetime = strawberry.field(description="When the person signed up or was first invited.")
    version: int = strawberry.field(description="Grows with each change.")
    row: strawberry.Private[UserRow]

    @strawberry.field(
        description="What the person wants to be called. Until they sign up it is known only to themselves and to "
        "callers with users:read. Null once they are erased."
    )
    def display_name(self, info: Info) -> str | None:
        signed_up = self.row.status != UserStatus.INVITED
        shown = signed_up or may_see_data(self.row.id, info.context.identity)
        return (self.row.display_name or None) if shown else None

    @strawberry.field(
        description="As whom the person goes on, if this was one of two accounts of theirs and is erased; else null."
    )
    async def merged_into(self, info: Info) -> "User | None":
        if self.row.merged_into_id is None:
            return None
        row = await info.context.loaders.user_by_id.load(self.row.merged_into_id)
        return User.of(row) if row else None

    @strawberry.field(
        extensions=[_EMAIL],
        description="Shown to the person and to callers with users:read. Those who invite or manage people, roles or "
        "sessions without it are shown a part, a…@school.example.",
    )
    def email(self) -> str | None:
        return None if self.row.status == UserStatus.ERASED else self.row.email

    @strawberry.field(description="How the person wants things shown. Null unless the person is the caller.")
    def display_preferences(self, info: Info) -> DisplayPreferences | None:
        caller = info.context.identity
        if caller is None or not caller.is_themselves(self.row.id):
            return None
        return DisplayPreferences.of(self.row.preferences)

    @strawberry.field(
        extensions=[_PERSONAL],
        description="What other systems call the person. Shown to the person and to callers with users:read.",
    )
    async def external_ids(self, info: Info) -> list[ExternalId] | None:
        return [ExternalId.of(row) for row in await info.context.loaders.external_ids.load(self.row.id)]

    @strawberry.field(
        extensions=[_PERSONAL],
        description="The person's values in the tenant's fields, in the order of their keys. Shown to the person and "
        "to callers with users:read.",
    )
    async def custom_fields(self, info: Info) -> list[CustomField] | None:
        if not has_some(self.row):
            return []
        values = (await info.context.sealed_fields()).of(self.row)
        definitions = await info.context.loaders.custom_fields.load(info.context.caller.tenant_id)
        return [CustomField.of(row, values[row.key]) for row in definitions if row.key in values]

    @strawberry.field(
        extensions=[_PERSONAL],
        description="The org units the person belongs to, in the order of their names. Shown to the person and to "
        "callers with users:read.",
    )
    async def org_units(
        self, info: Info
    ) -> list[Annotated["OrgUnit", strawberry.lazy("subgraphs.users.types.org_units")]] | None:
        from subgraphs.users.types.org_units import OrgUnit

        return [OrgUnit.of(row) for row in await info.context.loaders.org_units_of_user.load(self.row.id)]

    @strawberry.field(
        extensions=[_PERSONAL],
        description="The groups the person is in, in the order of their names. Shown to the person and to callers "
        "with users:read.",
    )
    async def groups(
        self, info: Info
    ) -> list[Annotated["Group", strawberry.lazy("subgraphs.users.types.groups")]] | None:
        from subgraphs.users.types.groups import Group

        return [Group.of(row) for row in await info.context.loaders.groups_of_user.load(self.row.id)]

    @strawberry.field(
        extensions=[_PERSONAL],
        description="What the person is to others and others to them, in the order in which they were linked. Shown "
        "to the person and to callers with users:read.",
    )
    async def relationships(
        self, info: Info
    ) -> list[Annotated["Relationship", strawberry.lazy("subgraphs.users.types.relationships")]] | None:
        from subgraphs.users.types.relationships import Relationship

        return [Relationship.of(row) for row in await info.context.loaders.relationships_of_user.load(self.row.id)]

    @strawberry.field(
        extensions=[_PERSONAL],
        description="What the person has said last to each of the tenant's documents, in the order of their keys. "
        "Shown to the person and to callers with users:read.",
    )
    async def consents(self, info: Info) -> list[Consent] | None:
        return [Consent.of(said) for said in await info.context.loaders.consents_of_user.load(self.row.id)]

    @strawberry.field(
        extensions=[_PERSONAL],
        description="Documents whose latest version the person has not answered, or must consent to and has not. Shown "
        "to the person and to callers with users:read.",
    )
    async def missing_consents(self, info: Info) -> list[ConsentDocument] | None:
        loaders = info.context.loaders
        current = await loaders.consent_documents.load(info.context.caller.tenant_id)
        said = await loaders.consents_of_user.load(self.row.id)
        return [ConsentDocument.of(row) for row in consents.missing(current, said)]

    @classmethod
    def of(cls, row: UserRow) -> "User":
        return cls(
            id=strawberry.ID(str(row.id)),
            handle=row.handle,
            locale=row.locale,
            time_zone=row.time_zone,
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


@strawberry.type(description="What came of a change of one person.")
class UserPayload(Payload):
    user: User | None = strawberry.field(default=None, description="The person; null if it was refused.")
