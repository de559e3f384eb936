"""API tokens: made by people for programs, shown once, and exchanged by routers for access tokens."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from shared import api_tokens
from shared.caller import Caller, TenantId, UserId, service_caller
from shared.database import TenantSession, unit_of_work
from shared.errors import BadUserInput, NotFound, Unauthenticated
from shared.events import record
from shared.graphql.pagination import Keyset
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from shared.roles import Role
from shared.tenancy.registry import TenantStatus
from shared.tokens import IssuedToken
from subgraphs.auth.errors import ScopeNotHeld, TooManyApiTokens
from subgraphs.auth.events import ApiTokenCreated, ApiTokenRevoked, SessionEnded
from subgraphs.auth.models import ApiToken
from subgraphs.auth.service.accounts import SignInDesk
from subgraphs.auth.service.own_session import require_own_session
from subgraphs.auth.service.permissions import TenantPermissions, permissions_in_tenant
from subgraphs.auth.store.api_tokens import ApiTokenStore, PresentedToken, TokenOwner
from subgraphs.auth.store.service_accounts import ServiceAccountStore

MANAGE_PROGRAMS: Final = "apps:manage"
MANAGE_OTHERS: Final = "sessions:manage"
LONGEST_LIFE: Final = timedelta(days=366)
USUAL_LIFE: Final = timedelta(days=90)
MOST_OPEN: Final = 100
"""That an owner may have at a time."""
NEWEST_FIRST: Final = Keyset(tuple[UUID])
_ENDING: Final = 4
_USE_NOTED_EVERY: Final = timedelta(minutes=1)


class ApiTokenInvalid(Unauthenticated):
    """One answer for what was never made, what has expired and what was revoked."""

    default_message = "The API token is not valid"


@dataclass(frozen=True, slots=True)
class NewApiToken:
    """A token that somebody wants; `expires_at` None means after the usual time."""

    name: str
    scopes: frozenset[str]
    expires_at: datetime | None
    service_account_id: UUID | None


@dataclass(frozen=True, slots=True)
class CreatedApiToken:
    row: ApiToken
    text: str | None = field(repr=False)
    """None if the mutation was repeated: it is shown once, and then nobody knows it but its owner."""


async def create_api_token(session: TenantSession, new: NewApiToken, attempt: Attempt) -> CreatedApiToken:
    """Make a token for the caller or, if one is named, for a service account.

    Raises:
        Forbidden: a program calls, or the caller may not manage service accounts.
        NotFound: there is no such service account, or it is disabled.
        ScopeNotHeld: it is to do what the caller or the service account may not.
        TooManyApiTokens: the owner has as many as anybody may have.
    """
    user_id = await require_own_session(session)
    made: list[str] = []

    async def create() -> UUID:
        now = datetime.now(UTC)
        owner = await _owner(session, user_id, new)
        if await ApiTokenStore(session).count_open(owner, now) >= MOST_OPEN:
            raise TooManyApiTokens
        made.append(api_tokens.generate(session.caller.tenant_id))
        row = _row(made[0], owner, new, _expiry(new.expires_at, now))
        await ApiTokenStore(session).add(row)
        record(session, _created(session.caller, row))
        return row.id

    row = await ApiTokenStore(session).get(await once(session, attempt, create))
    if row is None:
        raise NotFound
    return CreatedApiToken(row, made[0] if made else None)


async def _owner(session: TenantSession, user_id: UUID, new: NewApiToken) -> TokenOwner:
    """Whose the token is to be, who may do all that it may."""
    held = session.caller.scopes
    owner = TokenOwner(user_id=user_id)
    if new.service_account_id is not None:
        session.caller.require(MANAGE_PROGRAMS)
        account = await ServiceAccountStore(session).locked(new.service_account_id)
        if account is None or account.disabled_at is not None:
            raise NotFound("There is no such service account, or it is disabled")
        owner = TokenOwner(service_account_id=account.id)
        held &= (await permissions_in_tenant(session, account.id, Role(account.role))).scopes
    if not new.scopes:
        raise BadUserInput("`scopes` must not be empty", field="scopes")
    if not new.scopes <= held:
        raise ScopeNotHeld(path=("input", "scopes"))
    return owner


def _expiry(wanted: datetime | None, now: datetime) -> datetime:
    if wanted is None:
        return now + USUAL_LIFE
    if wanted.tzinfo is None or not now < wanted <= now + LONGEST_LIFE:
        raise BadUserInput(
            f"`expiresAt` must be a time with its offset, at most {LONGEST_LIFE.days} days from now", field="expiresAt"
        )
    return wanted


def _row(text: str, owner: TokenOwner, new: NewApiToken, expires_at: datetime) -> ApiToken:
    return ApiToken(
        id=uuid7(),
        digest=api_tokens.digest(text),
        user_id=owner.user_id,
        service_account_id=owner.service_account_id,
        name=new.name,
        ending=text[-_ENDING:],
        scopes=sorted(new.scopes),
        expires_at=expires_at,
    )


def _created(caller: Caller, row: ApiToken) -> ApiTokenCreated:
    return ApiTokenCreated(
        tenant_id=caller.tenant_id,
        token_id=row.id,
        user_id=row.user_id,
        service_account_id=row.service_account_id,
        created_by=caller.require_user(),
        scopes=list(row.scopes),
        expires_at=row.expires_at,
    )


async def require_may_see(session: TenantSession, owner: TokenOwner) -> None:
    """Let a caller see whose tokens they may manage.

    Raises:
        Forbidden: they may not, or a program calls.
    """
    user_id = await require_own_session(session)
    if owner.service_account_id is not None:
        session.caller.require(MANAGE_PROGRAMS)
    elif owner.user_id != user_id:
        session.caller.require(MANAGE_OTHERS)


async def revoke_api_token(session: TenantSession, token_id: UUID, attempt: Attempt) -> ApiToken:
    """End a token: what programs do with it ends within a second.

    Raises:
        Forbidden: a program calls.
        NotFound: there is no such token, or the caller may not manage its owner's.
    """
    user_id = await require_own_session(session)
    store = ApiTokenStore(session)

    async def revoke() -> UUID:
        row = await store.locked(token_id)
        if row is None or not _may_revoke(session.caller, user_id, row):
            raise NotFound("There is no such API token")
        if row.revoked_at is None:
            row.revoked_at = datetime.now(UTC)
            tell_revoked(session, row.id, TokenOwner(row.user_id, row.service_account_id))
        return row.id

    row = await store.get(await once(session, attempt, revoke))
    if row is None:
        raise NotFound("There is no such API token")
    return row


def _may_revoke(caller: Caller, user_id: UUID, row: ApiToken) -> bool:
    if row.service_account_id is not None:
        return caller.may(MANAGE_PROGRAMS)
    return row.user_id == user_id or caller.may(MANAGE_OTHERS)


def tell_revoked(session: TenantSession, token_id: UUID, owner: TokenOwner) -> None:
    """Tell everybody, and routers in the way that they know of sessions: the token's id stands for one."""
    tenant_id = session.caller.tenant_id
    subject = owner.user_id or owner.service_account_id
    assert subject is not None  # noqa: S101 - the table sees to it
    record(
        session,
        ApiTokenRevoked(tenant_id=tenant_id, token_id=token_id, revoked_by=session.caller.require_user()),
    )
    record(session, SessionEnded(tenant_id=tenant_id, user_id=subject, session_id=token_id))


async def exchange(desk: SignInDesk, text: str) -> IssuedToken:
    """An access token for whoever presents an API token: it may do what both the token and its owner may now.

    Raises:
        ApiTokenInvalid: it is none of ours, has expired or was revoked; or its owner or tenant is not there any more.
    """
    tenant_id = api_tokens.tenant_of(text)
    if tenant_id is None or not await _is_open(desk, tenant_id):
        raise ApiTokenInvalid
    now = datetime.now(UTC)
    async with unit_of_work(desk.sessions, service_caller(tenant_id, "api-tokens")) as session:
        store = ApiTokenStore(session)
        found = await store.presented(api_tokens.digest(text))
        if found is None or not _is_good(found, now):
            raise ApiTokenInvalid
        used = found.row.last_used_at
        if used is None or used + _USE_NOTED_EVERY <= now:
            await store.note_use(found.row.id, now)
        may = await permissions_in_tenant(session, _owner_of(found.row), Role(found.role))
    return _issue(desk, tenant_id, found, may)


async def _is_open(desk: SignInDesk, tenant_id: TenantId) -> bool:
    tenant = await desk.tenants.by_id(tenant_id)
    return tenant is not None and tenant.status is TenantStatus.ACTIVE


def _is_good(found: PresentedToken, now: datetime) -> bool:
    return found.row.revoked_at is None and found.row.expires_at > now and not found.disabled


def _owner_of(row: ApiToken) -> UUID:
    owner = row.user_id or row.service_account_id
    assert owner is not None  # noqa: S101 - the table sees to it
    return owner


def _issue(desk: SignInDesk, tenant_id: TenantId, found: PresentedToken, may: TenantPermissions) -> IssuedToken:
    row, owner = found.row, UserId(_owner_of(found.row))
    scopes, until = may.scopes.intersection(row.scopes), may.ends(row.expires_at)
    return desk.issuer.issue(tenant_id, owner, row.id, role=found.role, scopes=scopes, until=until)
