"""Exporting and erasing what the platform holds of a person: asked of every subgraph, each of which answers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from shared.caller import Caller, require_in_person
from shared.data_keys import DataKeys
from shared.database import TenantSession
from shared.departures import depart, is_here
from shared.errors import NotFound
from shared.events import record
from shared.idempotency import Attempt, once
from shared.personal_data import Holdings, sealed_rows
from shared.roles import Role
from shared.sealed_boxes import BoxKey
from subgraphs.users.errors import DataRequestPending, LastOwner
from subgraphs.users.events import DataExportRequested, DataRequestCompleted, UserErased
from subgraphs.users.models import (
    DataRequest,
    DataRequestKind,
    DataRequestPart,
    DataRequestState,
    Model,
    User,
    UserStatus,
)
from subgraphs.users.service.people import MANAGER, READER, changeable
from subgraphs.users.service.sealed_fields import SealedFields
from subgraphs.users.service.standing import refuse_above
from subgraphs.users.store.data_requests import DataRequestStore, ExportStore
from subgraphs.users.store.people import UserStore

OWN: Final = "users"
OTHERS: Final = ("analytics", "auth", "content", "courses", "notifications")
"""Who else may hold something of a person."""
EXPORT_KEPT: Final = timedelta(days=7)
"""After it is complete."""
_KEPT_OUT: Final = frozenset({"data_requests", "data_request_parts", "exported_rows"})
"""Of the subgraph's own tables: what was asked for and when is proof that it was answered, and names nobody."""

_TOLD: Final = frozenset({DataRequestKind.EXPORT})
_GONE: Final = frozenset({DataRequestKind.ERASE, DataRequestKind.MERGE})
_PART_NUMBERS: Final = 10_000
"""Rows of a piece are numbered from so many times its own number: far more than a piece has."""


def holdings() -> Holdings:
    """What this subgraph holds beside the person's own row."""
    found = Holdings.of(Model.metadata, further={"relationships": ["of_user_id"]})
    return Holdings({table: how for table, how in found.person.items() if table.name not in _KEPT_OUT}, found.detached)


def channel_of(tenant_id: UUID, request_id: UUID) -> str:
    """Name the hub channel that is woken when a request has got an answer."""
    return f"users:data-request:{tenant_id}:{request_id}"


def may_see(request: DataRequest, caller: Caller) -> bool:
    """Tell whether a request is the caller's own, or the caller manages people."""
    return caller.is_themselves(request.user_id) or caller.may(MANAGER)


async def request_export(session: TenantSession, attempt: Attempt, keys: DataKeys, user_id: UUID) -> DataRequest:
    """Ask every subgraph for what it holds of a person: the caller's own self, or anybody for a manager.

    Raises:
        DataRequestPending: an export of this person is not complete yet.
        Forbidden: an app asks, or somebody in the caller's name.
    """
    require_in_person(session.caller)

    async def perform() -> UUID:
        user = await changeable(session, user_id)
        request = await add_request(session, user, DataRequestKind.EXPORT)
        await ExportStore(session).forget_of(user_id)
        key, ring = BoxKey.generate(), await keys.of(session, sealing=True)
        request.sealed_key = ring.seal(DataRequest.sealed_key, request.id, key.private)
        asked = DataExportRequested(
            tenant_id=session.caller.tenant_id,
            request_id=request.id,
            user_id=user_id,
            public_key=key.public,
            actor_id=session.caller.user_id,
        )
        record(session, asked)
        rows = [_profile(user, SealedFields(ring)), *[row async for row in holdings().export(session, user_id)]]
        kept = as_kept(sealed_rows(key.public, request.id, rows))
        await note_export(session, request.id, OWN, kept, part=0, parts=1)
        return request.id

    return await _request(session, await once(session, attempt, perform))


async def request_erasure(session: TenantSession, attempt: Attempt, user_id: UUID) -> DataRequest:
    """Erase a person here, and have every subgraph erase what it holds of them. There is no way back.

    Raises:
        PermissionNotHeld: the person may do more than the caller.
        LastOwner: nobody else could look after the tenant.
        Forbidden: an app asks, or somebody in the caller's name.
    """
    require_in_person(session.caller)

    async def perform() -> UUID:
        await UserStore(session).lock_owners()
        user = await changeable(session, user_id)
        await refuse_above(session, user)
        await refuse_last_owner(session, user)
        request = await add_request(session, user, DataRequestKind.ERASE)
        rows = await _erase(session, user)
        erased = UserErased(
            tenant_id=session.caller.tenant_id, request_id=request.id, user_id=user_id, actor_id=session.caller.user_id
        )
        record(session, erased)
        await note_erasure(session, request.id, OWN, rows)
        return request.id

    return await _request(session, await once(session, attempt, perform))


async def refuse_last_owner(session: TenantSession, user: User) -> None:
    """Refuse to let the last active owner go; owners are locked.

    Raises:
        LastOwner: it is they.
    """
    if user.role == Role.OWNER and not await UserStore(session).has_other_owner(user.id):
        raise LastOwner(path=("input", "userId"))


async def add_request(
    session: TenantSession, user: User, kind: DataRequestKind, *, into_id: UUID | None = None
) -> DataRequest:
    """Note that every subgraph has to answer something.

    Raises:
        DataRequestPending: the same is being answered about the person.
    """
    store = DataRequestStore(session)
    if await store.pending(user.id, kind) is not None:
        raise DataRequestPending(path=("input", "userId"))
    by = session.caller.require_user()
    request = DataRequest(
        kind=kind, user_id=user.id, into_id=into_id, requested_by=by, state=DataRequestState.PENDING, version=1
    )
    await store.add(request, (OWN, *OTHERS))
    return request


def _profile(user: User, fields: SealedFields) -> dict[str, Any]:
    names = ("email", "display_name", "handle", "locale", "time_zone", "preferences", "role", "status")
    data = {name: getattr(user, name) for name in names} | {"custom_fields": fields.of(user)}
    return {"table": "users", "data": {**data, "id": str(user.id), "created_at": user.created_at.isoformat()}}


async def _erase(session: TenantSession, user: User) -> int:
    """Leave nothing of a person but the identifier, which others may refer to; returns how many rows it changed."""
    await depart(session, user.id)
    await ExportStore(session).forget_of(user.id)
    rows = await holdings().erase(session, user.id)
    forget_profile(user)
    return rows + 1


def forget_profile(user: User) -> None:
    """Leave nothing in a person's own row but the identifier."""
    user.email, user.display_name, user.handle = f"{user.id}@erased.invalid", "", None
    user.locale, user.time_zone, user.preferences, user.custom_fields = "en", "UTC", {}, {}
    user.sealed_custom_fields = None
    user.status, user.can_sign_in = UserStatus.ERASED, False
    user.version += 1


def as_kept(sealed: Sequence[str]) -> list[dict[str, Any]]:
    """Sealed rows as they are kept."""
    return [{"table": "", "data": {}, "sealed": one} for one in sealed]


async def box_key(session: TenantSession, keys: DataKeys, request: DataRequest) -> BoxKey | None:
    """What opens the rows of an export; None if they are not sealed."""
    if request.sealed_key is None:
        return None
    return BoxKey((await keys.of(session)).open(DataRequest.sealed_key, request.id, request.sealed_key))


async def note_export(
    session: TenantSession, request_id: UUID, subgraph: str, rows: Sequence[Mapping[str, Any]], *, part: int, parts: int
) -> None:
    """Keep a piece of an export, unless it is here already; the last one missing completes the subgraph's answer.

    Of whom was erased or merged since, nothing is kept.

    Args:
        session: of the tenant.
        request_id: the request it answers; one that is not there (any more) is passed over.
        subgraph: whose answer it is.
        rows: what it holds.
        part: which piece, from 0.
        parts: how many there are.
    """
    user_id = await DataRequestStore(session).person_of(request_id)
    # before the request is locked, as whoever erases the person does it
    keeps = user_id is not None and await is_here(session, user_id)
    found = await _awaited(session, request_id, subgraph, _TOLD)
    if found is None or part in found[1].received:
        return
    request, answer = found
    if keeps:
        await ExportStore(session).add(request_id, subgraph, rows, first=part * _PART_NUMBERS)
    answer.received = [*answer.received, part]
    answer.rows += len(rows)
    await _note(session, request, answer, complete=len(answer.received) == parts)


async def note_erasure(session: TenantSession, request_id: UUID, subgraph: str, rows: int) -> None:
    """Note that a subgraph holds nothing of the person any more."""
    found = await _awaited(session, request_id, subgraph, _GONE)
    if found is not None:
        request, answer = found
        answer.rows = rows
        await _note(session, request, answer, complete=True)


async def _awaited(
    session: TenantSession, request_id: UUID, subgraph: str, kinds: frozenset[str]
) -> tuple[DataRequest, DataRequestPart] | None:
    store = DataRequestStore(session)
    request = await store.locked(request_id)
    answer = await store.part(request_id, subgraph)
    if request is None or answer is None or request.kind not in kinds or answer.answered_at is not None:
        return None
    return request, answer


async def _note(session: TenantSession, request: DataRequest, answer: DataRequestPart, *, complete: bool) -> None:
    now = datetime.now(UTC)
    request.version += 1
    if complete:
        answer.answered_at = now
        await session.flush()
        if not await DataRequestStore(session).unanswered(request.id):
            request.state, request.completed_at = DataRequestState.DONE, now
            completed = DataRequestCompleted(
                tenant_id=session.caller.tenant_id, request_id=request.id, user_id=request.user_id, kind=request.kind
            )
            record(session, completed)


async def forget_old(session: TenantSession, now: datetime) -> None:
    """Drop what was exported once it was kept long enough."""
    await ExportStore(session).forget_completed(now - EXPORT_KEPT)


def is_readable(request: DataRequest, caller: Caller, now: datetime) -> bool:
    """Tell whether the caller may read what was exported: it is complete, still kept, and theirs or for a reader."""
    in_person = request.user_id == caller.user_id and caller.impersonator_id is None and caller.client_id is None
    theirs = in_person or (caller.may(MANAGER) and caller.may(READER))
    return theirs and request.completed_at is not None and now < request.completed_at + EXPORT_KEPT


async def _request(session: TenantSession, request_id: UUID) -> DataRequest:
    request = await DataRequestStore(session).get(request_id)
    if request is None:
        raise NotFound("There is no such request")
    return request
