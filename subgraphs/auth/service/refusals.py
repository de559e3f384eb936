"""Attempts to get in that were refused, in the audit: by their account, without becoming a way to fill it.

An attempt is told by an event whether its account exists or not, so that both take as long; whoever handles it adds an
entry, at most two an hour for one account: one for the first attempt, and one when others begin to be slowed down. How
often attempts are made at all is bounded by `throttles`.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.caller import Caller
from shared.database import TenantSession, unit_of_work
from shared.events import record
from subgraphs.auth.events import AccessRefused
from subgraphs.auth.models import ActorKind
from subgraphs.auth.service.accounts import SignInDesk
from subgraphs.auth.service.audit import Actor, Change, Subject, note
from subgraphs.auth.service.throttles import FREE_ATTEMPTS
from subgraphs.auth.store.audit import AuditStore
from subgraphs.auth.store.throttles import ThrottleStore

ONCE_IN: Final = timedelta(hours=1)
NOBODY: Final = "unknown"
"""The subject where no account has the address; all of these are counted as one."""


async def tell_refused(desk: SignInDesk, caller: Caller, key: bytes, operation: str, user_id: UUID | None) -> None:
    """Tell that an attempt was wrong, in a transaction of its own: the attempt's is rolled back.

    Args:
        desk: where people sign in.
        caller: in whose tenant.
        key: that attempts are counted by.
        operation: that was refused.
        user_id: whose account it was; None if it is nobody's.
    """
    async with unit_of_work(desk.sessions, caller) as session:
        failures = await ThrottleStore(session).failures(key)
        told = AccessRefused(
            tenant_id=caller.tenant_id, user_id=user_id, operation=operation, failures=failures, slowed=_slows(failures)
        )
        record(session, told)


async def keep_refused(
    session: TenantSession, operation: str, user_id: UUID | None, *, failures: int, slowed: bool, at: datetime
) -> None:
    """Add an entry, unless there is one of the hour before `at`."""
    action = f"{operation}Slowed" if slowed else f"{operation}Refused"
    subject = Subject("User", NOBODY if user_id is None else user_id)
    if await AuditStore(session).has(action, str(subject.id), since=at - ONCE_IN):
        return
    changes = [Change("failures", None, str(failures))]
    note(session, action, subject, changes=changes, actor=Actor(ActorKind.SERVICE, "sign-in"), occurred_at=at)


async def keep_refused_answer(desk: SignInDesk, caller: Caller, provider_id: UUID, action: str, code: str) -> None:
    """Add an entry that an answer of an identity provider let nobody in, unless there is one of the hour before.

    Args:
        desk: where people sign in.
        caller: in whose tenant.
        provider_id: of whom the answer was said to be.
        action: that the entry is of; each has its hour.
        code: that the browser was told.
    """
    now, subject = desk.clock(), Subject("IdentityProvider", provider_id)
    async with unit_of_work(desk.sessions, caller) as session:
        if not await AuditStore(session).has(action, str(provider_id), since=now - ONCE_IN):
            actor = Actor(ActorKind.SERVICE, "sign-in")
            note(session, action, subject, changes=[Change("code", None, code)], actor=actor, occurred_at=now)


def _slows(failures: int) -> bool:
    return failures >= FREE_ATTEMPTS
