"""The GraphQL types of API tokens and service accounts."""

from datetime import datetime
from uuid import UUID

import strawberry

from shared import checks
from shared.errors import parse_id
from shared.graphql.connection import Connection, connect
from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload
from shared.roles import Role
from subgraphs.auth.context import Info
from subgraphs.auth.models import ApiToken as ApiTokenRow
from subgraphs.auth.models import ServiceAccount as ServiceAccountRow
from subgraphs.auth.service.api_tokens import NEWEST_FIRST, CreatedApiToken, NewApiToken, require_may_see
from subgraphs.auth.store.api_tokens import ApiTokenStore, TokenOwner
from subgraphs.auth.types.accounts import User


@strawberry.type(description="A program with an account of its own: it signs in with API tokens alone.")
class ServiceAccount:
    id: strawberry.ID = strawberry.field(description="It never changes.")
    name: str = strawberry.field(description="No two of a tenant have the same.")
    role: Role = strawberry.field(description="What it may do at most.")
    created_at: datetime = strawberry.field(description="When it was opened.")
    disabled_at: datetime | None = strawberry.field(description="Since when it may do nothing; null if it may.")

    @classmethod
    def of(cls, row: ServiceAccountRow) -> "ServiceAccount":
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            role=Role(row.role),
            created_at=row.created_at,
            disabled_at=row.disabled_at,
        )


@strawberry.type(description="What a program presents as `Authorization: Bearer stud_…`, on behalf of its owner.")
class ApiToken:
    id: strawberry.ID = strawberry.field(description="It is no secret, and never changes.")
    name: str = strawberry.field(description="What its owner calls it.")
    ending: str = strawberry.field(description="Its last characters, to tell it from others by.")
    scopes: list[str] = strawberry.field(description="What it may do, as long as its owner may.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="From then on it is refused.")
    last_used_at: datetime | None = strawberry.field(
        description="When a program last presented it, to the minute; null if none has."
    )
    revoked_at: datetime | None = strawberry.field(description="Since when it is refused; null if it is not revoked.")
    user: User | None = strawberry.field(description="Its owner, if that is a person.")
    service_account_id: strawberry.Private[UUID | None]

    @strawberry.field(description="Its owner, if that is a program.")
    async def service_account(self, info: Info) -> ServiceAccount | None:
        if self.service_account_id is None:
            return None
        row = await info.context.loaders.service_account_by_id.load(self.service_account_id)
        return ServiceAccount.of(row) if row else None

    @classmethod
    def of(cls, row: ApiTokenRow) -> "ApiToken":
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            ending=row.ending,
            scopes=list(row.scopes),
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            revoked_at=row.revoked_at,
            user=User.of(row.user_id) if row.user_id else None,
            service_account_id=row.service_account_id,
        )


async def read_tokens(info: Info, owner: TokenOwner, first: int, after: str | None) -> Connection[ApiToken]:
    """An owner's tokens, newest first."""
    page = NEWEST_FIRST.page(first, after)
    async with info.context.desk.sessions.read(info.context.caller) as session:
        await require_may_see(session, owner)
        rows = await ApiTokenStore(session).page(owner, page)
    return connect(rows, page, node=ApiToken.of, cursor=lambda row: NEWEST_FIRST.cursor((row.id,)))


@strawberry.input(description="An API token to make.")
class CreateApiTokenInput(MutationInput):
    name: str = strawberry.field(description="What to call it: 1 to 200 characters.")
    scopes: list[str] = strawberry.field(description="What it may do; all of it must be the viewer's to do.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="From when it is refused, at most 366 days from now. After 90 days if left out."
    )
    service_account_id: strawberry.ID | None = strawberry.field(
        default=None, description="The program that it is for; left out for the viewer themselves."
    )

    def asked(self) -> NewApiToken:
        """What is to be made.

        Raises:
            BadUserInput: it cannot be.
        """
        given = self.service_account_id
        service_account_id = None if given is None else parse_id(given, field="serviceAccountId")
        name = checks.text(self.name, field="name")
        return NewApiToken(name, frozenset(self.scopes), self.expires_at, service_account_id)


@strawberry.type(description="What came of `createApiToken`.")
class CreateApiTokenPayload(Payload):
    api_token: ApiToken | None = strawberry.field(default=None, description="The token; null if it was refused.")
    secret: str | None = strawberry.field(
        default=None,
        description="The token itself. It is shown this once: a repetition of the request gives null, as nobody "
        "knows it any more.",
    )

    @classmethod
    def of(cls, created: CreatedApiToken) -> "CreateApiTokenPayload":
        return cls(api_token=ApiToken.of(created.row), secret=created.text)


@strawberry.input(description="Which API token to end.")
class RevokeApiTokenInput(MutationInput):
    id: strawberry.ID = strawberry.field(description="The token's id.")


@strawberry.type(description="What came of `revokeApiToken`.")
class RevokeApiTokenPayload(Payload):
    api_token: ApiToken | None = strawberry.field(default=None, description="The token, which is refused from now on.")


@strawberry.input(description="An account for a program.")
class CreateServiceAccountInput(MutationInput):
    name: str = strawberry.field(description="1 to 200 characters that no other of the tenant's has.")
    role: Role = strawberry.field(description="What it may do at most: not more than the viewer.")


@strawberry.type(description="What came of `createServiceAccount`.")
class CreateServiceAccountPayload(Payload):
    service_account: ServiceAccount | None = strawberry.field(
        default=None, description="The account; null if it was refused."
    )


@strawberry.input(description="Which program is to do nothing any more.")
class DisableServiceAccountInput(MutationInput):
    id: strawberry.ID = strawberry.field(description="The account's id.")


@strawberry.type(description="What came of `disableServiceAccount`.")
class DisableServiceAccountPayload(Payload):
    service_account: ServiceAccount | None = strawberry.field(
        default=None, description="The account, whose tokens are all revoked."
    )
