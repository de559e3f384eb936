"""Statements about roles and their assignments."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from shared.ids import uuid7
from shared.permissions.places import Place
from subgraphs.auth.models import Account, RoleAssignment, ServiceAccount, TenantRole


@dataclass(frozen=True, slots=True)
class Assigned:
    """An assignment with the role that it is of; None for one that every tenant has."""

    row: RoleAssignment
    role: TenantRole | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which assignments to list; None chooses by something else."""

    user_id: UUID | None = None
    place: Place | None = None
    role_id: UUID | None = None


class RoleStore:
    """Roles that the session's tenant has made."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def get(self, role_id: UUID) -> TenantRole | None:
        return await self._session.get(TenantRole, role_id)

    async def locked(self, role_id: UUID) -> TenantRole | None:
        """The role, which nobody else changes until the transaction ends."""
        return await self._session.scalar(select(TenantRole).where(TenantRole.id == role_id).with_for_update())

    async def kept(self, role_id: UUID) -> TenantRole | None:
        """The role, which nobody deletes or changes until the transaction ends."""
        chosen = select(TenantRole).where(TenantRole.id == role_id)
        return await self._session.scalar(chosen.with_for_update(key_share=True, read=True))

    async def remove(self, role: TenantRole) -> None:
        await self._session.delete(role)
        await self._session.flush()

    async def all(self) -> Sequence[TenantRole]:
        """By name."""
        return (await self._session.scalars(select(TenantRole).order_by(TenantRole.name, TenantRole.id))).all()

    async def known(self, role_ids: Sequence[UUID]) -> Sequence[UUID]:
        """Those of the ids that are roles."""
        return (await self._session.scalars(select(TenantRole.id).where(TenantRole.id.in_(role_ids)))).all()

    async def count(self) -> int:
        return await self._session.scalar(select(func.count()).select_from(TenantRole)) or 0

    async def add(
        self, role_id: UUID, *, name: str, description: str, permissions: Sequence[str], forbids: Sequence[str]
    ) -> bool:
        """Insert a role; tells whether its name was free."""
        values = {"name": name, "description": description, "permissions": permissions, "forbids": forbids}
        added = insert(TenantRole).values(id=role_id, **values).on_conflict_do_nothing()
        return await self._session.scalar(added.returning(TenantRole.id)) is not None

    async def is_name_of_another(self, name: str, role_id: UUID) -> bool:
        chosen = select(TenantRole.id).where(TenantRole.name == name, TenantRole.id != role_id)
        return await self._session.scalar(chosen) is not None


class RoleAssignmentStore:
    """Who has which role where, in the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def has_account(self, user_id: UUID) -> bool:
        """Whether the person can sign in, so that a role can be of use; keeps the account there until the end."""
        chosen = select(Account.user_id).where(Account.user_id == user_id).with_for_update(key_share=True, read=True)
        return await self._session.scalar(chosen) is not None

    async def is_program(self, account_id: UUID) -> bool:
        """Whether it is a service account that is not disabled; keeps it there until the end."""
        chosen = select(ServiceAccount.id).where(ServiceAccount.id == account_id, ServiceAccount.disabled_at.is_(None))
        return await self._session.scalar(chosen.with_for_update(key_share=True, read=True)) is not None

    async def close(self, role_id: UUID, now: datetime) -> bool:
        """Close what has ended of a role's assignments; tells whether nobody has the role now."""
        of_role = (RoleAssignment.role_id == role_id, RoleAssignment.revoked_at.is_(None))
        standing = or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now)
        if await self._session.scalar(select(RoleAssignment.id).where(*of_role, standing).limit(1)) is not None:
            return False
        ended = update(RoleAssignment).where(*of_role).values(revoked_at=now, version=RoleAssignment.version + 1)
        await self._session.execute(ended)
        return True

    async def put(
        self, *, user_id: UUID, role_id: UUID, place: Place, valid_to: datetime | None, assigned_by: UUID
    ) -> RoleAssignment:
        """Assign a role; if it stands already, it gets another end."""
        values = {
            "id": uuid7(),
            "user_id": user_id,
            "role_id": role_id,
            "place_kind": place.kind,
            "place_id": place.id,
            "valid_to": valid_to,
            "assigned_by": assigned_by,
        }
        put = (
            insert(RoleAssignment)
            .values(values)
            .on_conflict_do_update(
                index_elements=["user_id", "role_id", "place_kind", "place_id"],
                index_where=RoleAssignment.revoked_at.is_(None),
                set_={"valid_to": valid_to, "assigned_by": assigned_by, "version": RoleAssignment.version + 1},
            )
            .returning(RoleAssignment)
        )
        return (await self._session.scalars(put, execution_options={"populate_existing": True})).one()

    async def get(self, assignment_id: UUID) -> Assigned | None:
        found = await self._session.execute(_with_roles().where(RoleAssignment.id == assignment_id))
        return next((Assigned(row, role) for row, role in found), None)

    async def locked(self, assignment_id: UUID) -> Assigned | None:
        """The assignment, which nobody else changes until the transaction ends."""
        chosen = _with_roles().where(RoleAssignment.id == assignment_id).with_for_update(of=RoleAssignment)
        return next((Assigned(row, role) for row, role in await self._session.execute(chosen)), None)

    async def page(self, chosen: Chosen, page: PageRequest[tuple[UUID]]) -> Sequence[Assigned]:
        """Those that are not revoked, in the order in which they were made."""
        listed = _with_roles().where(RoleAssignment.revoked_at.is_(None)).order_by(RoleAssignment.id).limit(page.limit)
        if chosen.user_id is not None:
            listed = listed.where(RoleAssignment.user_id == chosen.user_id)
        if chosen.role_id is not None:
            listed = listed.where(RoleAssignment.role_id == chosen.role_id)
        if chosen.place is not None:
            listed = listed.where(
                RoleAssignment.place_id == chosen.place.id, RoleAssignment.place_kind == chosen.place.kind
            )
        if page.after is not None:
            listed = listed.where(RoleAssignment.id > page.after[0])
        return [Assigned(row, role) for row, role in await self._session.execute(listed)]

    async def pages(
        self, user_ids: Sequence[UUID], page: PageRequest[tuple[UUID]]
    ) -> Mapping[UUID, Sequence[Assigned]]:
        """The same page of several people's, in one statement; as `page` has them."""
        place = func.row_number().over(partition_by=RoleAssignment.user_id, order_by=RoleAssignment.id)
        placed = select(RoleAssignment.id, place.label("place")).where(
            RoleAssignment.user_id.in_(user_ids), RoleAssignment.revoked_at.is_(None)
        )
        if page.after is not None:
            placed = placed.where(RoleAssignment.id > page.after[0])
        ranked = placed.subquery()
        shown = _with_roles().join(ranked, ranked.c.id == RoleAssignment.id).where(ranked.c.place <= page.limit)
        found: defaultdict[UUID, list[Assigned]] = defaultdict(list)
        for row, role in await self._session.execute(shown.order_by(RoleAssignment.id)):
            found[row.user_id].append(Assigned(row, role))
        return found

    async def standing(self, user_id: UUID, now: datetime) -> Sequence[Assigned]:
        """A person's, as far as they count."""
        chosen = _with_roles().where(
            RoleAssignment.user_id == user_id,
            RoleAssignment.revoked_at.is_(None),
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now),
        )
        return [Assigned(row, role) for row, role in await self._session.execute(chosen)]

    async def has_any(self, user_id: UUID, role_ids: Sequence[UUID]) -> bool:
        """Whether a person has one of these roles now, at any place."""
        chosen = select(RoleAssignment.id).where(
            RoleAssignment.user_id == user_id,
            RoleAssignment.role_id.in_(role_ids),
            RoleAssignment.revoked_at.is_(None),
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > func.now()),
        )
        return await self._session.scalar(chosen.limit(1)) is not None


def _with_roles() -> Select[RoleAssignment, TenantRole]:
    return select(RoleAssignment, TenantRole).outerjoin(TenantRole, TenantRole.id == RoleAssignment.role_id)
