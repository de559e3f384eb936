"""Grants in a subgraph that does not assign roles: a copy of them that the auth subgraph's events keep up to date.

A decision then needs one statement in the subgraph's own database, asks nobody else, and sees what was revoked as soon
as the event has come, however long tokens live. Events may come again and in any order: each says the whole state with
its version, and later versions win.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
from aiodataloader import DataLoader
from sqlalchemy.dialects.postgresql import ARRAY, insert

from shared.caller import Caller, TenantId
from shared.database import TenantSession
from shared.departures import is_here
from shared.events import Handler, Handlers
from shared.graphql.loaders import Readable
from shared.permissions.catalogue import BUILT_IN, built_in_id
from shared.permissions.decisions import Rights
from shared.permissions.grants import Grant
from shared.permissions.places import Place, PlaceKind
from shared.roles import Role
from shared.tenancy.names import PLACEHOLDER_SCHEMA


def grant_tables(metadata: sa.MetaData) -> tuple[sa.Table, sa.Table]:
    """The tables of roles and assignments, for the metadata of a subgraph that decides about places."""
    roles = sa.Table(
        "known_roles",
        metadata,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("permissions", ARRAY(sa.Text), nullable=False),
        sa.Column("forbids", ARRAY(sa.Text), nullable=False),
    )
    assignments = sa.Table(
        "known_role_assignments",
        metadata,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("role_id", sa.Uuid, nullable=False),
        sa.Column("place_kind", sa.Text, nullable=False),
        sa.Column("place_id", sa.Uuid, nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True)),
        sa.Column("revoked", sa.Boolean, nullable=False),
        sa.Index("ix_known_role_assignments_user_id", "user_id", postgresql_where=sa.text("NOT revoked")),
    )
    return roles, assignments


_roles, _assignments = grant_tables(sa.MetaData(schema=PLACEHOLDER_SCHEMA))


class RoleChanged(msgspec.Struct, frozen=True):
    role_id: UUID
    version: int
    permissions: list[str]
    forbids: list[str]


class RoleAssignmentChanged(msgspec.Struct, frozen=True):
    assignment_id: UUID
    version: int
    user_id: UUID
    role_id: UUID
    place_kind: PlaceKind
    place_id: UUID
    valid_to: datetime | None
    revoked: bool


async def _keep_role(session: TenantSession, event: RoleChanged) -> None:
    values = {"version": event.version, "permissions": event.permissions, "forbids": event.forbids}
    await _keep(session, _roles, event.role_id, values)


async def _keep_assignment(session: TenantSession, event: RoleAssignmentChanged) -> None:
    if not await is_here(session, event.user_id):
        return
    values = msgspec.structs.asdict(event)
    await _keep(session, _assignments, values.pop("assignment_id"), values)


async def _keep(session: TenantSession, table: sa.Table, id_: UUID, values: dict[str, Any]) -> None:
    put = insert(table).values(id=id_, **values)
    newer = table.c.version < put.excluded.version
    await session.execute(put.on_conflict_do_update(index_elements=["id"], set_=values, where=newer))


GRANT_HANDLERS: Final[Handlers] = {
    "auth.role-changed.v1": Handler(RoleChanged, _keep_role),
    "auth.role-assignment-changed.v1": Handler(RoleAssignmentChanged, _keep_assignment),
}
"""For the `HANDLERS` of a subgraph that decides about places."""


async def rights_of(session: TenantSession) -> Rights:
    """What the session's caller may do, as of now: one statement, or none if nobody in particular calls."""
    now, user_id = datetime.now(UTC), session.caller.user_id
    return Rights.of(session.caller, [] if user_id is None else await grants_of(session, user_id, now), now)


def rights_loader(sessions: Readable[TenantSession], caller: Caller) -> DataLoader[TenantId, Rights]:
    """The rights of a request's caller, by their tenant: read when they are asked for first."""

    async def batch(keys: list[TenantId]) -> list[Rights]:
        async with sessions.read(caller) as session:
            rights = await rights_of(session)
        return [rights for _ in keys]

    return DataLoader(batch)


async def grants_of(session: TenantSession, user_id: UUID, now: datetime) -> Sequence[Grant]:
    """What somebody holds at whatever places by roles that have not ended; what they are in the tenant is beside it."""
    columns = (_assignments.c.role_id, _assignments.c.place_kind, _assignments.c.place_id, _assignments.c.valid_to)
    chosen = (
        sa.select(*columns, _roles.c.permissions, _roles.c.forbids)
        .outerjoin_from(_assignments, _roles, _roles.c.id == _assignments.c.role_id)
        .where(
            _assignments.c.user_id == user_id,
            ~_assignments.c.revoked,
            sa.or_(_assignments.c.valid_to.is_(None), _assignments.c.valid_to > now),
        )
    )
    built_in = {built_in_id(session.caller.tenant_id, role): BUILT_IN[role] for role in Role}
    return [
        Grant(
            Place(PlaceKind(row.place_kind), row.place_id),
            built_in.get(row.role_id, frozenset()) if row.permissions is None else frozenset(row.permissions),
            frozenset(row.forbids or ()),
            row.valid_to,
        )
        for row in await session.execute(chosen)
    ]
