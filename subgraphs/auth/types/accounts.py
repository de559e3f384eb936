"""The GraphQL types of the auth subgraph."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import strawberry

from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload
from shared.permissions.places import Resource
from shared.roles import Role
from shared.tenancy.registry import TenantRecord
from shared.tokens import IssuedToken
from subgraphs.auth.context import Info
from subgraphs.auth.service.accounts import SignedIn
from subgraphs.auth.service.mfa import MfaRequired
from subgraphs.auth.service.permissions import own_rights
from subgraphs.auth.types.mfa import MfaChallenge
from subgraphs.auth.types.people import User
from subgraphs.auth.types.places import At, place_of
from subgraphs.auth.types.tenants import Tenant


@strawberry.type(description="Whoever the access token was issued to.")
class Viewer:
    user: User | None = strawberry.field(
        description="The person. All but the id is another service's, and needs the token of the session: the answer "
        "of `signIn` cannot have it yet."
    )
    tenant: Tenant = strawberry.field(description="The viewer sees nothing of any other.")
    role: Role = strawberry.field(description="What the viewer is in the tenant.")
    scopes: list[str] = strawberry.field(description="What the access token lets them do in the whole tenant.")
    impersonator: User | None = strawberry.field(
        default=None, description="Who acts in the viewer's name; null if they act themselves."
    )

    @strawberry.field(
        description="What the viewer may do at a place, sorted. It needs the token of the session, as the person's "
        "name does."
    )
    async def permissions(self, info: Info, at: At = None) -> list[str] | None:
        caller = info.context.caller
        place = place_of(at, caller.tenant_id)
        async with info.context.desk.sessions.read(caller) as session:
            return (await own_rights(session)).at(Resource(caller.tenant_id, place))

    @classmethod
    def of(
        cls,
        user_id: UUID,
        tenant: TenantRecord,
        role: Role,
        scopes: Iterable[str],
        *,
        impersonator_id: UUID | None = None,
    ) -> "Viewer":
        impersonator = None if impersonator_id is None else User.of(impersonator_id)
        return cls(
            user=User.of(user_id),
            tenant=Tenant.of(tenant),
            role=role,
            scopes=sorted(scopes),
            impersonator=impersonator,
        )


@strawberry.type(description="A proof of who is calling, valid for a while.")
class IssuedSession:
    access_token: str = strawberry.field(description="Send it as `Authorization: Bearer <token>`.")
    expires_at: datetime = strawberry.field(description="The access token's: refresh the session before then.")
    refresh_token: str | None = strawberry.field(
        default=None,
        description="For `refreshSession`, once. Keep it secret; null if the session ends with the access token.",
    )
    device_token: str | None = strawberry.field(
        default=None,
        description="Keep it, also after signing out, and send it the next time: who guesses passwords elsewhere does "
        "not slow this client down.",
    )

    @classmethod
    def of(cls, token: IssuedToken) -> "IssuedSession":
        return cls(access_token=token.access_token, expires_at=token.expires_at)

    @classmethod
    def of_person(cls, signed_in: SignedIn) -> "IssuedSession":
        """With everything that a client needs to go on for weeks."""
        token = signed_in.token
        return cls(
            access_token=token.access_token,
            expires_at=token.expires_at,
            refresh_token=signed_in.refresh_token,
            device_token=signed_in.device_code,
        )


@strawberry.input(description="A tenant to open, and its first person.")
class SignUpTenantInput(MutationInput):
    name: str = strawberry.field(description="What people read: 1 to 200 characters.")
    slug: str = strawberry.field(description="The tenant's name in addresses: small letters, digits and hyphens.")
    owner_name: str = strawberry.field(description="What the owner wants to be called: 1 to 200 characters.")
    owner_email: str = strawberry.field(description="The owner signs in with it; kept in lower case.")
    password: str = strawberry.field(description="The owner's: 8 to 256 characters, not easy to guess.")


@strawberry.type(description="What came of `signUpTenant`.")
class SignUpTenantPayload(Payload):
    tenant: Tenant | None = strawberry.field(default=None, description="The new tenant; null if it was refused.")
    session: IssuedSession | None = strawberry.field(
        default=None, description="The owner's; null while the tenant is still being provisioned."
    )


@strawberry.input(description="Who wants to come in, and where.")
class SignInInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")
    email: str = strawberry.field(description="In small or large letters.")
    password: str = strawberry.field(description="The person's own, in this tenant.")
    device_token: str | None = strawberry.field(
        default=None, description="That an earlier sign-in of the person gave this client."
    )
    device_name: str | None = strawberry.field(
        default=None,
        description="What the person calls this client in the list of their sessions: 1 to 100 characters.",
    )


@strawberry.type(description="What came of `signIn`.")
class SignInPayload(Payload):
    session: IssuedSession | None = strawberry.field(
        default=None, description="Opened for the viewer; null while a second factor is awaited."
    )
    viewer: Viewer | None = strawberry.field(default=None, description="Whoever has signed in.")
    challenge: MfaChallenge | None = strawberry.field(
        default=None, description="Go on with `completeMfa`; null unless the person has a second factor."
    )

    @classmethod
    def of(cls, outcome: SignedIn | MfaRequired) -> "SignInPayload":
        if isinstance(outcome, MfaRequired):
            return cls(challenge=MfaChallenge.of(outcome))
        viewer = Viewer.of(outcome.user_id, outcome.tenant, outcome.role, outcome.scopes)
        return cls(session=IssuedSession.of_person(outcome), viewer=viewer)
