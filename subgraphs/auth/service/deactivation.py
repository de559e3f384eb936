"""People who are deactivated: nobody gets in as them, and whatever they or programs for them had open ends at once."""

from datetime import datetime
from uuid import UUID

from shared.database import TenantSession
from shared.events import record
from subgraphs.auth.events import SessionEnded
from subgraphs.auth.service.oauth import tell_ended
from subgraphs.auth.service.sessions import end_sessions
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.api_tokens import ApiTokenStore, TokenOwner
from subgraphs.auth.store.magic_links import MailedLinkStore
from subgraphs.auth.store.oauth import OAuthStore


async def close_account(session: TenantSession, user_id: UUID, now: datetime) -> None:
    """Let nobody in with a person's account, and end their sessions, what apps were granted, and their API tokens.

    Routers hear of each and close what runs on its behalf. The account comes first: whoever gets in at the same time
    waits for it or is seen here. API tokens are revoked for good, since nobody knows who has kept one. Safe to repeat.
    """
    await AccountStore(session).set_deactivated(user_id, now)
    await MailedLinkStore(session).close(user_id, now)
    await end_all(session, user_id, now)


async def end_all(session: TenantSession, user_id: UUID, now: datetime) -> None:
    """End a person's sessions, what apps were granted, and their API tokens; routers hear of each."""
    await end_sessions(session, user_id, now)
    for family in await OAuthStore(session).end_all_of(user_id, now):
        tell_ended(session, family)
    for token_id in await ApiTokenStore(session).revoke_all(TokenOwner(user_id=user_id)):
        record(session, SessionEnded(tenant_id=session.caller.tenant_id, user_id=user_id, session_id=token_id))


async def open_again(session: TenantSession, user_id: UUID) -> None:
    """Let the person sign in again, by whatever means they had. Safe to repeat."""
    await AccountStore(session).set_deactivated(user_id, None)
