"""What people may do: in the whole tenant, for their tokens, and anywhere, for decisions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from shared.caller import Caller, TenantId
from shared.database import TenantSession
from shared.permissions.catalogue import BUILT_IN, built_in_id
from shared.permissions.decisions import Rights
from shared.permissions.grants import Grant
from shared.permissions.places import Place, PlaceKind, Resource
from shared.roles import Role
from subgraphs.auth.errors import PermissionNotHeld
from subgraphs.auth.store.roles import Assigned, RoleAssignmentStore, RoleStore


@dataclass(frozen=True, slots=True)
class TenantPermissions:
    """What a person may do in the whole tenant, which their tokens say.

    Attributes:
        scopes: the permissions.
        until: when the first of the roles that give them ends; None if none does.
    """

    scopes: frozenset[str]
    until: datetime | None

    def ends(self, usual: datetime | None) -> datetime | None:
        """When a token ends that says so and otherwise ends at `usual`; None if neither is known."""
        return min((end for end in (self.until, usual) if end is not None), default=None)


def built_in_role(tenant_id: TenantId, role_id: UUID) -> Role | None:
    """The role of that id which every tenant has."""
    return next((role for role in Role if built_in_id(tenant_id, role) == role_id), None)


def grant_of(caller: Caller, assigned: Assigned) -> Grant:
    """What an assignment gives and forbids; one of a role that there is not gives nothing."""
    row, role = assigned.row, assigned.role
    place = Place(PlaceKind(row.place_kind), row.place_id)
    if role is not None:
        return Grant(place, frozenset(role.permissions), frozenset(role.forbids), row.valid_to)
    built_in = built_in_role(caller.tenant_id, row.role_id)
    return Grant(place, BUILT_IN[built_in] if built_in else frozenset(), valid_to=row.valid_to)


async def grants_of(session: TenantSession, user_id: UUID, now: datetime) -> tuple[Grant, ...]:
    """A person's roles, as far as they count."""
    standing = await RoleAssignmentStore(session).standing(user_id, now)
    return tuple(grant_of(session.caller, assigned) for assigned in standing)


async def own_rights(session: TenantSession) -> Rights:
    """What the caller may do, as of now."""
    now, user_id = datetime.now(UTC), session.caller.user_id
    grants = () if user_id is None else await grants_of(session, user_id, now)
    return Rights.of(session.caller, grants, now)


async def permissions_in_tenant(session: TenantSession, user_id: UUID, role: Role) -> TenantPermissions:
    """What a person or a program may do in the whole tenant: by what they are in it, and by roles assigned at it.

    Whoever issues a token for a person asks this, and lets the token end at `until`.
    """
    tenant = Resource.tenant(session.caller.tenant_id).place
    grants = [grant for grant in await grants_of(session, user_id, datetime.now(UTC)) if grant.place == tenant]
    held = (await given_by(session, role)).union(*(grant.permissions for grant in grants))
    forbidden = frozenset[str]().union(*(grant.forbids for grant in grants))
    ends = [grant.valid_to for grant in grants if grant.valid_to is not None]
    return TenantPermissions(held - forbidden, min(ends, default=None))


async def given_by(session: TenantSession, role: Role) -> frozenset[str]:
    """What one of the roles gives that every tenant has, as this one has adjusted it."""
    adjusted = None
    if role is not Role.OWNER:
        adjusted = await RoleStore(session).get(built_in_id(session.caller.tenant_id, role))
    return BUILT_IN[role] if adjusted is None else frozenset(adjusted.permissions)


def refuse_gain(rights: Rights, there: Resource, permissions: Iterable[str]) -> None:
    """Refuse to touch what somebody does not hold themselves at a place.

    Raises:
        PermissionNotHeld: that is so of one of the permissions.
    """
    missing = sorted(name for name in permissions if not rights.allow(name, there))
    if missing:
        raise PermissionNotHeld(f"You do not hold {', '.join(missing)} there")
