"""The root fields of what identity providers call people: unpack, call, wrap."""

from typing import Annotated, TypeAlias

import strawberry

from shared import checks
from shared.errors import parse_id
from shared.graphql.step_up import StepUp
from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.service import external_identities as service
from subgraphs.auth.types.external_identities import ExternalIdentity, UnlinkIdentityInput, UnlinkIdentityPayload

_Whose: TypeAlias = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="The person; null for the viewer, others need users:manage."),
]


@strawberry.type
class ExternalIdentityQuery:
    @strawberry.field(description="The identity providers through which somebody signs in, by alias.")
    async def external_identities(self, info: Info, user_id: _Whose = None) -> list[ExternalIdentity] | None:
        whose = None if user_id is None else parse_id(user_id, field="userId")
        found = await service.linked(info.context.desk, info.context.caller, whose)
        return [ExternalIdentity.of(each) for each in found]


@strawberry.type
class ExternalIdentityMutation:
    @strawberry.mutation(
        extensions=[StepUp(), Refusals(UnlinkIdentityPayload)],
        description="Forget what an identity provider calls the viewer or, with users:manage, somebody who may do no "
        "more than the viewer; their other sessions end. Refused with LAST_WAY_IN where the viewer could not sign in "
        "any more. A provider that speaks for their address leads to them again.",
    )
    async def unlink_identity(self, info: Info, input: UnlinkIdentityInput) -> UnlinkIdentityPayload | None:
        whose = None if input.user_id is None else parse_id(input.user_id, field="userId")
        alias, attempt = checks.slug(input.provider, field="provider"), input.attempt("unlinkIdentity")
        unlinked = await service.unlink(info.context.desk, info.context.caller, alias, whose, attempt)
        return UnlinkIdentityPayload(identity_provider_id=strawberry.ID(str(unlinked)))
