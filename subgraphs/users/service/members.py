"""Putting people into something and taking them out again: the same for groups and org units."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from shared.database import TenantSession
from shared.errors import BadUserInput, NotFound
from subgraphs.users.store.memberships import MemberStore
from subgraphs.users.store.people import UserStore

MAX_MEMBERS_AT_ONCE: Final = 500


def check_people(user_ids: Sequence[UUID]) -> None:
    """Refuse what cannot be a list of people."""
    if not 0 < len(user_ids) <= MAX_MEMBERS_AT_ONCE or len(set(user_ids)) != len(user_ids):
        raise BadUserInput(f"`userIds` must be 1 to {MAX_MEMBERS_AT_ONCE} different identifiers", field="userIds")


async def change(
    session: TenantSession, members: MemberStore, whole_id: UUID, user_ids: Sequence[UUID], *, add: bool
) -> list[UUID]:
    """Put people in, or take them out; returns whom that changed something for.

    Raises:
        NotFound: one of them is nobody; nothing was changed.
    """
    if not add:
        return await members.remove(whole_id, user_ids)
    known = await UserStore(session).known(user_ids)
    for position, user_id in enumerate(user_ids):
        if user_id not in known:
            raise NotFound("There is no such person", field=f"userIds.{position}")
    return await members.add(whole_id, user_ids)
