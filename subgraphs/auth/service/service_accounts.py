"""Service accounts: programs of the tenant's own, which sign in with API tokens alone."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from shared.database import TenantSession
from shared.errors import NotFound
from shared.events import record
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from shared.roles import Role
from subgraphs.auth.errors import NameTaken, RoleNotHeld
from subgraphs.auth.events import ServiceAccountCreated, ServiceAccountDisabled
from subgraphs.auth.models import ServiceAccount
from subgraphs.auth.service.api_tokens import MANAGE_PROGRAMS, tell_revoked
from subgraphs.auth.service.own_session import require_own_session
from subgraphs.auth.service.permissions import given_by
from subgraphs.auth.store.api_tokens import ApiTokenStore, TokenOwner
from subgraphs.auth.store.service_accounts import ServiceAccountStore

_UNKNOWN: Final = "There is no such service account"


async def create_service_account(session: TenantSession, name: str, role: Role, attempt: Attempt) -> ServiceAccount:
    """Open an account for a program.

    Raises:
        Forbidden: the caller may not manage programs, or is one.
        RoleNotHeld: the program could do what the caller may not.
        NameTaken: another one has the name.
    """
    session.caller.require(MANAGE_PROGRAMS)
    user_id = await require_own_session(session)

    async def create() -> UUID:
        if not await given_by(session, role) <= session.caller.scopes:
            raise RoleNotHeld(path=("input", "role"))
        account_id = uuid7()
        if not await ServiceAccountStore(session).add(account_id, name=name, role=role, created_by=user_id):
            raise NameTaken(path=("input", "name"))
        tenant_id = session.caller.tenant_id
        record(
            session,
            ServiceAccountCreated(
                tenant_id=tenant_id, service_account_id=account_id, name=name, role=role, created_by=user_id
            ),
        )
        return account_id

    return await _account(session, await once(session, attempt, create))


async def disable_service_account(session: TenantSession, account_id: UUID, attempt: Attempt) -> ServiceAccount:
    """Close a program's account for good, and end all of its tokens.

    Raises:
        Forbidden: the caller may not manage programs, or is one.
        NotFound: there is no such account.
    """
    session.caller.require(MANAGE_PROGRAMS)
    user_id = await require_own_session(session)

    async def disable() -> UUID:
        account = await ServiceAccountStore(session).locked(account_id)
        if account is None:
            raise NotFound(_UNKNOWN)
        if account.disabled_at is None:
            account.disabled_at = datetime.now(UTC)
            await _end_tokens(session, account_id)
            told = ServiceAccountDisabled(
                tenant_id=session.caller.tenant_id, service_account_id=account_id, disabled_by=user_id
            )
            record(session, told)
        return account_id

    return await _account(session, await once(session, attempt, disable))


async def _end_tokens(session: TenantSession, account_id: UUID) -> None:
    owner = TokenOwner(service_account_id=account_id)
    for token_id in await ApiTokenStore(session).revoke_all(owner):
        tell_revoked(session, token_id, owner)


async def _account(session: TenantSession, account_id: UUID) -> ServiceAccount:
    account = await ServiceAccountStore(session).get(account_id)
    if account is None:
        raise NotFound(_UNKNOWN)
    return account
