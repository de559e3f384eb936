"""Statements about people and groups as a provisioning client sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import UUID

from scim2_models import InvalidPathException, ScimFilter
from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    cast,
    column,
    delete,
    exists,
    func,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import InstrumentedAttribute

from shared.database import TenantSession
from subgraphs.users.models import Group, GroupMember, ProvisionedGroup, ProvisionedUser, User, UserStatus
from subgraphs.users.store.scim_filters import Attributes, Predicate, Several, Single, predicate

PersonRow: TypeAlias = tuple[User, ProvisionedUser | None]
GroupRow: TypeAlias = tuple[Group, ProvisionedGroup | None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which resources are listed.

    Attributes:
        where: the filter; None for all.
        sort_by: the Python name of the attribute; None for the order of their ids.
        descending: the other way round.
        offset: so many are passed over.
        after: the id of the last one of the page before, where they are in the order of their ids.
        limit: so many at most.
    """

    where: ScimFilter[Any] | None = None
    sort_by: str | None = None
    descending: bool = False
    offset: int = 0
    after: UUID | None = None
    limit: int = 100


class ProvisionedUserStore:
    """People of the session's tenant whom a provisioning client sees: all but those erased, or taken away by it."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def get(self, user_id: UUID) -> PersonRow | None:
        return await self._one(_people().where(User.id == user_id, _seen()))

    async def locked(self, user_id: UUID) -> PersonRow | None:
        """A person, whom nobody else changes until the transaction ends."""
        return await self._one(_people().where(User.id == user_id, _seen()).with_for_update(of=User))

    async def count(self, where: ScimFilter[Any] | None) -> int:
        chosen = select(func.count()).select_from(User).outerjoin(ProvisionedUser).where(_seen(), *_met(where, _PEOPLE))
        return await self._session.scalar(chosen) or 0

    async def page(self, wanted: Wanted) -> Sequence[PersonRow]:
        rows = await self._session.execute(_page(_people().where(_seen()), wanted, _PEOPLE, User.id))
        return [(user, kept) for user, kept in rows]

    async def alike(self, *, user_name_key: str, email: str, external_id: str | None) -> Sequence[PersonRow]:
        """People who go by one of these already, seen or not; who is erased goes by none. Locked."""
        same: list[Predicate] = [
            ProvisionedUser.user_name_key == user_name_key,
            and_(ProvisionedUser.user_id.is_(None), User.email == user_name_key),
            User.email == email,
        ]
        if external_id is not None:
            same.append(ProvisionedUser.external_id == external_id)
        chosen = _people().where(or_(*same), User.status != UserStatus.ERASED).order_by(User.id)
        rows = await self._session.execute(chosen.with_for_update(of=User))
        return [(user, kept) for user, kept in rows]

    async def keep(self, kept: ProvisionedUser) -> None:
        self._session.add(kept)
        await self._session.flush()

    async def _one(self, chosen: Select[User, ProvisionedUser]) -> PersonRow | None:
        found = (await self._session.execute(chosen)).one_or_none()
        return None if found is None else (found[0], found[1])


class ProvisionedGroupStore:
    """Groups of the session's tenant, as a provisioning client sees them."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def get(self, group_id: UUID) -> GroupRow | None:
        return await self._one(_groups().where(Group.id == group_id))

    async def locked(self, group_id: UUID) -> GroupRow | None:
        """A group, which nobody else changes until the transaction ends."""
        return await self._one(_groups().where(Group.id == group_id).with_for_update(of=Group))

    async def count(self, where: ScimFilter[Any] | None) -> int:
        joined = select(func.count()).select_from(Group).outerjoin(ProvisionedGroup)
        return await self._session.scalar(joined.where(*_met(where, _GROUPS))) or 0

    async def page(self, wanted: Wanted) -> Sequence[GroupRow]:
        rows = await self._session.execute(_page(_groups(), wanted, _GROUPS, Group.id))
        return [(group, kept) for group, kept in rows]

    async def members(self, group_ids: Sequence[UUID], *, most: int) -> Mapping[UUID, Sequence[UUID]] | None:
        """Who is in each of the groups; None if those are more than `most` together."""
        if not group_ids:
            return {}
        chosen = (
            select(GroupMember.group_id, GroupMember.user_id)
            .where(GroupMember.group_id.in_(group_ids))
            .order_by(GroupMember.group_id, GroupMember.user_id)
            .limit(most + 1)
        )
        rows = (await self._session.execute(chosen)).all()
        found: dict[UUID, list[UUID]] = {}
        for group_id, user_id in rows:
            found.setdefault(group_id, []).append(user_id)
        return None if len(rows) > most else found

    async def is_name_of_another(self, name: str, group_id: UUID) -> bool:
        chosen = select(Group.id).where(Group.name == name, Group.id != group_id)
        return await self._session.scalar(chosen) is not None

    async def set_external_id(self, group_id: UUID, external_id: str | None) -> bool:
        """False if it is another group's."""
        if external_id is None:
            await self._session.execute(delete(ProvisionedGroup).where(ProvisionedGroup.group_id == group_id))
            return True
        owner = select(ProvisionedGroup.group_id).where(ProvisionedGroup.external_id == external_id)
        if await self._session.scalar(owner) not in {None, group_id}:
            return False
        added = insert(ProvisionedGroup).values(group_id=group_id, external_id=external_id)
        changed = added.on_conflict_do_update(
            index_elements=[ProvisionedGroup.group_id], set_={"external_id": external_id}
        )
        await self._session.execute(changed)
        return True

    async def _one(self, chosen: Select[Group, ProvisionedGroup]) -> GroupRow | None:
        found = (await self._session.execute(chosen.execution_options(populate_existing=True))).one_or_none()
        return None if found is None else (found[0], found[1])


def _people() -> Select[User, ProvisionedUser]:
    return select(User, ProvisionedUser).outerjoin(ProvisionedUser)


def _groups() -> Select[Group, ProvisionedGroup]:
    return select(Group, ProvisionedGroup).outerjoin(ProvisionedGroup)


def _seen() -> Predicate:
    """Whoever was taken away is seen again once they are let in again."""
    taken_away = and_(ProvisionedUser.removed_at.is_not(None), User.status == UserStatus.DEACTIVATED)
    return and_(User.status != UserStatus.ERASED, func.coalesce(~taken_away, True))


def _met(where: ScimFilter[Any] | None, attributes: Attributes) -> list[Predicate]:
    return [] if where is None else [predicate(where, attributes)]


def _page(
    chosen: Select[Any, Any], wanted: Wanted, attributes: Attributes, id_: InstrumentedAttribute[UUID]
) -> Select[Any, Any]:
    """A page, in an order that is the same each time.

    Raises:
        InvalidPathException: nothing is in the order of that attribute.
    """
    chosen = chosen.where(*_met(wanted.where, attributes))
    if wanted.sort_by is not None:
        found = attributes.get(wanted.sort_by)
        if not isinstance(found, Single):
            raise InvalidPathException(detail="Nothing can be sorted by that attribute")
        column = func.lower(found.column) if isinstance(found.column.type, Text) else found.column
        chosen = chosen.order_by(column.desc().nulls_first() if wanted.descending else column.asc().nulls_last())
    if wanted.after is not None:
        chosen = chosen.where(id_ > wanted.after)
    return chosen.order_by(id_).offset(wanted.offset).limit(wanted.limit)


def _kept(*path: str) -> ColumnElement[Any]:
    """What was said of a person, as text."""
    return type_coerce(ProvisionedUser.attributes, JSONB)[path].astext


def _has_user_name(value: str) -> Predicate:
    """The same as comparing names one by one, by the two indexes that know them."""
    key = value.lower()
    named = select(ProvisionedUser.user_id).where(ProvisionedUser.user_name_key == key)
    by_email = select(User.id).where(User.email == key, ~exists().where(ProvisionedUser.user_id == User.id))
    return User.id.in_(union_all(named, by_email.correlate(None)))


def _emails() -> Several:
    """Those that were said, or else the person's own."""
    own = func.jsonb_build_array(func.jsonb_build_object("value", User.email, "primary", True))  # noqa: FBT003 - SQL
    said = func.coalesce(type_coerce(ProvisionedUser.attributes, JSONB)["emails"], own)
    one = func.jsonb_array_elements(said).table_valued(column("value", JSONB), name="one_email").c.value
    parts = {"value": one["value"].astext, "type": one["type"].astext, "primary": one["primary"].as_boolean()}
    return Several(parts, lambda met: exists(select(1).where(met)))


def _members() -> Several:
    return Several(
        {"value": cast(GroupMember.user_id, Text)},
        lambda met: exists(select(1).where(GroupMember.group_id == Group.id, met)),
    )


_PEOPLE: Final[Attributes] = {
    "id": Single(cast(User.id, Text)),
    "external_id": Single(ProvisionedUser.external_id.expression),
    "user_name": Single(func.coalesce(ProvisionedUser.user_name, User.email, type_=Text), _has_user_name),
    "display_name": Single(User.display_name.expression),
    "title": Single(_kept("title")),
    "user_type": Single(_kept("userType")),
    "name.formatted": Single(_kept("name", "formatted")),
    "name.given_name": Single(_kept("name", "givenName")),
    "name.family_name": Single(_kept("name", "familyName")),
    "active": Single(User.status != UserStatus.DEACTIVATED),
    "emails": _emails(),
    "meta.created": Single(User.created_at.expression),
}
_GROUPS: Final[Attributes] = {
    "id": Single(cast(Group.id, Text)),
    "external_id": Single(ProvisionedGroup.external_id.expression),
    "display_name": Single(Group.name.expression),
    "members": _members(),
    "meta.created": Single(Group.created_at.expression),
}
