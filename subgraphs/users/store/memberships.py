"""Statements about who belongs to what: the same for groups and org units."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from subgraphs.users.models import Group, GroupMember, OrgUnit, OrgUnitMember, User

MemberPage: TypeAlias = PageRequest[tuple[UUID]]


class MemberStore:
    """Members of the groups, or of the org units, of the session's tenant."""

    def __init__(self, session: TenantSession, member: type[GroupMember | OrgUnitMember]) -> None:
        self._session = session
        self._member = member
        self._whole: type[Group | OrgUnit] = Group if member is GroupMember else OrgUnit
        self._whole_id = GroupMember.group_id if member is GroupMember else OrgUnitMember.org_unit_id

    async def add(self, whole_id: UUID, user_ids: Iterable[UUID]) -> list[UUID]:
        """Returns who was no member before."""
        rows = [{self._whole_id.key: whole_id, "user_id": user_id} for user_id in user_ids]
        added = insert(self._member).values(rows).on_conflict_do_nothing().returning(self._member.user_id)
        return list(await self._session.scalars(added))

    async def remove(self, whole_id: UUID, user_ids: Iterable[UUID]) -> list[UUID]:
        """Returns who was a member until now."""
        chosen = delete(self._member).where(self._whole_id == whole_id, self._member.user_id.in_(list(user_ids)))
        return list(await self._session.scalars(chosen.returning(self._member.user_id)))

    async def remove_all(self, whole_id: UUID) -> int:
        done = await self._session.execute(delete(self._member).where(self._whole_id == whole_id))
        return cast("CursorResult[Any]", done).rowcount

    async def pages(self, whole_ids: Sequence[UUID], page: MemberPage) -> Mapping[UUID, Sequence[User]]:
        """The same page of each, in the order in which the people came, in one statement."""
        place = func.row_number().over(partition_by=self._whole_id, order_by=self._member.user_id).label("place")
        numbered = select(self._whole_id.label("whole_id"), self._member.user_id, place).where(
            self._whole_id.in_(whole_ids)
        )
        if page.after is not None:
            numbered = numbered.where(self._member.user_id > page.after[0])
        rows = numbered.subquery()
        chosen = select(rows.c.whole_id, User).join(User, User.id == rows.c.user_id).where(rows.c.place <= page.limit)
        found: dict[UUID, list[User]] = {}
        for whole_id, user in await self._session.execute(chosen.order_by(rows.c.whole_id, rows.c.place)):
            found.setdefault(whole_id, []).append(user)
        return found

    async def counts(self, whole_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        chosen = select(self._whole_id, func.count()).where(self._whole_id.in_(whole_ids)).group_by(self._whole_id)
        return {row[0]: row[1] for row in await self._session.execute(chosen)}

    async def wholes_of(self, user_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Any]]:
        """What each person belongs to, in the order of names."""
        chosen = (
            select(self._member.user_id, self._whole)
            .join(self._whole, self._whole.id == self._whole_id)
            .where(self._member.user_id.in_(user_ids))
            .order_by(self._whole.name, self._whole.id)
        )
        found: dict[UUID, list[Any]] = {}
        for user_id, whole in await self._session.execute(chosen):
            found.setdefault(user_id, []).append(whole)
        return found
