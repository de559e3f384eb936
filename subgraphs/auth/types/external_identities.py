"""What identity providers call people, as clients see it."""

from datetime import datetime

import strawberry

from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload
from subgraphs.auth.service.external_identities import Linked
from subgraphs.auth.types.identity_providers import IdentityProviderKind


@strawberry.type(description="An identity provider through which somebody signs in.")
class ExternalIdentity:
    provider: str = strawberry.field(description="The provider's alias.")
    provider_name: str = strawberry.field(description="What people read of it.")
    kind: IdentityProviderKind = strawberry.field(description="How it is spoken with.")
    enabled: bool = strawberry.field(description="Whether people can sign in through it now.")
    linked_at: datetime = strawberry.field(description="When the person first came through it.")

    @classmethod
    def of(cls, linked: Linked) -> "ExternalIdentity":
        provider = linked.provider
        return cls(
            provider=provider.alias,
            provider_name=provider.name,
            kind=IdentityProviderKind(provider.kind),
            enabled=provider.enabled,
            linked_at=linked.since,
        )


@strawberry.input(description="Through which provider somebody is to come no more.")
class UnlinkIdentityInput(MutationInput):
    provider: str = strawberry.field(description="The provider's alias.")
    user_id: strawberry.ID | None = strawberry.field(
        default=None, description="The person; null for the viewer, others need users:manage."
    )


@strawberry.type(description="What came of `unlinkIdentity`.")
class UnlinkIdentityPayload(Payload):
    identity_provider_id: strawberry.ID | None = strawberry.field(default=None, description="The provider's.")
