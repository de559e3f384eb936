"""Batched reads of one request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from aiodataloader import DataLoader

from shared.caller import Caller
from shared.database import Sessions, TenantSession
from shared.graphql.loaders import batched
from subgraphs.users.models import User
from subgraphs.users.store.people import UserStore


@dataclass(frozen=True, slots=True)
class Loaders:
    user_by_id: DataLoader[UUID, User | None]
    user_count_by_tenant: DataLoader[UUID, int | None]

    @classmethod
    def create(cls, sessions: Sessions, caller: Caller) -> "Loaders":
        return cls(
            user_by_id=batched(sessions, caller, _users_by_id),
            user_count_by_tenant=batched(sessions, caller, _user_counts),
        )


async def _users_by_id(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, User]:
    return await UserStore(session).by_ids(ids)


async def _user_counts(session: TenantSession, tenant_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """A session reaches one tenant, so there is one count."""
    return {session.caller.tenant_id: await UserStore(session).count()}
