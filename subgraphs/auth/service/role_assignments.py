"""Who has which role where. Nobody gains by it: whoever assigns or revokes a role holds all that is in it there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from shared.caller import TenantId
from shared.database import TenantSession
from shared.errors import BadUserInput, NotFound
from shared.events import record
from shared.graphql.pagination import Keyset, PageRequest
from shared.idempotency import Attempt, once
from shared.permissions.places import Place, PlaceKind, Resource
from subgraphs.auth.events import RoleAssignmentChanged
from subgraphs.auth.models import RoleAssignment
from subgraphs.auth.service.audit import Change, Subject, describe
from subgraphs.auth.service.permissions import built_in_role, grant_of, own_rights, refuse_gain
from subgraphs.auth.service.roles import MANAGE, KnownRole, kept_role, known_role
from subgraphs.auth.service.sessions import end_impersonations, end_sessions
from subgraphs.auth.store.roles import Assigned, Chosen, RoleAssignmentStore

IN_ORDER: Final = Keyset(tuple[UUID])
_UNKNOWN: Final = "There is no such assignment"


@dataclass(frozen=True, slots=True)
class NewAssignment:
    """Somebody, or a service account, is to have a role at a place, until `valid_to` if that is given."""

    user_id: UUID
    role_id: UUID
    place: Place
    valid_to: datetime | None

    def __post_init__(self) -> None:
        """Refuse an end that has no offset or is past."""
        if self.valid_to is not None and (self.valid_to.tzinfo is None or self.valid_to <= datetime.now(UTC)):
            raise BadUserInput("`validTo` must be a time to come, with its offset", field="validTo")


async def assign_role(session: TenantSession, new: NewAssignment, attempt: Attempt) -> Assigned:
    """Give somebody a role at a place; whoever has it there already has it until the new end.

    Raises:
        Forbidden: the caller may not manage roles there.
        NotFound: there is no such person, service account or role, or the place is another tenant.
        BadUserInput: a service account is to have a role at a single place.
        PermissionNotHeld: the role has what the caller does not hold there.
    """
    caller = session.caller
    rights, there = await own_rights(session), _resource(session, new.place)
    rights.require(MANAGE, there)

    async def assign() -> UUID:
        role, store = await kept_role(session, new.role_id), RoleAssignmentStore(session)
        if not await store.has_account(new.user_id):
            await _require_program(session, new)
        refuse_gain(rights, there, role.touches)
        row = await store.put(
            user_id=new.user_id,
            role_id=new.role_id,
            place=new.place,
            valid_to=new.valid_to,
            assigned_by=caller.require_user(),
        )
        await end_impersonations(session, new.user_id, datetime.now(UTC))
        describe(session, Subject("User", new.user_id), changes=[Change("roles", None, _at(role, row))])
        _tell_assignment(session, row)
        return row.id

    return await _assigned(session, await once(session, attempt, assign))


async def _require_program(session: TenantSession, new: NewAssignment) -> None:
    """Refuse who is no service account; programs have what their tokens say, so none has a role at a single place."""
    if not await RoleAssignmentStore(session).is_program(new.user_id):
        raise NotFound("There is no such person or service account")
    if new.place.kind is not PlaceKind.TENANT:
        raise BadUserInput("Service accounts have roles in the whole tenant alone", field="at")


async def revoke_role(session: TenantSession, assignment_id: UUID, attempt: Attempt) -> Assigned:
    """Take a role away from somebody. Safe to repeat.

    One that they had in the whole tenant stands in their access tokens: so their sessions end.

    Raises:
        NotFound: there is no such assignment, or the caller may not manage roles there.
        PermissionNotHeld: the role has what the caller does not hold there.
    """
    rights, store = await own_rights(session), RoleAssignmentStore(session)

    async def revoke() -> UUID:
        found = await store.locked(assignment_id)
        there = _resource(session, _place(found.row)) if found else None
        if found is None or there is None or not rights.allow(MANAGE, there):
            raise NotFound(_UNKNOWN)
        row, grant = found.row, grant_of(session.caller, found)
        refuse_gain(rights, there, grant.permissions | grant.forbids)
        if row.revoked_at is None:
            now = datetime.now(UTC)
            row.revoked_at, row.version = now, row.version + 1
            role = await known_role(session, row.role_id)
            describe(session, Subject("User", row.user_id), changes=[Change("roles", _at(role, row), None)])
            _tell_assignment(session, row)
            await end_impersonations(session, row.user_id, now)
            if there == Resource.tenant(session.caller.tenant_id):
                await end_sessions(session, row.user_id, now)
        return row.id

    return await _assigned(session, await once(session, attempt, revoke))


async def list_assignments(
    session: TenantSession, chosen: Chosen, page: PageRequest[tuple[UUID]]
) -> Sequence[Assigned]:
    """Who has which role where, as far as it is chosen; everybody may see their own.

    Raises:
        Forbidden: the caller may not manage roles there.
        NotFound: the place is another tenant.
    """
    if chosen.user_id is None or chosen.user_id != session.caller.user_id:
        everywhere = Resource.tenant(session.caller.tenant_id)
        there = everywhere if chosen.place is None else _resource(session, chosen.place)
        (await own_rights(session)).require(MANAGE, there)
    return await RoleAssignmentStore(session).page(chosen, page)


def role_of(tenant_id: TenantId, assigned: Assigned) -> KnownRole:
    """The role that an assignment is of."""
    if assigned.role is not None:
        return KnownRole.of_row(tenant_id, assigned.role)
    built_in = built_in_role(tenant_id, assigned.row.role_id)
    if built_in is None:
        raise NotFound("There is no such role")
    return KnownRole.of_built_in(tenant_id, built_in)


def _resource(session: TenantSession, place: Place) -> Resource:
    """A place of the caller's tenant, as far as it is known here: what it lies in beside the tenant is not."""
    tenant_id = session.caller.tenant_id
    if place.kind is PlaceKind.TENANT and place.id != tenant_id:
        raise NotFound("There is no such tenant")
    return Resource(tenant_id, place)


def _place(row: RoleAssignment) -> Place:
    return Place(PlaceKind(row.place_kind), row.place_id)


async def _assigned(session: TenantSession, assignment_id: UUID) -> Assigned:
    found = await RoleAssignmentStore(session).get(assignment_id)
    if found is None:
        raise NotFound(_UNKNOWN)
    return found


def _at(role: KnownRole, row: RoleAssignment) -> str:
    return f"{role.name} at {row.place_kind} {row.place_id}"


def _tell_assignment(session: TenantSession, row: RoleAssignment) -> None:
    told = RoleAssignmentChanged(
        tenant_id=session.caller.tenant_id,
        assignment_id=row.id,
        version=row.version,
        user_id=row.user_id,
        role_id=row.role_id,
        place_kind=row.place_kind,
        place_id=row.place_id,
        valid_to=row.valid_to,
        revoked=row.revoked_at is not None,
    )
    record(session, told)
