"""Acting in another person's name: for a while, for a reason that they are told, and never to be able to do more.

Source: RFC 8693, section 1.1 (impersonation and delegation), and section 4.1 (``act``): the token names both.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.caller import Caller, UserId
from shared.database import TenantSession, unit_of_work
from shared.errors import NotFound
from shared.events import record
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from shared.permissions.catalogue import NOT_IN_ANOTHERS_NAME
from shared.permissions.decisions import Rights
from shared.permissions.places import Resource
from shared.roles import Role
from shared.tokens import IssuedToken
from subgraphs.auth.errors import ImpersonationEnded, NotImpersonable, PermissionNotHeld
from subgraphs.auth.events import ImpersonationStarted
from subgraphs.auth.models import Account, Impersonation
from subgraphs.auth.service.accounts import SignInDesk
from subgraphs.auth.service.audit import Actor, Change, Subject, describe
from subgraphs.auth.service.own_session import require_own_session
from subgraphs.auth.service.permissions import TenantPermissions, grants_of, permissions_in_tenant, refuse_gain
from subgraphs.auth.service.sessions import tell_over
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.impersonation import ImpersonationStore

PERMISSION: Final = "people:impersonate"
LIFETIME: Final = timedelta(minutes=15)
"""It cannot be made longer: whoever needs more begins again, and says why."""
MANAGE_SESSIONS: Final = "sessions:manage"


@dataclass(frozen=True, slots=True)
class Begun:
    """An impersonation with what acts in it."""

    row: Impersonation
    token: IssuedToken = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wish:
    """In whose name somebody wants to act, and why."""

    user_id: UUID
    reason: str
    app_id: UUID | None = None
    """Through which app; None for the graph's own clients."""


async def start(desk: SignInDesk, caller: Caller, wish: Wish, attempt: Attempt) -> Begun:
    """Let the caller act in a person's name; a repetition gives a token for the same impersonation.

    Raises:
        Forbidden: they may not, or it is not they themselves who ask.
        NotFound: there is no such person.
        NotImpersonable: it is they themselves.
        PermissionNotHeld: the person may do what they may not.
        ImpersonationEnded: this is a repetition, and what it repeats is over.
    """
    async with unit_of_work(desk.sessions, caller) as session:
        await require_own_session(session)
        now = desk.clock()

        async def begin_once() -> UUID:
            return (await begin(session, caller, wish, now)).id

        impersonation_id = await once(session, attempt, begin_once)
        found = await ImpersonationStore(session).with_account(impersonation_id)
        if found is None or found[0].ended_at is not None or found[0].expires_at <= now:
            raise ImpersonationEnded
        row, account = found
        return Begun(row, await _token(desk, session, row, account, most=caller.scopes))


async def begin(session: TenantSession, by: Caller, wish: Wish, now: datetime) -> Impersonation:
    """Note that somebody acts in a person's name from now on, and tell the person.

    Raises:
        Forbidden, NotFound, NotImpersonable, PermissionNotHeld: see `start`.
    """
    impersonator_id, began_in = by.require_user(), by.session_id
    rights = Rights.of(by, await grants_of(session, impersonator_id, now), now)
    rights.require(PERMISSION, Resource.tenant(by.tenant_id))
    if wish.user_id == impersonator_id or by.impersonator_id is not None or began_in is None:
        raise NotImpersonable
    account = await AccountStore(session).locked(wish.user_id)
    if account is None:
        raise NotFound("There is no such person")
    if not await AccountStore(session).is_active(account.user_id):
        raise NotImpersonable
    own, theirs = await _in_tenant(session, by), await compared(session, rights, account, now)
    row = Impersonation(
        id=uuid7(),
        user_id=account.user_id,
        impersonator_id=impersonator_id,
        session_id=began_in,
        app_id=wish.app_id,
        reason=wish.reason,
        started_at=now,
        expires_at=min(end for end in (now + LIFETIME, own.until, theirs.until) if end is not None),
    )
    await ImpersonationStore(session).add(row)
    changes = [Change("impersonation", None, str(row.id)), Change("reason", None, row.reason)]
    describe(session, Subject("User", row.user_id), changes=changes, actor=Actor.person(impersonator_id))
    _tell(session, row)
    return row


async def stop(desk: SignInDesk, caller: Caller, impersonation_id: UUID | None, attempt: Attempt) -> Impersonation:
    """End an impersonation: its token is refused from then on, and what runs with it ends. Safe to repeat.

    Args:
        desk: where sessions are kept.
        caller: who acts in it, the person in whose name it is, or whoever manages sessions.
        impersonation_id: which; None for the one that the caller's token is of.
        attempt: as for every mutation.

    Raises:
        NotFound: there is no such one that they may end.
    """
    user_id = caller.require_user()
    chosen = impersonation_id or (caller.session_id if caller.impersonator_id else None)
    async with unit_of_work(desk.sessions, caller) as session:
        store = ImpersonationStore(session)

        async def end() -> UUID:
            row = None if chosen is None else await store.get(chosen)
            if row is None or not _may_end(caller, user_id, row):
                raise NotFound("There is no such impersonation")
            describe(session, Subject("User", row.user_id), changes=[Change("impersonation", str(row.id), None)])
            for ended in await store.end(row.id, desk.clock()):
                await tell_over(session, ended)
            return row.id

        row = await store.get(await once(session, attempt, end))
    if row is None:
        raise NotFound("There is no such impersonation")
    return row


async def scopes_for(session: TenantSession, account: Account) -> frozenset[str]:
    """What is done at most in a person's name: what they may do themselves, but for what lasts."""
    return (await permissions_in_tenant(session, account.user_id, Role(account.role))).scopes - NOT_IN_ANOTHERS_NAME


def _may_end(caller: Caller, user_id: UserId, row: Impersonation) -> bool:
    if caller.impersonator_id is not None:
        return row.id == caller.session_id
    return user_id in (row.user_id, row.impersonator_id) or caller.may(MANAGE_SESSIONS)


async def _in_tenant(session: TenantSession, by: Caller) -> TenantPermissions:
    return await permissions_in_tenant(session, by.require_user(), Role(by.role))


async def compared(session: TenantSession, rights: Rights, account: Account, now: datetime) -> TenantPermissions:
    """What a person may do in the whole tenant.

    What is forbidden to the impersonator anywhere, the person must not be able to do at all: where it would be, only
    other subgraphs know.

    Raises:
        PermissionNotHeld: they may do something, anywhere, that the holder of `rights` may not do there.
    """
    tenant_id = rights.caller.tenant_id
    theirs = await permissions_in_tenant(session, account.user_id, Role(account.role))
    refuse_gain(rights, Resource.tenant(tenant_id), theirs.scopes)
    held = set(theirs.scopes)
    for grant in await grants_of(session, account.user_id, now):
        refuse_gain(rights, Resource(tenant_id, grant.place), grant.permissions - grant.forbids)
        held |= grant.permissions
    if any(grant.forbids & held for grant in rights.grants):
        raise PermissionNotHeld("Something is forbidden to you that the person may do")
    return theirs


async def _token(
    desk: SignInDesk, session: TenantSession, row: Impersonation, account: Account, *, most: frozenset[str]
) -> IssuedToken:
    """A token that says no more than `most`: roles may have changed since the two were compared."""
    return desk.issuer.issue(
        session.caller.tenant_id,
        UserId(row.user_id),
        row.id,
        role=account.role,
        scopes=await scopes_for(session, account) & most,
        until=row.expires_at,
        impersonator=UserId(row.impersonator_id),
    )


def _tell(session: TenantSession, row: Impersonation) -> None:
    told = ImpersonationStarted(
        tenant_id=session.caller.tenant_id,
        impersonation_id=row.id,
        user_id=row.user_id,
        impersonator_id=row.impersonator_id,
        reason=row.reason,
        expires_at=row.expires_at,
    )
    record(session, told)
