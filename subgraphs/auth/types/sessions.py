"""The GraphQL types of sessions."""

from datetime import datetime

import strawberry

from shared.caller import Caller
from shared.errors import BadUserInput
from shared.graphql.entities import Reference
from shared.graphql.inputs import MutationInput
from shared.graphql.references import resolve_by_id
from shared.graphql.user_errors import Payload
from subgraphs.auth.context import Info
from subgraphs.auth.models import SignInSession
from subgraphs.auth.types.accounts import IssuedSession


@strawberry.federation.type(keys=["id"], description="A sign-in of a person that goes on.")
class Session:
    id: strawberry.ID = strawberry.field(description="It never changes.")
    device_name: str | None = strawberry.field(description="What the client called itself.")
    methods: list[str] = strawberry.field(description="How they proved who they are, as RFC 8176 names it.")
    created_at: datetime = strawberry.field(description="When it was opened.")
    authenticated_at: datetime = strawberry.field(
        description="When the viewer last proved who they are; 1970 where an identity provider did not say when."
    )
    last_used_at: datetime = strawberry.field(description="When it was opened or last refreshed.")
    expires_at: datetime | None = strawberry.field(
        description="When it ends unless it is refreshed; null if it cannot be."
    )
    current: bool = strawberry.field(description="Whether it is the one that this was asked in.")

    @classmethod
    def of(cls, opened: SignInSession, caller: Caller) -> "Session":
        return cls(
            id=strawberry.ID(str(opened.id)),
            device_name=opened.device.name if opened.device else None,
            methods=opened.amr,
            created_at=opened.created_at,
            authenticated_at=opened.authenticated_at,
            last_used_at=opened.last_used_at,
            expires_at=opened.expires_at,
            current=opened.id == caller.session_id,
        )

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> "list[Session | BadUserInput | None]":
        """People see their own; another does not exist."""
        caller = info.context.caller
        return await resolve_by_id(references, info.context.loaders.session_by_id, lambda row: cls.of(row, caller))


@strawberry.input(description="Which session to end: the one of the access token that is sent along.")
class SignOutInput(MutationInput):
    pass


@strawberry.type(description="What came of `signOut`.")
class SignOutPayload(Payload):
    session_id: strawberry.ID | None = strawberry.field(
        default=None, description="The session that has ended. Its access token counts no more."
    )


@strawberry.input(description="A session that goes on.")
class RefreshSessionInput(MutationInput):
    refresh_token: str = strawberry.field(description="The last one that was given for the session.")


@strawberry.type(description="What came of `refreshSession`.")
class RefreshSessionPayload(Payload):
    session: IssuedSession | None = strawberry.field(default=None, description="The same one, with new tokens.")


@strawberry.input(description="Which session to end.")
class RevokeSessionInput(MutationInput):
    session_id: strawberry.ID = strawberry.field(
        description="One of the viewer's, or anybody's for whoever may manage sessions."
    )


@strawberry.type(description="What came of `revokeSession`.")
class RevokeSessionPayload(Payload):
    session_id: strawberry.ID | None = strawberry.field(default=None, description="The session that has ended.")


@strawberry.input(description="End all sessions of the viewer but this one.")
class RevokeOtherSessionsInput(MutationInput):
    pass


@strawberry.type(description="What came of `revokeOtherSessions`.")
class RevokeOtherSessionsPayload(Payload):
    session_id: strawberry.ID | None = strawberry.field(default=None, description="The one that goes on.")


@strawberry.type(description="What came of `confirmMfa`.")
class ConfirmMfaPayload(Payload):
    session: IssuedSession | None = strawberry.field(
        default=None, description="The same session; its tokens say that two factors were used."
    )
    recovery_codes: list[str] = strawberry.field(
        default_factory=list,
        description="With the first app: each works once in its place. Keep them where the app is not.",
    )


@strawberry.type(description="What came of `stepUp`.")
class StepUpPayload(Payload):
    session: IssuedSession | None = strawberry.field(
        default=None, description="The same session; its access token says when it was proved."
    )
