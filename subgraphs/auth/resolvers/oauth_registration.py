"""The root fields of software that registers itself: unpack, call, wrap."""

import strawberry

from shared.database import unit_of_work
from shared.errors import parse_id
from shared.graphql.step_up import StepUp
from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.service import oauth_apps
from subgraphs.auth.service import oauth_registration as service
from subgraphs.auth.types.oauth_apps import OAuthApp, UpdateOAuthAppInput, UpdateOAuthAppPayload
from subgraphs.auth.types.oauth_registration import (
    CreateAppRegistrationTokenInput,
    CreateAppRegistrationTokenPayload,
    RevokeAppRegistrationTokenInput,
    RevokeAppRegistrationTokenPayload,
)


@strawberry.type
class OAuthRegistrationMutation:
    @strawberry.mutation(
        extensions=[StepUp(), Refusals(CreateAppRegistrationTokenPayload)],
        description="Make a token with which software registers itself as an app (RFC 7591). Such apps can be granted "
        "at most what the viewer may do; in a session that the viewer has opened themselves.",
    )
    async def create_app_registration_token(
        self, info: Info, input: CreateAppRegistrationTokenInput
    ) -> CreateAppRegistrationTokenPayload | None:
        new, attempt, desk = input.asked(), input.attempt("createAppRegistrationToken"), info.context.desk
        async with unit_of_work(desk.sessions, info.context.caller) as session:
            made = await service.make_token(session, new, desk.clock(), attempt)
        return CreateAppRegistrationTokenPayload(id=strawberry.ID(str(made.id)), token=made.text)

    @strawberry.mutation(
        extensions=[Refusals(RevokeAppRegistrationTokenPayload)],
        description="Let no more software register itself with a token; what has done so stays.",
    )
    async def revoke_app_registration_token(
        self, info: Info, input: RevokeAppRegistrationTokenInput
    ) -> RevokeAppRegistrationTokenPayload | None:
        token_id, attempt = parse_id(input.id), input.attempt("revokeAppRegistrationToken")
        async with unit_of_work(info.context.desk.sessions, info.context.caller) as session:
            gone = await service.revoke_token(session, token_id, attempt)
        return RevokeAppRegistrationTokenPayload(id=strawberry.ID(str(gone)))

    @strawberry.mutation(
        name="updateOAuthApp",
        extensions=[StepUp(), Refusals(UpdateOAuthAppPayload)],
        description="Change an app. What it may do no more, the access tokens that it has say until they end, within "
        "ten minutes.",
    )
    async def update_oauth_app(self, info: Info, input: UpdateOAuthAppInput) -> UpdateOAuthAppPayload | None:
        app_id, changes, attempt = parse_id(input.id), input.changes(), input.attempt("updateOAuthApp")
        async with unit_of_work(info.context.desk.sessions, info.context.caller) as session:
            changed = await oauth_apps.update_app(session, app_id, changes, attempt)
            return UpdateOAuthAppPayload(app=OAuthApp.of(changed.row))
