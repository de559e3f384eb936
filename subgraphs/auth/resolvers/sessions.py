"""The root fields of signing in and of sessions: unpack, call, wrap."""

import strawberry

from shared import checks
from shared.caller import require_own
from shared.errors import parse_id
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.service import passwords
from subgraphs.auth.service import sessions as service
from subgraphs.auth.store.sessions import NEWEST_FIRST, SessionStore
from subgraphs.auth.types.accounts import IssuedSession, SignInInput, SignInPayload
from subgraphs.auth.types.sessions import (
    RefreshSessionInput,
    RefreshSessionPayload,
    RevokeOtherSessionsInput,
    RevokeOtherSessionsPayload,
    RevokeSessionInput,
    RevokeSessionPayload,
    Session,
    SignOutInput,
    SignOutPayload,
)

_LONGEST_NAME = 100


@strawberry.type
class SessionQuery:
    @strawberry.field(description="The viewer's sessions that go on, the newest first.")
    async def sessions(self, info: Info, first: First = 20, after: After = None) -> Connection[Session] | None:
        caller = info.context.caller
        user_id, page = require_own(caller, "sessions:manage"), NEWEST_FIRST.page(first, after)
        async with info.context.desk.sessions.read(caller) as session:
            rows = await SessionStore(session).page(user_id, page, info.context.desk.clock())
        return connect(
            rows, page, node=lambda row: Session.of(row, caller), cursor=lambda row: NEWEST_FIRST.cursor((row.id,))
        )


@strawberry.type
class SessionMutation:
    @strawberry.mutation(
        extensions=[Refusals(SignInPayload)],
        description="Open a session. Refused alike for a wrong password and for an unknown e-mail address; who keeps "
        "guessing has to wait.",
    )
    async def sign_in(self, info: Info, input: SignInInput) -> SignInPayload | None:
        name = device_name(input.device_name)
        credentials = passwords.Credentials(
            tenant=input.tenant,
            email=input.email.strip().lower(),
            password=input.password,
            device=service.DeviceHint(input.device_token, name),
        )
        attempt = input.attempt("signIn", without={"password", "device_token"})
        return SignInPayload.of(await passwords.sign_in(info.context.desk, credentials, attempt))

    @strawberry.mutation(
        extensions=[Refusals(RefreshSessionPayload)],
        description="Exchange a refresh token for new tokens, before or after the access token has ended. Each works "
        "once: one that was exchanged before ends the session, unless that was seconds ago, when it gives the same.",
    )
    async def refresh_session(self, info: Info, input: RefreshSessionInput) -> RefreshSessionPayload | None:
        attempt = input.attempt("refreshSession")
        refreshed = await service.refresh(info.context.desk, input.refresh_token, attempt)
        return RefreshSessionPayload(session=IssuedSession.of_person(refreshed))

    @strawberry.mutation(
        extensions=[Refusals(SignOutPayload)],
        description="End the session: its access token is refused from now on, and its subscriptions end within a "
        "second.",
    )
    async def sign_out(self, info: Info, input: SignOutInput) -> SignOutPayload | None:
        attempt = input.attempt("signOut")
        session_id = await service.sign_out(info.context.desk, info.context.caller, attempt)
        return SignOutPayload(session_id=strawberry.ID(str(session_id)))

    @strawberry.mutation(
        extensions=[Refusals(RevokeSessionPayload)],
        description="End a session: all of its tokens are refused from now on, and its subscriptions end within a "
        "second.",
    )
    async def revoke_session(self, info: Info, input: RevokeSessionInput) -> RevokeSessionPayload | None:
        session_id, attempt = parse_id(input.session_id, field="sessionId"), input.attempt("revokeSession")
        revoked = await service.revoke(info.context.desk, info.context.caller, session_id, attempt)
        return RevokeSessionPayload(session_id=strawberry.ID(str(revoked)))

    @strawberry.mutation(
        extensions=[Refusals(RevokeOtherSessionsPayload)],
        description="End all sessions of the viewer but this one.",
    )
    async def revoke_other_sessions(
        self, info: Info, input: RevokeOtherSessionsInput
    ) -> RevokeOtherSessionsPayload | None:
        attempt = input.attempt("revokeOtherSessions")
        kept = await service.revoke_others(info.context.desk, info.context.caller, attempt)
        return RevokeOtherSessionsPayload(session_id=strawberry.ID(str(kept)))


def device_name(given: str | None) -> str | None:
    """What a client calls itself, checked."""
    return None if given is None else checks.text(given, field="deviceName", longest=_LONGEST_NAME)
