"""Roles of a tenant's own, and those that every tenant has as far as it has adjusted them.

Nobody gains by one: whoever makes, changes or deletes it holds all that is in it. Owners hold every permission in every
tenant, so that there is always somebody who can give each; what instructors and learners are given is the tenant's to
decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from shared.caller import TenantId
from shared.database import TenantSession
from shared.errors import BadUserInput, NotFound, VersionConflict
from shared.events import record
from shared.graphql.pagination import Keyset, PageRequest
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from shared.permissions.catalogue import BUILT_IN, built_in_id, unknown
from shared.permissions.places import Resource
from shared.roles import Role
from subgraphs.auth.errors import NameTaken, RoleInUse, RoleIsBuiltIn, TooManyRoles
from subgraphs.auth.events import RoleChanged
from subgraphs.auth.models import TenantRole
from subgraphs.auth.service.audit import Change, Subject, describe
from subgraphs.auth.service.permissions import built_in_role, own_rights, refuse_gain
from subgraphs.auth.service.sessions import end_impersonations
from subgraphs.auth.store.roles import RoleAssignmentStore, RoleStore

MANAGE: Final = "roles:manage"
MOST_ROLES: Final = 200
"""That a tenant may make."""
BY_NAME: Final = Keyset(tuple[bool, str])
_UNKNOWN_ROLE: Final = "There is no such role"


@dataclass(frozen=True, slots=True)
class KnownRole:
    """A role, of the tenant's making or one that every tenant has."""

    id: UUID
    name: str
    description: str
    permissions: frozenset[str]
    forbids: frozenset[str]
    built_in: bool
    version: int

    @classmethod
    def of_row(cls, tenant_id: TenantId, row: TenantRole) -> "KnownRole":
        return cls(
            row.id,
            row.name,
            row.description,
            frozenset(row.permissions),
            frozenset(row.forbids),
            built_in=built_in_role(tenant_id, row.id) is not None,
            version=row.version,
        )

    @classmethod
    def of_built_in(cls, tenant_id: TenantId, role: Role) -> "KnownRole":
        return cls(built_in_id(tenant_id, role), role, "", BUILT_IN[role], frozenset(), built_in=True, version=1)

    @property
    def key(self) -> tuple[bool, str]:
        """By which roles are sorted: those that every tenant has come first."""
        return not self.built_in, self.name

    @property
    def touches(self) -> frozenset[str]:
        """What it gives or takes away."""
        return self.permissions | self.forbids


@dataclass(frozen=True, slots=True)
class RoleContent:
    """What a role is to be; None leaves it as it is."""

    name: str | None = None
    description: str | None = None
    permissions: frozenset[str] | None = None
    forbids: frozenset[str] | None = None

    def __post_init__(self) -> None:
        """Refuse permissions that there are not."""
        for field, names in (("permissions", self.permissions), ("forbids", self.forbids)):
            if missing := unknown(names or ()):
                raise BadUserInput(f"There are no permissions {', '.join(missing)}", field=field)


async def create_role(session: TenantSession, new: RoleContent, attempt: Attempt) -> KnownRole:
    """Make a role.

    Raises:
        Forbidden: the caller may not manage the tenant's roles.
        PermissionNotHeld: it has what the caller does not hold in the whole tenant.
        NameTaken: another role has the name.
        TooManyRoles: the tenant has as many as it may have.
    """
    rights, tenant = await own_rights(session), Resource.tenant(session.caller.tenant_id)
    rights.require(MANAGE, tenant)
    wanted = KnownRole(
        uuid7(),
        new.name or "",
        new.description or "",
        new.permissions or frozenset(),
        new.forbids or frozenset(),
        built_in=False,
        version=1,
    )

    async def create() -> UUID:
        refuse_gain(rights, tenant, wanted.touches)
        store = RoleStore(session)
        if await store.count() >= MOST_ROLES:
            raise TooManyRoles
        if wanted.name in set(Role) or not await store.add(
            wanted.id,
            name=wanted.name,
            description=wanted.description,
            permissions=sorted(wanted.permissions),
            forbids=sorted(wanted.forbids),
        ):
            raise NameTaken(path=("input", "name"))
        _tell_role(session, wanted)
        return wanted.id

    return await known_role(session, await once(session, attempt, create))


async def update_role(
    session: TenantSession, role_id: UUID, new: RoleContent, attempt: Attempt, *, expected_version: int | None
) -> KnownRole:
    """Change a role, for everybody who has it.

    Raises:
        Forbidden: the caller may not manage the tenant's roles.
        NotFound: there is no such role.
        RoleIsBuiltIn: every tenant has it as it is; of those for instructors and learners, that is true of the name
            and of what they forbid, which is nothing.
        PermissionNotHeld: it has, or is to have, what the caller does not hold in the whole tenant.
        NameTaken: another role has the name.
        VersionConflict: it has changed.
    """
    rights, tenant = await own_rights(session), Resource.tenant(session.caller.tenant_id)
    rights.require(MANAGE, tenant)
    built_in = built_in_role(session.caller.tenant_id, role_id)
    if built_in is Role.OWNER or (built_in is not None and (new.name not in {None, built_in} or new.forbids)):
        raise RoleIsBuiltIn

    async def update() -> UUID:
        if built_in is not None:
            await _keep_built_in(session, role_id, built_in)
        row = await RoleStore(session).locked(role_id)
        if row is None:
            raise NotFound(_UNKNOWN_ROLE)
        if expected_version not in {None, row.version}:
            raise VersionConflict(path=("input", "expectedVersion"))
        before = KnownRole.of_row(session.caller.tenant_id, row)
        refuse_gain(rights, tenant, before.touches.union(new.permissions or (), new.forbids or ()))
        await _rename(session, row, new.name)
        _change(row, new)
        after = KnownRole.of_row(session.caller.tenant_id, row)
        describe(session, Subject("TenantRole", role_id), changes=_differences(before, after))
        _tell_role(session, after)
        await end_impersonations(session, None, datetime.now(UTC))
        return role_id

    return await known_role(session, await once(session, attempt, update))


async def delete_role(session: TenantSession, role_id: UUID, attempt: Attempt) -> UUID:
    """Delete a role that nobody has any more; returns its id.

    Raises:
        Forbidden: the caller may not manage the tenant's roles.
        NotFound: there is no such role.
        RoleIsBuiltIn: it is one that every tenant has.
        RoleInUse: somebody has it.
        PermissionNotHeld: it has what the caller does not hold in the whole tenant.
    """
    rights, tenant = await own_rights(session), Resource.tenant(session.caller.tenant_id)
    rights.require(MANAGE, tenant)
    if built_in_role(session.caller.tenant_id, role_id) is not None:
        raise RoleIsBuiltIn

    async def delete() -> UUID:
        row = await RoleStore(session).locked(role_id)
        if row is None:
            raise NotFound(_UNKNOWN_ROLE)
        before = KnownRole.of_row(session.caller.tenant_id, row)
        refuse_gain(rights, tenant, before.touches)
        if not await RoleAssignmentStore(session).close(role_id, datetime.now(UTC)):
            raise RoleInUse
        await RoleStore(session).remove(row)
        gone = replace(before, permissions=frozenset(), forbids=frozenset(), version=before.version + 1)
        describe(session, Subject("TenantRole", role_id), changes=_differences(before, gone))
        _tell_role(session, gone)
        return role_id

    return await once(session, attempt, delete)


async def _keep_built_in(session: TenantSession, role_id: UUID, role: Role) -> None:
    """Give a role that every tenant has a row, if it has none, so that it can be adjusted."""
    values = {"permissions": sorted(BUILT_IN[role]), "forbids": list[str]()}
    await RoleStore(session).add(role_id, name=role, description="", **values)


async def _rename(session: TenantSession, row: TenantRole, name: str | None) -> None:
    if name is not None and name != row.name:
        if name in set(Role) or await RoleStore(session).is_name_of_another(name, row.id):
            raise NameTaken(path=("input", "name"))
        row.name = name


def _change(row: TenantRole, new: RoleContent) -> None:
    if new.description is not None:
        row.description = new.description
    if new.permissions is not None:
        row.permissions = sorted(new.permissions)
    if new.forbids is not None:
        row.forbids = sorted(new.forbids)
    row.version += 1


async def list_roles(session: TenantSession, page: PageRequest[tuple[bool, str]]) -> Sequence[KnownRole]:
    """Those that every tenant has, then the tenant's own by name; so few that all are read.

    Raises:
        Forbidden: the caller may manage roles nowhere.
    """
    rights = await own_rights(session)
    if not any(MANAGE in grant.permissions for grant in rights.grants):
        rights.require(MANAGE, Resource.tenant(session.caller.tenant_id))
    tenant_id = session.caller.tenant_id
    known = {one.id: one for one in (KnownRole.of_built_in(tenant_id, role) for role in Role)}
    known |= {row.id: KnownRole.of_row(tenant_id, row) for row in await RoleStore(session).all()}
    ordered = sorted(known.values(), key=lambda role: role.key)
    return [role for role in ordered if page.after is None or role.key > page.after][: page.limit]


async def known_role(session: TenantSession, role_id: UUID) -> KnownRole:
    """The role of that id.

    Raises:
        NotFound: there is none.
    """
    return _known(session, role_id, await RoleStore(session).get(role_id))


async def kept_role(session: TenantSession, role_id: UUID) -> KnownRole:
    """The same, which nobody deletes or changes before the transaction ends."""
    return _known(session, role_id, await RoleStore(session).kept(role_id))


def _known(session: TenantSession, role_id: UUID, row: TenantRole | None) -> KnownRole:
    if row is not None:
        return KnownRole.of_row(session.caller.tenant_id, row)
    built_in = built_in_role(session.caller.tenant_id, role_id)
    if built_in is None:
        raise NotFound(_UNKNOWN_ROLE)
    return KnownRole.of_built_in(session.caller.tenant_id, built_in)


def _differences(before: KnownRole, after: KnownRole) -> list[Change]:
    shown = [(name, _shown(before, name), _shown(after, name)) for name in ("name", "permissions", "forbids")]
    return [Change(name, was, now) for name, was, now in shown if was != now]


def _shown(role: KnownRole, field: str) -> str:
    value: str | frozenset[str] = getattr(role, field)
    return value if isinstance(value, str) else " ".join(sorted(value))


def _tell_role(session: TenantSession, role: KnownRole) -> None:
    told = RoleChanged(
        tenant_id=session.caller.tenant_id,
        role_id=role.id,
        version=role.version,
        permissions=sorted(role.permissions),
        forbids=sorted(role.forbids),
    )
    record(session, told)
