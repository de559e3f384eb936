"""The root fields of OAuth apps: unpack, call, wrap."""

import strawberry

from shared.caller import require_own
from shared.database import unit_of_work
from shared.errors import parse_id
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.step_up import StepUp
from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.service import oauth_apps as service
from subgraphs.auth.service.oauth_apps import NEWEST_FIRST
from subgraphs.auth.store.oauth import OAuthConsentStore
from subgraphs.auth.store.oauth_apps import OAuthAppStore
from subgraphs.auth.types.oauth_apps import (
    AuthorizedApp,
    OAuthApp,
    RegisterOAuthAppInput,
    RegisterOAuthAppPayload,
    RemoveOAuthAppInput,
    RemoveOAuthAppPayload,
    RotateOAuthAppSecretInput,
    RotateOAuthAppSecretPayload,
    WithdrawAppConsentInput,
    WithdrawAppConsentPayload,
)


@strawberry.type
class OAuthAppQuery:
    @strawberry.field(description="The apps of others that are registered with the tenant, newest first.")
    async def oauth_apps(self, info: Info, first: First = 20, after: After = None) -> Connection[OAuthApp] | None:
        caller = info.context.caller
        caller.require(service.MANAGE_APPS)
        page = NEWEST_FIRST.page(first, after)
        async with info.context.desk.sessions.read(caller) as session:
            rows = await OAuthAppStore(session).page(page)
        return connect(rows, page, node=OAuthApp.of, cursor=lambda row: NEWEST_FIRST.cursor((row.id,)))

    @strawberry.field(description="The apps that the viewer lets act for them, the latest first.")
    async def authorized_apps(self, info: Info) -> list[AuthorizedApp] | None:
        caller = info.context.caller
        async with info.context.desk.sessions.read(caller) as session:
            consents = await OAuthConsentStore(session).of_user(require_own(caller, service.MANAGE_APPS))
            apps = await OAuthAppStore(session).by_ids([consent.app_id for consent in consents])
        names = {app.id: app.name for app in apps if app.removed_at is None}
        return [AuthorizedApp.of(consent, names) for consent in consents if consent.app_id in names]


@strawberry.type
class OAuthAppMutation:
    @strawberry.mutation(
        name="registerOAuthApp",
        extensions=[StepUp(), Refusals(RegisterOAuthAppPayload)],
        description="Register an app of somebody else's. It can be granted at most what the viewer may do; in a "
        "session that the viewer has opened themselves.",
    )
    async def register_oauth_app(self, info: Info, input: RegisterOAuthAppInput) -> RegisterOAuthAppPayload | None:
        new, attempt = input.asked(), input.attempt("registerOAuthApp")
        async with unit_of_work(info.context.desk.sessions, info.context.caller) as session:
            return RegisterOAuthAppPayload.of(await service.register_app(session, new, attempt))

    @strawberry.mutation(
        name="rotateOAuthAppSecret",
        extensions=[StepUp(), Refusals(RotateOAuthAppSecretPayload)],
        description="Give an app another secret; the one before is good for a while, so that the app can change over.",
    )
    async def rotate_oauth_app_secret(
        self, info: Info, input: RotateOAuthAppSecretInput
    ) -> RotateOAuthAppSecretPayload | None:
        app_id, attempt, desk = parse_id(input.id), input.attempt("rotateOAuthAppSecret"), info.context.desk
        async with unit_of_work(desk.sessions, info.context.caller) as session:
            changed = await service.rotate_secret(session, app_id, input.overlap, desk.clock(), attempt)
            return RotateOAuthAppSecretPayload.of(changed)

    @strawberry.mutation(
        name="removeOAuthApp",
        extensions=[Refusals(RemoveOAuthAppPayload)],
        description="Remove an app: its tokens are refused from now on, and its subscriptions end within a second.",
    )
    async def remove_oauth_app(self, info: Info, input: RemoveOAuthAppInput) -> RemoveOAuthAppPayload | None:
        app_id, attempt, desk = parse_id(input.id), input.attempt("removeOAuthApp"), info.context.desk
        async with unit_of_work(desk.sessions, info.context.caller) as session:
            removed = await service.remove_app(session, app_id, desk.clock(), attempt)
        return RemoveOAuthAppPayload(app_id=strawberry.ID(str(removed)))

    @strawberry.mutation(
        extensions=[Refusals(WithdrawAppConsentPayload)],
        description="Let an app act for the viewer no more: its tokens for them are refused from now on.",
    )
    async def withdraw_app_consent(
        self, info: Info, input: WithdrawAppConsentInput
    ) -> WithdrawAppConsentPayload | None:
        app_id, attempt, desk = (
            parse_id(input.app_id, field="appId"),
            input.attempt("withdrawAppConsent"),
            info.context.desk,
        )
        async with unit_of_work(desk.sessions, info.context.caller) as session:
            withdrawn = await service.withdraw_consent(session, app_id, desk.clock(), attempt)
        return WithdrawAppConsentPayload(app_id=strawberry.ID(str(withdrawn)))
